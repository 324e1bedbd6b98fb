import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.js';
import { openPredictions } from '../../src/evaluation/predictions.js';
import { metricName } from '../../src/evaluation/score.js';
import { recordOf, type ScoringTask } from '../../src/experiment/scoring.js';
import { openStore } from '../../src/experiment/store.js';
import { type StudyStage, studyOf } from '../../src/experiment/study.js';
import { writeStudy } from '../../src/experiment/study-folder.js';
import { writeMark } from '../../src/run/mark.js';
import { type StoreDirectory, type StudyDirectory, studyDirectory } from '../../src/run/store-directory.js';
import { checksumsOf } from '../../src/system/checksums.js';
import { writeJson } from '../../src/system/files.js';
import { fakeContents } from './contents.js';
import { fakeF1, writeFakeRun } from './fake-run.js';

/** A study that nobody ran: its store holds what is left there by hand. */
export interface FakeStudy {
  folder: StudyDirectory;
  store: StoreDirectory;
  /** By name. */
  stages: Map<string, StudyStage>;
}

/**
 * Begin a study of four stages in `<root>/results/<name>`: phase-1-tr, phase-2-en, phase-3.1-tr-10 and
 * phase-3.2-tr-20. Its store is `<root>/results/store`.
 */
export async function fakeStudy(root: string, name: string, settings: readonly string[] = []): Promise<FakeStudy> {
  const { config } = await loadConfig({ assignments: ['study.sizes=[10, 20]', ...settings] });
  const stages = studyOf(config, fakeContents({ en: 100, tr: 100 }));
  const store = await openStore(join(root, 'results', 'store'));
  const folder = studyDirectory(join(root, 'results', name));
  await writeStudy(folder, { config, trainRows: { en: 100, tr: 100 } }, stages, store);
  return { folder, store, stages: new Map(stages.map(one => [one.stage.id, one])) };
}

/** Leave in the store what the training of stages leaves. @param out another place for it */
export async function fakeTraining(
  { store, stages }: FakeStudy,
  names: readonly string[],
  out?: string,
): Promise<void> {
  for (const name of names) {
    const { stage, task } = stages.get(name)!;
    const { identity, config, label } = task;
    await mkdir(out ?? store.stage(identity.key).root, { recursive: true });
    await writeFakeRun(
      {
        ...{ identity, config, label, startFrom: 'base', startFiles: {}, dataDir: 'data', resume: false },
        out: out ?? store.stage(identity.key).root,
      },
      stage.samples,
    );
  }
}

/** The same of the scorings of stages. */
export async function fakeScorings({ store, stages }: FakeStudy, names: readonly string[]): Promise<void> {
  for (const name of names) {
    for (const task of stages.get(name)!.task.scorings) await fakeScoring(store, task);
  }
}

async function fakeScoring(store: StoreDirectory, task: ScoringTask): Promise<void> {
  const place = store.scoring(task.key);
  const scores = { precision: fakeF1, recall: fakeF1, f1: fakeF1, accuracy: 0.75, loss: 1, rows: 5 };
  await writeMark(place.root, 'scoring');
  await writeJson(place.scores, { ...recordOf(task), metric: metricName, scores });
  const file = openPredictions(place.predictions);
  for (let row = 0; row < scores.rows; row++) await file.append({ row, ...fakePrediction });
  await file.close();
  await writeJson(place.environment, { panx: '0', node: '0', engine: {}, scoredAt: 'today', durationMs: 500 });
  await writeJson(place.checksums, await checksumsOf(place.root, ['predictions.jsonl.gz', 'scores.json']));
}

/** One of two entities found, and one too many: precision and recall are `fakeF1`. */
const fakePrediction = {
  words: ['Ada', 'lived', 'in', 'London'],
  gold: ['B-PER', 'O', 'O', 'B-LOC'],
  predicted: ['B-PER', 'O', 'O', 'B-ORG'],
  loss: [1, 1, 1, 1],
  probability: [0.5, 0.5, 0.5, 0.5],
};

/** Lock a folder as a process that lives: the one that runs the tests. */
export async function lockByLiving(lock: string): Promise<void> {
  await writeJson(join(lock, 'holder.json'), { pid: process.pid, host: hostname(), started: null, since: 'today' });
}

export function keyOfStage({ stages }: FakeStudy, name: string): string {
  return stages.get(name)!.task.identity.key;
}
