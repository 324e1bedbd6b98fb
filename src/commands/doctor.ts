import { existsSync } from 'node:fs';
import { access, constants, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { schema } from '../config/schema.js';
import { langOf } from '../data/formats/panx.js';
import { type Engine, engineComputes, loadEngine, reproducibility } from '../engine/engine.js';
import { type Hardware, readHardware } from '../engine/hardware.js';
import { fusedFolder, whyNotFused } from '../engine/tensorflow/fused-library.js';
import { findEngine } from '../engine/tensorflow/installed-engine.js';
import { usableCores } from '../engine/usable-cores.js';
import { messageOf, PanxError } from '../errors.js';
import { cachedCommit, type Repo, snapshotFolder } from '../hub/cache.js';
import { fetchModel } from '../hub/resolve.js';
import { everySample } from '../hub/sample.js';
import { type HubSettings, hubSettings } from '../hub/settings.js';
import { keptFolder } from '../system/cache.js';
import { counted, formatBytes, type Painted, printPainted } from '../system/console.js';
import { reasonOf } from '../system/files.js';
import { readPackage } from '../system/package.js';
import { refuseThreadCounts, tokenizerThreads } from '../system/thread-counts.js';
import { visible } from '../system/visible.js';
import { addFormat, type FormatOptions, isJson, printJson } from './format.js';

/** `panx doctor`: what panx found on this machine, and what is wrong with the remedy. */
export function define(command: Command): void {
  addFormat(command).action(async (options: FormatOptions) => {
    const json = isJson(options);
    const diagnosis = await diagnose();
    if (json) printJson('doctor', diagnosis);
    else printPainted(render(diagnosis));
    if (!diagnosis.ok) process.exitCode = 1;
  });
}

/** One thing that was looked at. `note`: works, but could be better; `problem`: something needed is broken. */
export interface Finding {
  name: string;
  status: 'ok' | 'note' | 'problem';
  found: string;
  /** What to do about it, as a sentence. */
  remedy?: string;
}

/** Null where nothing names one: the user has no home folder. */
interface Folder {
  path: string | null;
  bytes: number;
}

export interface Diagnosis {
  /** False where there is a problem; then the command's exit code is 1. */
  ok: boolean;
  panx: string;
  node: string;
  /** What computes, or null where nothing can. */
  engine: Engine | null;
  hardware: Hardware;
  cache: Folder;
  hubCache: Folder;
  findings: Finding[];
}

/** Look at everything that panx needs. Loads the engine, so it takes about a second. */
export async function diagnose(): Promise<Diagnosis> {
  const hardware = await readHardware();
  const { engine, finding: backend } = await checkEngine();
  const cache = await folderOf(keptFolder(''));
  const { settings, findings: hub } = checkHub();
  const hubCache = await folderOf(settings?.cacheDir ?? null);
  const findings = [
    checkNode(process.versions.node),
    backend,
    describeDevice(hardware, engine, (await usableCores()).limit),
    describeBf16(hardware, engine),
    ...(engine === null ? [] : [await describeOperations(engine), describeReproducibility(engine)]),
    { name: 'memory', status: 'ok' as const, found: formatBytes(hardware.memoryBytes) },
    await checkTokenizer(),
    await checkWritable('cache', cache),
    checkSample(),
    ...hub,
    ...(settings === null ? [] : [await checkModel(settings), await checkData(settings)]),
  ];
  return {
    ok: findings.every(({ status }) => status !== 'problem'),
    panx: readPackage().version,
    node: process.versions.node,
    engine,
    hardware,
    cache,
    hubCache,
    findings,
  };
}

/** The findings as a column of short lines, the remedy under what it is for. */
export function render({ panx, ok, findings }: Diagnosis): (string | Painted)[] {
  const marks = {
    ok: { text: '✓', code: green },
    note: { text: '•', code: yellow },
    problem: { text: '✗', code: red },
  };
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap(({ name, status, found, remedy }) => [
    ...['  ', marks[status], ' ', { text: name.padEnd(width), code: bold }, `  ${visible(found)}\n`],
    ...(remedy === undefined ? [] : [`    ${' '.repeat(width)}  `, { text: `→ ${remedy}`, code: faint }, '\n']),
  ]);
  const problems = findings.filter(({ status }) => status === 'problem').length;
  const last = ok ? { text: 'Ready.', code: green } : { text: `${counted(problems, 'problem')}.`, code: red };
  return [`panx ${panx}\n\n`, ...lines, '\n', last, '\n'];
}

const [bold, faint, red, green, yellow] = [1, 2, 31, 32, 33] as const;

/** Node.js is new enough. @param version such as "20.11.1" */
export function checkNode(version: string): Finding {
  const found = `${version}, ${process.platform} ${process.arch}`;
  if (Number(version.split('.')[0]) >= 20) return { name: 'node', status: 'ok', found };
  return { name: 'node', status: 'problem', found, remedy: 'Install Node.js 20 or newer.' };
}

/** Load an engine as every command does, and compute something with it. */
async function checkEngine(): Promise<{ engine: Engine | null; finding: Finding }> {
  const name = 'backend';
  try {
    const engine = await loadEngine('auto');
    const title =
      engine.name === 'tensorflow' ? `tensorflow, libtensorflow ${engine.version}` : `wasm ${engine.version}`;
    if (!(await engineComputes())) {
      const remedy = 'Run `panx setup --force`, or use --backend wasm.';
      return { engine, finding: { name, status: 'problem', found: `${title} computes a wrong product`, remedy } };
    }
    if (engine.name === 'tensorflow') return { engine, finding: { name, status: 'ok', found: title } };
    const state = await findEngine();
    // TensorFlow that was never set up is a choice; one that was set up or pointed at and does not load is broken.
    const broken = 'engine' in state || state.missing.broken;
    const [why, remedy] = splitRemedy(engine.why ?? '');
    return { engine, finding: { name, status: broken ? 'problem' : 'note', found: `${title}: ${why}`, remedy } };
  } catch (error) {
    const remedy = (error instanceof PanxError ? error.hint : undefined) ?? 'Install panx anew (npm ci).';
    return { engine: null, finding: { name, status: 'problem', found: messageOf(error), remedy } };
  }
}

/** "Why. Remedy." -> both. */
function splitRemedy(why: string): [string, string] {
  const at = why.indexOf('. ');
  return at < 0 ? [why, 'Run `panx setup`.'] : [why.slice(0, at), why.slice(at + 2)];
}

/** Whether panx's own operations are in use, and where they are not on a CPU that they are written for, why. */
async function describeOperations(engine: Engine): Promise<Finding> {
  const name = 'operations';
  if (engine.operations !== 'plain') {
    return { name, status: 'ok', found: `panx’s own, fused (${engine.operations.split(' ').at(-1)})` };
  }
  const found = 'TensorFlow.js’s, plain';
  const state = await findEngine();
  if (engine.name !== 'tensorflow' || !('engine' in state)) return { name, status: 'ok', found };
  if (engine.why !== null) {
    const [why, remedy] = splitRemedy(engine.why);
    return { name, status: 'note', found: `${found}: ${why}`, remedy };
  }
  const failure = await whyNotFused(fusedFolder(state.engine.libraries));
  if (failure === null) return { name, status: 'ok', found };
  const remedy = 'Run `panx setup --force` when that is mended.';
  return { name, status: 'note', found: `${found}: ${failure}`, remedy };
}

function describeReproducibility(engine: Engine): Finding {
  const { sameBytes, found } = reproducibility(engine);
  return { name: 'repeatable', status: sameBytes ? 'ok' : 'note', found };
}

function describeDevice({ cpu, cores, features, gpu }: Hardware, engine: Engine | null, limit: string | null): Finding {
  const cpuText = `${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}${features.length > 0 ? ` (${features.join(' ')})` : ''}${limit === null ? '' : `; ${limit}`}`;
  if (gpu === null) return { name: 'device', status: 'ok', found: cpuText };
  const gpuText = `${gpu.name}, ${formatBytes(gpu.memoryBytes)}, driver ${gpu.driver}`;
  if (engine?.device === gpu.name) return { name: 'device', status: 'ok', found: gpuText };
  return {
    name: 'device',
    status: 'note',
    found: `${cpuText}; the ${gpuText} is not used`,
    remedy: 'Run `panx setup --device cuda` to bring TensorFlow for it.',
  };
}

/** Whether --precision auto is bf16, and why: said of the engine in use, so not of a GPU that it leaves idle. */
function describeBf16({ bf16, features, gpu }: Hardware, engine: Engine | null): Finding {
  const name = 'bf16';
  if (engine?.name === 'wasm') return { name, status: 'ok', found: 'no: WebAssembly computes in float32' };
  if (!(engine?.bf16 ?? bf16)) {
    return {
      name,
      status: 'ok',
      found: 'no: this device has no bfloat16 matrix instructions; --precision auto is fp32',
    };
  }
  const by =
    gpu !== null && engine?.device === gpu.name ? gpu.name : features.filter(name => name.endsWith('bf16')).join(' ');
  return { name, status: 'ok', found: `yes (${by}); --precision auto is bf16` };
}

/** The native tokenizer engine loads and encodes. */
async function checkTokenizer(): Promise<Finding> {
  const name = 'tokenizer';
  try {
    refuseThreadCounts(tokenizerThreads);
    const { Tokenizer } = await import('tokenizers');
    const tiny = { version: '1.0', model: { type: 'WordLevel', vocab: { unknown: 0, word: 1 }, unk_token: 'unknown' } };
    const encoding = await Tokenizer.fromString(JSON.stringify(tiny)).encode('word');
    if (encoding.getIds()[0] !== 1) throw new Error('it encodes a word wrongly');
    return { name, status: 'ok', found: 'the tokenizers engine loads and encodes' };
  } catch (error) {
    if (error instanceof PanxError) return problem(name, error);
    const found = `the tokenizers engine does not work: ${messageOf(error).split('\n')[0]}`;
    return {
      name,
      status: 'problem',
      found,
      remedy: 'Run `npm ci` in the folder of panx; it brings the engine for this platform.',
    };
  }
}

function problem(name: string, { message, hint }: PanxError): Finding {
  return { name, status: 'problem', found: message, ...(hint === undefined ? {} : { remedy: hint }) };
}

async function checkWritable(name: string, folder: Folder): Promise<Finding> {
  if (folder.path === null) {
    const remedy = 'Set HOME, or PANX_CACHE, to a folder that you can write to.';
    return { name, status: 'problem', found: 'there is none: this user has no home folder', remedy };
  }
  // The folder is made when it is needed; until then its nearest parent decides.
  let nearest = resolve(folder.path);
  while (!existsSync(nearest)) nearest = dirname(nearest);
  try {
    await access(nearest, constants.W_OK | constants.X_OK);
    return { name, status: 'ok', found: `${folder.path}, ${formatBytes(folder.bytes)}` };
  } catch (error) {
    const remedy = 'Set PANX_CACHE to a folder that you can write to.';
    return { name, status: 'problem', found: `${folder.path} cannot be written: ${reasonOf(error)}`, remedy };
  }
}

function checkSample(): Finding {
  try {
    const langs = everySample().map(sample => sample.langs.join(', '));
    return { name: 'sample', status: 'ok', found: `the embedded samples are there: ${langs.join('; ')}` };
  } catch (error) {
    if (!(error instanceof PanxError)) throw error;
    return problem('sample', error);
  }
}

/** A finding for each variable at which a command that needs the hub would end, and the settings without these; null where there is no place for a cache. */
function checkHub(): { settings: HubSettings | null; findings: Finding[] } {
  const without = { ...process.env, HF_ENDPOINT: undefined, HF_HUB_DOWNLOAD_TIMEOUT: undefined };
  const settingsOf = (variables: object): HubSettings | Finding => {
    try {
      return hubSettings({ ...without, ...variables });
    } catch (error) {
      if (!(error instanceof PanxError)) throw error;
      return problem('hub', error);
    }
  };
  const settings = settingsOf({});
  if ('found' in settings) return { settings: null, findings: [settings] };
  const findings = (['HF_ENDPOINT', 'HF_HUB_DOWNLOAD_TIMEOUT'] as const).flatMap(variable => {
    const result = settingsOf({ [variable]: process.env[variable] });
    return 'found' in result ? [result] : [];
  });
  return { settings: { ...settings, offline: true }, findings };
}

/** Whether the model that is used by default is cached; it need not be. */
async function checkModel(settings: HubSettings): Promise<Finding> {
  const name = 'model';
  const repo: Repo = { type: 'model', name: schema.model.default, revision: 'main' };
  try {
    const { files } = await fetchModel(repo, { settings });
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    return { name, status: 'ok', found: `${repo.name} is cached, ${formatBytes(bytes)}` };
  } catch {
    const remedy =
      'It is brought when first used, or ahead of time by `panx fetch`; --model DIR and --sample need no network.';
    return { name, status: 'note', found: `${repo.name} is not cached`, remedy };
  }
}

/** Which languages of the data set that is used by default are cached. */
async function checkData(settings: HubSettings): Promise<Finding> {
  const name = 'data';
  const repo: Repo = { type: 'dataset', name: schema.data.default, revision: 'main' };
  const commit = await cachedCommit(settings, repo).catch(() => undefined);
  const names = commit === undefined ? [] : await readdir(snapshotFolder(settings, repo, commit)).catch(() => []);
  const langs = names.flatMap(name => langOf(name) ?? []);
  if (langs.length > 0) return { name, status: 'ok', found: `${repo.name} is cached for ${langs.sort().join(', ')}` };
  const remedy = 'It is brought when first used, or ahead of time by `panx fetch --langs en,tr`.';
  return { name, status: 'note', found: `${repo.name} is not cached`, remedy };
}

async function folderOf(path: string | null): Promise<Folder> {
  return { path, bytes: path === null ? 0 : await folderBytes(path) };
}

/** Bytes of all files under a folder, links not followed; 0 where there is none. */
async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await folderBytes(path);
    else if (entry.isFile())
      bytes += await stat(path).then(
        ({ size }) => size,
        () => 0,
      );
  }
  return bytes;
}
