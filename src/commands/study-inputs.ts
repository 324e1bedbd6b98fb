import type { Config } from '../config/schema.js';
import { resolveData } from '../data/fetch.js';
import { resolveEngine } from '../engine/open.js';
import { arithmeticOf, type Contents } from '../experiment/identity.js';
import { readCorpus, readStart } from '../experiment/inputs.js';
import { trainRowsOf } from '../experiment/plan.js';
import { planStudy, splitsOfStudy } from '../experiment/study-plan.js';
import { transferLine } from '../hub/progress.js';
import { resolveModel } from '../hub/resolve.js';
import { checkModelFolder } from '../model/parameter-specs.js';
import { refuseOverlap } from '../system/place.js';
import { refuseAsLanguage } from './out-folder.js';
import { checkTyped, dataFolders, modelFolders } from './read-folders.js';

/** What panx run and panx sweep work on. */
export interface StudyInputs {
  /** As it was asked for, with the precision that `auto` stands for. */
  config: Config;
  contents: Contents;
  modelDir: string;
  dataDir: string;
}

/**
 * Bring and read what a study works on, the cheapest first: what is wrong with the settings or the data is told before a model is brought.
 *
 * @param out where the study's files go: not into what is read
 * @throws PanxError for everything that is wrong with model, data or engine
 */
export async function readStudyInputs(asked: Config, out: string): Promise<StudyInputs> {
  await checkTyped(asked);
  const splits = splitsOfStudy(asked);
  const langs = [...new Set(splits.map(([lang]) => lang))];
  const dataDir = await resolveData(asked.data, langs, { onProgress: transferLine() });
  await refuseAsLanguage(out, dataDir);
  const contentOf = await readCorpus(dataDir, splits);
  // Sizes that do not fit are told before a large model is fetched.
  planStudy(asked, trainRowsOf(asked, contentOf));
  const modelDir = await resolveModel(asked.model, { onProgress: transferLine() });
  await refuseOverlap(out, [...(await modelFolders(modelDir)), ...(await dataFolders(dataDir))]);
  await checkModelFolder(modelDir, 'start');
  const engine = await resolveEngine(asked);
  const config = { ...asked, precision: engine.precision };
  const contents = { checkpoint: await readStart(modelDir), contentOf, arithmetic: arithmeticOf(engine) };
  return { config, contents, modelDir, dataDir };
}
