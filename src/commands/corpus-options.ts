import type { Command } from 'commander';
import { isTyped, refuseIdleData } from '../config/idle-settings.js';
import { type LoadedConfig, loadConfig } from '../config/load.js';
import { type Config, schema } from '../config/schema.js';
import { refuseUnusedSettings, type SettingsUser } from '../config/used-settings.js';
import { resolveData } from '../data/fetch.js';
import type { SplitName } from '../data/splits.js';
import { transferLine } from '../hub/progress.js';
import { resolveTokenizer } from '../hub/resolve.js';
import { samplePaths } from '../hub/sample.js';
import { everyOne } from './lists.js';
import { refuseIdleSample, sampleHelp } from './options.js';

/** The options of commands that look at a corpus, and train nothing. */
export interface CorpusOptions {
  config?: string;
  set?: string[];
  data?: string;
  /** Of the commands that look at tokenizers. */
  model?: string | string[];
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
  /** Where each comes from. */
  origins: LoadedConfig['origins'];
  /** What --sample stands in for: what neither an option nor --set names. */
  sampled: ReadonlySet<'data' | 'model'>;
}

/** @throws PanxError as `loadConfig` does, for a setting that is typed and that the command does not use, and for --sample beside all of these */
export async function corpusConfig(options: CorpusOptions, user: SettingsUser): Promise<CorpusConfig> {
  const { config: file, set: assignments, sample, data } = options;
  const own = data === undefined ? [] : [{ key: 'data' as const, value: data, origin: '--data' }];
  const { config, origins } = await loadConfig({ file, assignments, options: own });
  refuseUnusedSettings({ config, origins }, user);
  if (sample) {
    refuseIdleSample(user, key => isTyped(origins[key]) || (key === 'model' && options.model !== undefined));
  }
  const sampled = new Set<'data' | 'model'>();
  if (sample && !isTyped(origins.data)) sampled.add('data');
  if (sample && !isTyped(origins.model)) sampled.add('model');
  return { ...config, origins, sampled };
}

/** @throws PanxError as `refuseIdleData`, `samplePaths` and `resolveData` do */
export async function dataFolder(config: CorpusConfig, langs: string[], splits: SplitName[]): Promise<string> {
  const { data, origins, sampled } = config;
  refuseIdleData({ config, origins }, langs);
  if (sampled.has('data')) return samplePaths(langs).dataDir;
  return await resolveData(data, langs, { splits, onProgress: transferLine() });
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
