import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import { PanxError } from '../errors.js';
import { createEntityScoring } from '../evaluation/entity-scores.js';
import { readPredictions } from '../evaluation/predictions.js';
import { type Scores, testMetric } from '../evaluation/score.js';
import { isDone, type RunDirectory } from '../run/directory.js';
import { markName } from '../run/layouts.js';
import type { ScoringDirectory, StudyDirectory } from '../run/store-directory.js';
import { readPackage } from '../system/package.js';
import { differenceFrom } from './file-difference.js';
import { isCurrent } from './identity.js';
import { checkMark, isWrittenAs, notByPanx } from './outputs.js';
import { protocolOf } from './protocols/protocol.js';
import type { Stage } from './protocols/stage.js';
import { isConfigAsWritten, readIdentity, readSavedConfig } from './records.js';
import { readResult } from './results.js';
import { checkScoring } from './scoring.js';
import { registeredRun } from './store.js';
import { type RecordedStage, readStudy, type StudyRecord, storeOf } from './study-folder.js';
import { plannedRow, type SweepRow, type SweepTable } from './table.js';
import { type Check, check } from './verify.js';

/** The runs of a study's stages that are done, wherever they lie. */
export async function runsOfStudy(folder: StudyDirectory): Promise<RunDirectory[]> {
  const record = await readStudy(folder);
  const runs = await Promise.all(Object.values(record.stages).map(stage => runOf(folder, record, stage)));
  return runs.filter(run => run !== null);
}

/**
 * Look at a study: whether its settings are those of its stages, whether all of these are trained and scored, whether the scores are those
 * that the predictions make, and the tables and figures those that the scores make. The stages themselves are looked at by `verifyRun`.
 *
 * @param draw what wrote the tables and figures
 */
export async function verifyStudy(
  folder: StudyDirectory,
  draw: (table: SweepTable) => Promise<ReadonlyMap<string, string | Uint8Array>>,
): Promise<Check[]> {
  return [
    await check('settings', () => lookAtSettings(folder)),
    await check('stages', () => lookAtStages(folder)),
    await check('scorings', () => lookAtScorings(folder)),
    await check('table', () => lookAtTable(folder, draw)),
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
  if (asked.join('\n') === told.join('\n')) return 'config.json asks for the stages that stages.json names';
  throw new PanxError(`${folder.stages} does not name the stages that config.json asks for`);
}

/** The stages that the settings of a study ask for. */
async function stagesOf(folder: StudyDirectory, { stages }: StudyRecord): Promise<Stage[]> {
  const config = await readSavedConfig(folder.config);
  const { source, target, sizes } = config.study;
  const most = sizes.at(-1)!;
  // The stages of whole splits say how many rows these have.
  const rows = Object.values(stages)
    .filter(({ startsFrom }) => startsFrom === null)
    .map(stage => stage.rows);
  const [ofTarget = most, ofSource = most] = rows;
  return protocolOf(config).stages(config, { [target]: ofTarget, [source]: ofSource });
}

async function lookAtStages(folder: StudyDirectory): Promise<string> {
  const record = await readStudy(folder);
  const open: string[] = [];
  for (const [name, stage] of Object.entries(record.stages)) {
    const run = await runOf(folder, record, stage);
    if (run === null) open.push(name);
    else if ((await readIdentity(run)).key !== stage.key) throw new PanxError(`${run.root} is not ${name}`);
  }
  if (open.length === 0) return `all ${Object.keys(record.stages).length} are trained`;
  throw new PanxError(`the study is not finished: ${open.join(', ')} ${open.length === 1 ? 'is' : 'are'} not done`);
}

async function runOf(
  folder: StudyDirectory,
  record: StudyRecord,
  { key }: RecordedStage,
): Promise<RunDirectory | null> {
  const store = storeOf(folder, record);
  if (isDone(store.stage(key))) return store.stage(key);
  const registered = await registeredRun(store, key);
  return registered !== null && isDone(registered) ? registered : null;
}

async function lookAtScorings(folder: StudyDirectory): Promise<string> {
  const record = await readStudy(folder);
  const { labels } = await readLabels(folder, record);
  let count = 0;
  for (const { key, scorings } of Object.values(record.stages)) {
    for (const [rows, scoring] of Object.entries(scorings)) {
      const place = storeOf(folder, record).scoring(scoring);
      const stored = await checkScoring(place);
      if (stored.key !== scoring || stored.stage !== key || stored.rows.name.split(':')[0] !== rows.split(':')[0]) {
        throw new PanxError(`${place.root} is not the scoring of ${rows} that stages.json names`);
      }
      await checkPredictions(place, labels, stored.scores);
      count++;
    }
  }
  return `all ${count} are as they were left, and their scores are those that their predictions make`;
}

async function readLabels(folder: StudyDirectory, record: StudyRecord): Promise<{ labels: readonly string[] }> {
  const [run] = await runsOfStudy(folder);
  const identity = run === undefined ? null : await readIdentity(run);
  if (identity !== null && isCurrent(identity)) return { labels: identity.labels };
  throw new PanxError(`none of the stages of ${folder.root} is done (${Object.keys(record.stages).join(', ')})`);
}

/** Count the entities of the predictions again. Words without a prediction do not count, as when they were scored. */
async function checkPredictions(place: ScoringDirectory, labels: readonly string[], scores: Scores): Promise<void> {
  const scoring = createEntityScoring(labels, { metrics: 'default', resampling: null, rows: scores.rows });
  const idOf = new Map(labels.map((label, id) => [label, id]));
  let rows = 0;
  for await (const { gold, predicted } of readPredictions(place.predictions)) {
    const words = gold.flatMap((tag, i) => (predicted[i] === null ? [] : [[idOf.get(tag)!, idOf.get(predicted[i]!)!]]));
    scoring.add(
      words.map(([tag]) => tag!),
      words.map(([, tag]) => tag!),
    );
    rows++;
  }
  const { precision, recall, f1 } = scoring.scores().default.micro;
  const found = { precision, recall, f1, accuracy: scoring.accuracy(), rows };
  for (const [name, value] of Object.entries(found)) {
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

async function tableOf(folder: StudyDirectory): Promise<SweepTable> {
  const record = await readStudy(folder);
  const config = await readSavedConfig(folder.config);
  const rows: SweepRow[] = [];
  for (const stage of await stagesOf(folder, record)) rows.push(await rowOf(folder, record, config, stage));
  const { source, target, protocol } = config.study;
  return { source, target, protocol, metric: testMetric, model: config.model, rows };
}

async function rowOf(folder: StudyDirectory, record: StudyRecord, config: Config, stage: Stage): Promise<SweepRow> {
  const row = plannedRow(stage, protocolOf(config).scoredLangs(config));
  const recorded = record.stages[stage.id];
  const run = recorded === undefined ? null : await runOf(folder, record, recorded);
  if (recorded === undefined || run === null) return row;
  let { durationMs } = await readResult(run);
  const f1: SweepRow['f1'] = {};
  for (const [rows, key] of Object.entries(recorded.scorings)) {
    const { scores, durationMs: scoringMs } = await checkScoring(storeOf(folder, record).scoring(key));
    f1[rows.split('/')[0]!] = scores.f1;
    durationMs += scoringMs;
  }
  return { ...row, f1, durationMs, status: 'done' };
}
