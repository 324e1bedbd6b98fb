import { join } from 'node:path';
import { nameRows } from '../data/row-sets.js';
import { listed, PanxError } from '../errors.js';
import { countPredictions } from '../evaluation/count-predictions.js';
import { readPredictions } from '../evaluation/predictions.js';
import type { Scores } from '../evaluation/score.js';
import { markName } from '../run/layouts.js';
import type { ScoringDirectory, StudyDirectory } from '../run/store-directory.js';
import { readPackage } from '../system/package.js';
import { trainingDifferences } from './differences.js';
import { differenceFrom } from './file-difference.js';
import { isCurrent } from './identity.js';
import { readCorpus } from './inputs.js';
import { checkMark, isWrittenAs, notByPanx } from './outputs.js';
import { type Places, recordsOf } from './places.js';
import { isConfigAsWritten, readIdentity, readSavedConfig } from './records.js';
import { expectRows } from './results.js';
import { endSplitOf, scoredSet } from './row-settings.js';
import { checkScoring, readScores } from './scoring.js';
import { readStudy, storeOf } from './study-folder.js';
import { runOf, runsOfStudy, stagesOf, tableOf } from './study-on-disk.js';
import { scoredLangs } from './study-plan.js';
import type { SweepTable } from './table.js';
import { type Check, check } from './verify.js';

/**
 * Look at a study: whether its settings are those of its stages, whether all of these are trained and scored, whether the scores are those
 * that the predictions make, whether the data still have the rows that were scored, and whether the tables and figures are those that the
 * scores make. The stages themselves are looked at by `verifyRun`.
 *
 * @param places where the data lie now, if they were moved
 * @param draw what wrote the tables and figures
 */
export async function verifyStudy(
  folder: StudyDirectory,
  places: Places,
  draw: (table: SweepTable) => Promise<ReadonlyMap<string, string | Uint8Array>>,
): Promise<Check[]> {
  return [
    await check('settings', () => lookAtSettings(folder)),
    await check('stages', () => lookAtStages(folder)),
    await check('scorings', () => lookAtScorings(folder)),
    await check('rows', () => lookAtRows(folder, places)),
    await check('table', () => lookAtTable(folder, draw)),
  ];
}

/** Look at one scoring of a store: whether its files are those that it left, and its scores those that its predictions make. */
export async function verifyScoring(place: ScoringDirectory): Promise<Check[]> {
  return [
    await check('outputs', async () => {
      const { stage, rows } = await checkScoring(place);
      return `2 files as they were left: ${rows.name} by the stage ${stage}`;
    }),
    await check('scores', async () => {
      const { scores } = await checkScoring(place);
      await checkPredictions(place, scores);
      return `those that the predictions of ${scores.rows} rows make`;
    }),
  ];
}

async function lookAtSettings(folder: StudyDirectory): Promise<string> {
  await checkMark(join(folder.root, markName), 'study', readPackage().version);
  const record = await readStudy(folder);
  if (!(await isWrittenAs(folder.stages, record))) throw new PanxError(`${folder.stages} ${notByPanx}`);
  if (!(await isConfigAsWritten(folder.config))) throw new PanxError(`${folder.config} ${notByPanx}`);
  const stages = await stagesOf(folder, record);
  const asked = stages.map(({ id, startStage, samples, steps }) => `${id} ${startStage} ${samples} ${steps}`);
  const told = Object.entries(record.stages).map(
    ([id, { startsFrom, rows, steps }]) => `${id} ${startsFrom} ${rows} ${steps}`,
  );
  if (asked.join('\n') !== told.join('\n')) {
    throw new PanxError(`${folder.stages} does not name the stages that config.json asks for`);
  }
  for (const { id, config } of stages) {
    const run = await runOf(folder, record, record.stages[id]!);
    const identity = run === null ? null : await readIdentity(run);
    const different = identity !== null && isCurrent(identity) ? trainingDifferences(identity, config) : [];
    if (different.length > 0)
      throw new PanxError(`${folder.config} is not what ${id} was trained with: ${different.join('; ')}`);
  }
  return 'config.json asks for the stages that stages.json names, and for what they were trained with';
}

