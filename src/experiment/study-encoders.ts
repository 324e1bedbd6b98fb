import { type ModelConfig, readModelConfig } from '../checkpoint/config.js';
import { PanxError } from '../errors.js';
import { parameterSpecs } from '../model/encoder.js';
import { knownEncoders } from '../model/known-encoders.js';
import { countParameters } from '../model/parameter-specs.js';
import type { RunDirectory } from '../run/directory.js';
import { timesIn } from '../run/events.js';
import type { StudyDirectory } from '../run/store-directory.js';
import { measuredPace } from './estimate.js';
import { isCurrent } from './identity.js';
import { readEnvironment, readIdentity } from './records.js';
import { readStudy, type StudyRecord } from './study-folder.js';
import { runOf, stagesOf } from './study-on-disk.js';
import { type Summary, summaryOf } from './table.js';

/** An encoder of a study: its sizes, and how long its stages took to train. */
export interface StudyEncoder {
  /** As the settings name it. */
  model: string;
  /** null where no config.json of it is there any more, and panx does not know it by its name. */
  sizes: EncoderSizes | null;
  /** Stages that are done. */
  trainings: number;
  /** Of one training, its steps alone. */
  trainingSeconds: Summary;
  /** Rows trained on in a second, without the first step of each training; null where nothing was logged. */
  rowsPerSecond: number | null;
}

export interface EncoderSizes {
  modelType: string;
  layers: number;
  hiddenSize: number;
  vocabularySize: number;
  /** With the classifier. */
  parameters: number;
}

/** The encoders of a study, in the order of its stages; those of which nothing is done yet too. @param given of `withStore` */
export async function encodersOf(folder: StudyDirectory, given?: StudyRecord): Promise<StudyEncoder[]> {
  const record = given ?? (await readStudy(folder));
  const runs = new Map<string, RunDirectory[]>();
  for (const { id, config } of await stagesOf(folder, record)) {
    const recorded = record.stages[id];
    const run = recorded === undefined ? null : await runOf(folder, record, recorded);
    runs.set(config.model, [...(runs.get(config.model) ?? []), ...(run === null ? [] : [run])]);
  }
  const encoders: StudyEncoder[] = [];
  for (const [model, own] of runs) {
    const pace = await measuredPace(own);
    encoders.push({
      model,
      sizes: await sizesOf(model, own),
      trainings: own.length,
      trainingSeconds: summaryOf(await Promise.all(own.map(secondsOf))),
      rowsPerSecond: pace === null ? null : 1000 / pace.msPerRow,
    });
  }
  return encoders;
}

async function secondsOf({ times }: RunDirectory): Promise<number> {
  let ms = 0;
  for await (const { value } of timesIn(times)) if (value.event === 'step') ms += value.durationMs;
  return ms / 1000;
}

/** From the first config.json that is there: of a trained checkpoint, or of the model that a stage started from. */
async function sizesOf(model: string, runs: readonly RunDirectory[]): Promise<EncoderSizes | null> {
  for (const run of runs) {
    const identity = await readIdentity(run);
    const { startFrom } = await readEnvironment(run);
    for (const folder of [run.checkpoint, startFrom.folder]) {
      const config = await configIn(folder);
      if (config === null) continue;
      return sizesIn({ ...config, labels: isCurrent(identity) ? [...identity.labels] : config.labels });
    }
  }
  const known = knownEncoders().find(({ id }) => id === model);
  return known === undefined ? null : sizesIn(known.config);
}

/** null where the folder is not there any more, or is not that of a model. */
async function configIn(folder: string): Promise<ModelConfig | null> {
  try {
    return await readModelConfig(folder);
  } catch (error) {
    if (!(error instanceof PanxError)) throw error;
    return null;
  }
}

function sizesIn(config: ModelConfig): EncoderSizes {
  const { architecture, layers, hiddenSize, vocabularySize } = config;
  return {
    ...{ modelType: architecture, layers, hiddenSize, vocabularySize },
    parameters: countParameters(parameterSpecs(config)),
  };
}
