/** What a benchmark ran on: the machine, panx with its engine, and the peer's Python with its packages. */
import { existsSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { readHardware } from '../../dist/engine/hardware.js';
import { packageRoot, readPackage } from '../../dist/system/package.js';
import { fileHere, finished, lastLine } from './programs.mjs';

/** @param python the peer's interpreter; null where there is no peer */
export async function describeMachine(python) {
  const { cpu, cores, features, memoryBytes } = await readHardware();
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu,
    cores,
    features,
    memoryGb: memoryBytes / 1e9,
    // Before the first run: above half a core, something else was using the machine.
    loadAverage: loadavg()[0],
    node: process.versions.node,
    panx: { version: readPackage().version, ...(await commit()) },
    engine: await engine(),
    python: python === null ? null : await pythonPackages(python),
  };
}

/** The same in a sentence, for the foot of a table. */
export function machineText({ date, cpu, cores, memoryGb, loadAverage, node, panx, engine, python, features }) {
  const instructions = features.length === 0 ? '' : ` (${features.join(' ')})`;
  const built = panx.commit === null ? '' : ` (commit ${panx.commit.slice(0, 7)}${panx.changed ? ', changed' : ''})`;
  const peer =
    python === null
      ? ''
      : `; Python ${Object.entries(python)
          .map(([name, version]) => (name === 'python' ? version : `${name} ${version}`))
          .join(', ')}`;
  return (
    `${date}; ${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}${instructions}, ${memoryGb.toFixed(0)} GB, load ` +
    `${loadAverage.toFixed(1)} at the start; Node.js ${node}, panx ${panx.version}${built}, ${engine.name} ` +
    `${engine.version}, ${engine.operations} operations${peer}.`
  );
}

/** What a checkpoint is, from its config.json: "12 layers of 768". */
export function modelText(folder) {
  const path = join(folder, 'config.json');
  if (!existsSync(path)) throw new Error(`${folder} has no config.json; --model takes a checkpoint folder.`);
  const config = JSON.parse(readFileSync(path, 'utf8'));
  const { num_hidden_layers: layers = config.n_layers, hidden_size: hidden = config.dim, vocab_size: words } = config;
  return `${layers} layers of ${hidden}, vocabulary of ${words.toLocaleString('en-US')}`;
}

/** The engine that `auto` takes, asked of a process of its own: it would take memory from what is measured. */
async function engine() {
  const module = JSON.stringify(fileHere('../../dist/engine/engine.js'));
  const program = `import { loadEngine } from ${module};
    const { name, version, threads, operations, bf16 } = await loadEngine('auto');
    console.log(JSON.stringify({ name, version, threads, operations, bf16 }));`;
  return lastLine((await finished(process.execPath, ['--input-type=module', '--eval', program])).stdout);
}

async function commit() {
  const git = async (...args) => (await finished('git', ['-C', packageRoot, ...args])).stdout.trim();
  try {
    const changes = await git('status', '--porcelain', '--untracked-files=no');
    return { commit: await git('rev-parse', 'HEAD'), changed: changes !== '' };
  } catch {
    return { commit: null, changed: false };
  }
}

async function pythonPackages(python) {
  const program = `
import importlib.metadata, json, platform
found = {"python": platform.python_version()}
for name in ["torch", "transformers", "tokenizers", "datasets", "accelerate", "numpy"]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(found))`;
  return lastLine((await finished(python, ['-c', program])).stdout);
}
