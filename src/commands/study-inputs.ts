import { NotSupported } from '../checkpoint/config-values.js';
import type { Config } from '../config/schema.js';
import { resolveData } from '../data/fetch.js';
import { resolveEngine } from '../engine/open.js';
import { arithmeticOf, type Contents } from '../experiment/identity.js';
import { readCorpus } from '../experiment/inputs.js';
import { trainRowsOf } from '../experiment/plan.js';
import type { Stage } from '../experiment/protocols/stage.js';
import { countSegments } from '../experiment/segments.js';
import { readStart } from '../experiment/start-files.js';
import type { NotSupportedModels } from '../experiment/study.js';
import { modelsOf, planStudy, splitsOfStudy } from '../experiment/study-plan.js';
import { transferLine } from '../hub/progress.js';
import { resolveModel } from '../hub/resolve.js';
import { checkModelFolder } from '../model/parameter-specs.js';
import { fittedToFolder } from '../model/room.js';
import type { Checksums } from '../system/checksums.js';
import { progress } from '../system/console.js';
import { type ReadFolder, refuseOverlap } from '../system/place.js';
import { openTokenizer } from '../tokenization/tokenizer.js';
import { refuseAsLanguage } from './out-folder.js';
import { checkTyped, corpusFiles, dataFolders, modelFolders } from './read-folders.js';

/** What panx run and panx sweep work on. */
export interface StudyInputs {
  /** As it was asked for, with the precision that `auto` stands for. */
  config: Config;
  contents: Contents;
  /** The models that stages start from, by the names that the settings have for them. */
  models: ReadonlyMap<string, StartModel>;
  /** Those that panx does not know; none of a study of one model, which is refused then. */
  notSupported: NotSupportedModels;
  dataDir: string;
}

/** A checkpoint that stages start from. */
export interface StartModel {
  folder: string;
  /** Checksums of its files, by name. */
  files: Checksums;
}

/**
 * Bring and read what a study works on, the cheapest first: what is wrong with the settings or the data is told before a model is brought.
 *
 * @param out where the study's files go: not into what is read
 * @throws PanxError for everything that is wrong with model, data or engine
 */
export async function readStudyInputs(asked: Config, out: string): Promise<StudyInputs> {
  for (const model of modelsOf(asked)) await checkTyped({ ...asked, model });
  const monitored = asked.training.monitorLangs.map(lang => [lang, 'validation'] as const);
  const splits = [...splitsOfStudy(asked), ...monitored];
  const langs = [...new Set(splits.map(([lang]) => lang))];
  const dataDir = await resolveData(asked.data, langs, { onProgress: transferLine() });
  await refuseAsLanguage(out, dataDir);
  const contentOf = await readCorpus(dataDir, splits, asked.corpora);
  // Sizes that do not fit are told before a large model is fetched.
  const { stages } = planStudy(asked, trainRowsOf(asked, contentOf));
  const read = [...(await dataFolders(dataDir)), ...(await corpusFiles(asked.corpora, langs))];
  const { models, notSupported } = await bringModels(asked, out, read);
  await tryTokenizers(stages, models);
  const engine = await resolveEngine(asked);
  const config = { ...asked, precision: engine.precision };
  const checkpoints = new Map([...models].map(([name, { files }]) => [name, files]));
  const [checkpoint] = checkpoints.values();
  const contents = {
    ...{ checkpoint: checkpoint ?? {}, checkpoints, contentOf, arithmetic: arithmeticOf(engine) },
    segments: await countSegments(stages, { models, dataDir, contentOf, onProgress: progress }),
  };
  return { config, contents, models, notSupported, dataDir };
}

/** @throws PanxError where one of them cannot be had, or panx does not know the only one */
async function bringModels(
  asked: Config,
  out: string,
  read: readonly ReadFolder[],
): Promise<Pick<StudyInputs, 'models' | 'notSupported'>> {
  const names = modelsOf(asked);
  const models = new Map<string, StartModel>();
  const notSupported = new Map<string, string>();
  for (const name of names) {
    const folder = await resolveModel(name, { onProgress: transferLine() });
    await refuseOverlap(out, [...(await modelFolders(folder)), ...read]);
    try {
      await checkModelFolder(folder, asked.training.newHead ? 'for a new head' : 'start');
      models.set(name, { folder, files: await readStart(folder) });
    } catch (error) {
      // Of a study of one model it is what is wrong with the study.
      if (!(error instanceof NotSupported) || !Object.hasOwn(asked.study.grid, 'model')) throw error;
      notSupported.set(name, error.message);
    }
  }
  return { models, notSupported };
}

/**
 * Each model's tokenizer, as stages open it, and how long their rows are to be: what the tokenizer leaves open, or does otherwise than the settings
 * say, or the model has no positions for, should not show after hours.
 */
async function tryTokenizers(stages: readonly Stage[], models: StudyInputs['models']): Promise<void> {
  const tried = new Set<string>();
  for (const { config } of stages) {
    const { model, tokenization } = config;
    const folder = models.get(model)?.folder;
    const what = JSON.stringify([folder, tokenization.lowerCase, tokenization.maxLength]);
    if (folder === undefined || tried.has(what)) continue;
    tried.add(what);
    await fittedToFolder(config, folder);
    await openTokenizer(folder, tokenization);
  }
}
