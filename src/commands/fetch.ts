import type { Command } from 'commander';
import { schema } from '../config/schema.js';
import { fetchData } from '../data/fetch.js';
import { PanxError } from '../errors.js';
import { transferLine } from '../hub/progress.js';
import { fetchModel, placeOf } from '../hub/resolve.js';
import { everySample } from '../hub/sample.js';
import type { Snapshot } from '../hub/snapshot.js';
import { formatBytes, formatSeconds, notice, print } from '../system/console.js';
import { displayWidth, padToWidth } from '../system/display-width.js';
import { visible } from '../system/visible.js';
import { addFormat, type FormatOptions, isJson, printJson } from './format.js';
import { everyPart, languagesOf, splitsOf } from './lists.js';

interface FetchOptions extends FormatOptions {
  model: string | false;
  data: string | false;
  langs?: string;
  splits?: string;
  sample?: boolean;
}

/** panx fetch: bring a model and the data of some languages into the cache, for machines and days without network. */
export function define(command: Command): void {
  addFormat(command)
    .option('--lang, --langs <langs>', 'languages whose data to bring, with commas between: en,tr', everyPart)
    .option('--splits <splits>', 'splits to bring, with commas between (default: all)', everyPart)
    .option('--model <id>', 'model to bring: org/name, or org/name@revision', schema.model.default)
    .option('--no-model', 'bring no model')
    .option('--data <id>', 'data to bring: org/name, or org/name@revision', schema.data.default)
    .option('--no-data', 'bring no data')
    .option('--sample', 'say where the embedded samples are, which need no bringing')
    .action(async (options: FetchOptions) => {
      const json = isJson(options);
      refuseUnused(options, name => command.getOptionValueSource(name) === 'cli');
      if (options.sample) printSamples(json);
      else await fetchAll(options, json);
    });
}

/** @throws PanxError for options that leave nothing to bring, or that nothing that is brought depends on, exit code 2 */
function refuseUnused({ sample, data, model }: FetchOptions, isTyped: (name: string) => boolean): void {
  const refuse = (names: readonly string[], why: string, hint: string): void => {
    const name = names.find(isTyped);
    if (name === undefined) return;
    const typed = { data, model }[name] === false ? `--no-${name}` : `--${name}`;
    throw new PanxError(`${typed} is given, and ${why}; expected no ${typed}.`, { hint, exitCode: 2 });
  };
  if (sample) {
    const why = '--sample says where the embedded samples are, and brings nothing';
    refuse(['langs', 'splits', 'data', 'model'], why, 'Leave --sample out, or all others.');
  }
  if (data !== false) return;
  refuse(['langs', 'splits'], '--no-data leaves out what it is of', 'Leave one of them out.');
  if (model !== false) return;
  throw new PanxError('--no-data and --no-model are both given, which leaves nothing to bring; expected one of them.', {
    exitCode: 2,
  });
}

async function fetchAll(options: FetchOptions, json: boolean): Promise<void> {
  if (options.data !== false && options.langs === undefined) {
    throw new PanxError('No languages are given for the data.', {
      hint: 'Add --langs en,tr (the codes of the languages), or --no-data for the model alone.',
      exitCode: 2,
    });
  }
  const langs = options.langs === undefined ? [] : languagesOf('--langs', options.langs);
  const splits = splitsOf(options.splits);
  // Both arguments are read before anything is brought: a typing error should not show after a gigabyte.
  const model = options.model === false ? undefined : await placeOf(options.model, 'model');
  const data = options.data === false ? undefined : await placeOf(options.data, 'dataset');
  const bringing = { refresh: true, onProgress: transferLine() };
  const startMs = Date.now();
  const snapshots: Snapshot[] = [];
  // The data first: it is small, and a language that does not exist shows at once.
  if (data !== undefined) {
    if ('folder' in data) notice(`data ${data.folder} is a folder on this machine: nothing to bring`);
    else snapshots.push(await fetchData(data.repo, langs, splits, bringing));
  }
  if (model !== undefined) {
    if ('folder' in model) notice(`model ${model.folder} is a folder on this machine: nothing to bring`);
    else snapshots.push(await fetchModel(model.repo, bringing));
  }
  const durationMs = Date.now() - startMs;
  if (json) {
    const repositories = snapshots.map(({ repo, ...snapshot }) => ({ ...repo, ...snapshot }));
    printJson('fetch', { repositories, samples: [], durationMs });
    return;
  }
  for (const snapshot of snapshots) print(describe(snapshot));
  if (snapshots.length > 0) print(summary(snapshots, durationMs / 1000));
}

function printSamples(json: boolean): void {
  const samples = everySample();
  if (json) {
    printJson('fetch', { repositories: [], samples, durationMs: 0 });
    return;
  }
  const lines = samples.map(
    ({ langs, dataDir, modelDir, taggerDir }) =>
      `  ${langs.join(', ')}\n    data        ${visible(dataDir)}\n    model       ${visible(modelDir)}\n    fine-tuned  ${visible(taggerDir)}\n`,
  );
  print(`The embedded samples are there already:\n${lines.join('')}`);
}

/** A block for one repository: what it is, where it lies, and a line for each file. */
function describe({ repo, commit, folder, files, current }: Snapshot): string {
  const width = Math.max(0, ...files.map(({ path }) => displayWidth(visible(path))));
  const lines = files.map(
    ({ path, bytes, fetched }) =>
      `  ${padToWidth(visible(path), width)}  ${formatBytes(bytes).padStart(9)}  ${fetched ? 'fetched' : 'there already'}`,
  );
  const stale = current ? '' : ', as last fetched: the hub cannot be reached to ask for a newer one';
  return [
    `${repo.type === 'model' ? 'model' : 'data'} ${repo.name}, ${repo.revision} = ${commit.slice(0, 12)}${stale}`,
    `  in ${visible(folder)}`,
    ...lines,
    '',
  ].join('\n');
}

function summary(snapshots: readonly Snapshot[], seconds: number): string {
  const files = snapshots.flatMap(snapshot => snapshot.files);
  const fetched = files.filter(file => file.fetched);
  const bytesOf = (list: typeof files) => formatBytes(list.reduce((sum, { bytes }) => sum + bytes, 0));
  if (fetched.length === 0) return `All is there already: ${countOf(files.length)}, ${bytesOf(files)}.\n`;
  const rest = files.length - fetched.length;
  const already = rest === 0 ? '' : `; ${countOf(rest)} there already`;
  return `Fetched ${countOf(fetched.length)}, ${bytesOf(fetched)}, in ${formatSeconds(seconds)}${already}.\n`;
}

function countOf(files: number): string {
  return files === 1 ? '1 file' : `${files} files`;
}
