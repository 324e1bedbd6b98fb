/**
 * What a fresh clone needs before anything of panx can run: packages, the compiled program, the engine. Plain Node.js
 * without packages, since there are none yet. Every step looks first whether its work is done, so that all of them
 * together take well under a second the second time, and an interrupted one is done again by the next run.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { constants, hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// A log that is full, or a reader that has left, ends no set-up.
process.stderr.on('error', () => {});

/** The repository's folder, wherever the command was typed. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Install the packages of package-lock.json and compile src to dist. */
export function build() {
  requireNode();
  withLock(() => {
    installPackages();
    compile();
  });
}

/** Compile src to dist with the packages that are there. */
export function buildOnly() {
  withLock(compile);
}

/** Install the packages of package-lock.json. */
export function install() {
  requireNode();
  withLock(installPackages);
}

/** Bring the TensorFlow engine. Where that fails the reason is on the terminal, and WebAssembly serves. */
export function provision() {
  const { status } = node(['dist/cli.js', 'setup']);
  if (status !== 0)
    say('Going on without TensorFlow: the slower WebAssembly engine serves. `npm run setup` tries again.');
}

/** Run a program of Node.js in the repository and end this process as it ends; it alone handles Ctrl-C. */
export function become(args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
  process.on('SIGINT', () => {}); // The terminal sends it to the child as well, which saves its work first.
  for (const name of ['SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/** Run a program of Node.js in the repository to its end. */
export function node(args) {
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
}

function requireNode() {
  if (Number(process.versions.node.split('.')[0]) >= 20) return;
  fail(`panx needs Node.js 20 or newer, and this is ${process.versions.node}.`);
}

function installPackages() {
  if (packagesAreInstalled()) return;
  say('Installing packages (npm ci).');
  const startedMs = Date.now();
  // npm describes its own command line to scripts in variables, and --prefix would send this npm elsewhere.
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (/^npm_config_(local_|global_)?prefix$|^npm_config_(dry_run|omit|include)$/i.test(name)) delete env[name];
  }
  const [program, ...args] = process.env.npm_execpath?.endsWith('.js')
    ? [process.execPath, process.env.npm_execpath]
    : ['npm'];
  const npm = [...args, 'ci', '--include=dev', '--include=optional', '--loglevel=error'];
  const { status, error } = spawnSync(program, npm, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env });
  if (status !== 0) fail(`npm ci failed${error ? `: ${error.message}` : ''}.`);
  say(`  packages installed in ${seconds(startedMs)}`);
}

/** Whether node_modules holds what package-lock.json lists; npm writes down what it installed when it is done. */
function packagesAreInstalled() {
  const wanted = readPackages('package-lock.json');
  const installed = readPackages('node_modules/.package-lock.json');
  if (installed === null) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found === undefined) return optional === true; // made for another platform
    return found.version === version && found.integrity === integrity && existsSync(join(root, path));
  });
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  } catch {
    return null;
  }
}

function compile() {
  const sources = hashOfSources();
  const stamp = join(root, 'dist', '.sources');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return;
  say('Compiling src to dist.');
  const startedMs = Date.now();
  for (const name of readdirSync(root)) {
    if (/^dist\..*\.tmp$/.test(name)) rmSync(join(root, name), { recursive: true, force: true });
  }
  // Into a neighbour that is renamed: there is never half a dist, and none of a file that src no longer has.
  const fresh = join(root, `dist.${process.pid}.tmp`);
  const { status } = node(['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', fresh]);
  if (status !== 0) fail('src does not compile; see the errors above.');
  if (node(['scripts/bundle-page.mjs', fresh]).status !== 0)
    fail('the page of panx report cannot be put together; see above.');
  if (node(['scripts/bundle.mjs', fresh]).status !== 0) {
    say('Going on without the bundle (see above): every command starts some 0.04 s later.');
    rmSync(join(fresh, 'program'), { recursive: true, force: true });
  }
  chmodSync(join(fresh, 'cli.js'), 0o755);
  writeFileSync(join(fresh, '.sources'), sources);
  const old = join(root, `dist.old-${process.pid}.tmp`);
  if (existsSync(join(root, 'dist'))) renameSync(join(root, 'dist'), old);
  renameSync(fresh, join(root, 'dist'));
  rmSync(old, { recursive: true, force: true });
  say(`  compiled in ${seconds(startedMs)}`);
}

/** Changes where the compiler's input or the compiler does, or the bundler. */
function hashOfSources() {
  const hash = createHash('sha256');
  const files = readdirSync(join(root, 'src'), { recursive: true }).map(name => join('src', name));
  for (const path of [
    ...files.sort(),
    'tsconfig.json',
    'tsconfig.build.json',
    'tsconfig.page.json',
    'scripts/bundle.mjs',
    'scripts/bundle-page.mjs',
    'scripts/launcher.sh',
    'node_modules/typescript/package.json',
    'node_modules/rolldown/package.json',
  ]) {
    if (statSync(join(root, path)).isDirectory()) continue;
    hash.update(`${path}\n`).update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}

/** Run `action` alone in this checkout: of two commands at once the second waits. */
function withLock(action) {
  const path = join(root, '.panx', 'setup.lock');
  mkdirSync(join(root, '.panx'), { recursive: true });
  const own = `${process.pid} ${hostname()}`;
  for (let waited = false; ; waited = true) {
    try {
      writeFileSync(path, own, { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned(path)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!waited) say('Another command is setting up this folder; waiting for it.');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  }
  process.once('exit', () => rmSync(path, { force: true })); // where a step fails
  action();
  rmSync(path, { force: true });
}

/** Its process is gone, or it is older than any set-up takes. */
function isAbandoned(path) {
  try {
    if (Date.now() - statSync(path).mtimeMs > 30 * 60_000) return true;
    const [pid, host] = readFileSync(path, 'utf8').split(' ');
    if (host !== hostname()) return false;
    process.kill(Number(pid), 0); // signal 0 only asks whether the process exists
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function seconds(startedMs) {
  return `${((Date.now() - startedMs) / 1000).toFixed(1)} s`;
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(text) {
  say(`panx: ${text}`);
  process.exit(1);
}
