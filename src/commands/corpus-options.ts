import type { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import { type Config, schema } from '../config/schema.js';
import { refuseUnusedSettings, type SettingsUser } from '../config/used-settings.js';
import { resolveData } from '../data/fetch.js';
import type { SplitName } from '../data/splits.js';
import { transferLine } from '../hub/progress.js';
import { resolveTokenizer } from '../hub/resolve.js';
import { samplePaths } from '../hub/sample.js';
import { everyOne } from './lists.js';
import { sampleHelp } from './options.js';

/** The options of commands that look at a corpus, and train nothing. */
export interface CorpusOptions {
  config?: string;
  set?: string[];
  data?: string;
  sample?: boolean;
}

export function addCorpusOptions(command: Command): Command {
  return command
    .option('--data <folder|id>', `${schema.data.meaning} (default: ${schema.data.default})`)
    .option('--config <file>', 'YAML file with settings, such as corpora: other corpora by name')
    .option('--set <key=value>', 'set one setting; may be repeated', everyOne)
    .option('--sample', sampleHelp('data and tokenizer'));
}

/** The settings of such a command. */
export interface CorpusConfig extends Config {
  /** What --sample stands in for: what neither an option nor --set names. */
  sampled: ReadonlySet<'data' | 'model'>;
}

/** @throws PanxError as `loadConfig` does, and for a setting that is typed and that the command does not use */
export async function corpusConfig(options: CorpusOptions, user: SettingsUser): Promise<CorpusConfig> {
  const { config: file, set: assignments, sample, data } = options;
  const { config, origins } = await loadConfig({ file, assignments });
  refuseUnusedSettings({ config, origins }, user);
  const sampled = new Set<'data' | 'model'>();
  if (sample && data === undefined && !origins.data.startsWith('--')) sampled.add('data');
  if (sample && !origins.model.startsWith('--')) sampled.add('model');
  return { ...config, sampled };
}

/** @throws PanxError as `samplePaths` and `resolveData` do */
export async function dataFolder(
  options: CorpusOptions,
  { data, sampled }: CorpusConfig,
  langs: string[],
  splits: SplitName[],
): Promise<string> {
  if (sampled.has('data')) return samplePaths(langs).dataDir;
  return await resolveData(options.data ?? data, langs, { splits, onProgress: transferLine() });
}

/**
 * The folder of the tokenizer that --model, --sample or the settings name.
 *
 * @param model what --model names
 * @throws PanxError as `samplePaths` and `resolveTokenizer` do
 */
export async function tokenizerFolder(
  model: string | undefined,
  { model: asked, sampled }: CorpusConfig,
  langs: string[],
): Promise<string> {
  // Data of one's own may be of any language: they choose no sample.
  if (sampled.has('model') && model === undefined) return samplePaths(sampled.has('data') ? langs : []).modelDir;
  return await resolveTokenizer(model ?? asked, { onProgress: transferLine() });
}
