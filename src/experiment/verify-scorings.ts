import { nameRows } from '../data/row-sets.js';
import { listed, PanxError } from '../errors.js';
import { countPredictions } from '../evaluation/count-predictions.js';
import { readPredictions } from '../evaluation/predictions.js';
import type { Scores } from '../evaluation/score.js';
import type { ScoringDirectory, StudyDirectory } from '../run/store-directory.js';
import { readCorpus } from './inputs.js';
import { type Places, recordsOf } from './places.js';
import { readSavedConfig } from './records.js';
import { endSplitOf, scoredSet } from './row-settings.js';
import { checkScoring, readScores } from './scoring.js';
import { readStudy, storeOf } from './study-folder.js';
import { runsOfStudy } from './study-on-disk.js';
import { scoredLangs } from './study-plan.js';
import { type Check, check } from './verify.js';

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

/** "de/test" of "conll=de/test:100": two corpora may hold the same rows, whose scoring is one. So may two languages of one. */
function withoutCorpus(rows: string): string {
  return rows.split(':')[0]!.slice(rows.indexOf('=') + 1);
}

/** All scorings of a study are as they were left, and of the stages and rows that it names. */
export async function lookAtScorings(folder: StudyDirectory): Promise<string> {
  const record = await readStudy(folder);
  let count = 0;
  for (const { key, scorings } of Object.values(record.stages)) {
    for (const [rows, scoring] of Object.entries(scorings)) {
      const alike = Object.keys(scorings).filter(name => scorings[name] === scoring);
      const place = (await storeOf(folder, record)).scoring(scoring);
      const stored = await checkScoring(place);
      const isNamed = alike.some(name => withoutCorpus(name) === withoutCorpus(stored.rows.name));
      if (stored.key !== scoring || stored.stage !== key || !isNamed) {
        throw new PanxError(`${place.root} is not the scoring of ${rows} that stages.json names`);
      }
      await checkPredictions(place, stored.scores);
      count++;
    }
  }
  return `all ${count} are as they were left, and their scores are those that their predictions make`;
}

/** The data of the stages, as they lie now, have the rows that these were scored on. */
export async function lookAtRows(folder: StudyDirectory, places: Places): Promise<string> {
  const record = await readStudy(folder);
  const [run] = await runsOfStudy(folder);
  if (run === undefined) throw new PanxError('no stage is trained, so that nothing says where the data lies');
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