async function lookAtStages(folder: StudyDirectory): Promise<string> {
  const record = await readStudy(folder);
  const open: string[] = [];
  for (const [name, stage] of Object.entries(record.stages)) {
    const run = await runOf(folder, record, stage);
    if (run === null) open.push(name);
    else if ((await readIdentity(run)).key !== stage.key) throw new PanxError(`${run.root} is not ${name}`);
    else await expectRows(run, name, stage.rows);
  }
  if (open.length === 0) return `all ${Object.keys(record.stages).length} are trained`;
  throw new PanxError(`the study is not finished: ${open.join(', ')} ${open.length === 1 ? 'is' : 'are'} not done`);
}

/** "de/test" of "conll=de/test:100": two corpora may hold the same rows, whose scoring is one. */
function withoutCorpus(rows: string): string {
  return rows.split(':')[0]!.slice(rows.indexOf('=') + 1);
}

async function lookAtScorings(folder: StudyDirectory): Promise<string> {
  const record = await readStudy(folder);
  let count = 0;
  for (const { key, scorings } of Object.values(record.stages)) {
    for (const [rows, scoring] of Object.entries(scorings)) {
      const place = (await storeOf(folder, record)).scoring(scoring);
      const stored = await checkScoring(place);
      if (stored.key !== scoring || stored.stage !== key || withoutCorpus(stored.rows.name) !== withoutCorpus(rows)) {
        throw new PanxError(`${place.root} is not the scoring of ${rows} that stages.json names`);
      }
      await checkPredictions(place, stored.scores);
      count++;
    }
  }
  return `all ${count} are as they were left, and their scores are those that their predictions make`;
}

/** The data of the stages, as they lie now, have the rows that these were scored on. */
async function lookAtRows(folder: StudyDirectory, places: Places): Promise<string> {
  const record = await readStudy(folder);
  const [run] = await runsOfStudy(folder);
  if (run === undefined) throw new PanxError('no stage is trained, so that nothing says where the data lie');
  const { dataDir } = await recordsOf(run, places);
  const config = await readSavedConfig(folder.config);
  const split = endSplitOf(config);
  const langs = scoredLangs(config);
  const splits = langs.map(lang => [lang, split] as const);
  const contentOf = await readCorpus(dataDir, splits, config.corpora);
  const store = await storeOf(folder, record);
  for (const lang of langs) {
    const { index } = contentOf(lang, split);
    const now = nameRows(scoredSet(config, lang, split, index.rows), index);
    for (const [id, { scorings }] of Object.entries(record.stages)) {
      const scoring = scorings[now.name];
      const then = scoring === undefined ? null : (await readScores(store.scoring(scoring))).rows.sha256;
      if (then !== now.sha256) throw new PanxError(`${dataDir}: ${now.name} has other rows than ${id} was scored on`);
    }
  }
  return `those of ${listed(langs.map(lang => `${lang}/${split}`))} are those that were scored`;
}

/** Count the entities of the predictions again. */
async function checkPredictions(place: ScoringDirectory, scores: Scores): Promise<void> {
  const { entities, accuracy, rows } = await countPredictions(readPredictions(place.predictions), 'default');
  const { precision, recall, f1 } = entities.default.micro;
  for (const [name, value] of Object.entries({ precision, recall, f1, accuracy, rows })) {
    const told = scores[name as keyof Scores];
    if (told === value) continue;
    throw new PanxError(`${place.scores}: ${name} is ${told}, and the predictions make ${value}`);
  }
}

/** The tables and figures, drawn again from the scores in the store, are the files that are there. */
async function lookAtTable(
  folder: StudyDirectory,
  draw: (table: SweepTable) => Promise<ReadonlyMap<string, string | Uint8Array>>,
): Promise<string> {
  const files = await draw(await tableOf(folder));
  const wrong: string[] = [];
  for (const [name, content] of files) {
    const what = await differenceFrom(join(folder.root, name), Buffer.from(content as string));
    if (what !== null) wrong.push(`${name} ${what}`);
  }
  if (wrong.length > 0) throw new PanxError(`drawn again from the scores in the store: ${wrong.join('; ')}`);
  return `${[...files.keys()].join(', ')} come out the same when they are drawn again from the scores in the store`;
}
