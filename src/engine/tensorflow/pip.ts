import { accessSync, constants, statSync } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { PanxError } from '../../errors.js';
import { makeFolder } from '../../system/files.js';
import { pipDownloads } from './engine-plan.js';
import { environmentOfDownload, environmentOfQuestion } from './pip-settings.js';
import { run } from './program.js';

/**
 * Bring wheels by pip, which knows the user's indexes, mirrors, proxies and certificates (pip-settings.ts), into `folder`; returns their
 * paths. A wheel appears in `folder` only when pip has it whole, and one that lies there already is not brought again.
 *
 * @param onProgress bytes that have arrived so far, and the size that pip announced, null until it did.
 * @throws PanxError with pip's own reason where Python, pip or a wheel is not to be had.
 */
export async function downloadWheels(
  requirements: readonly string[],
  folder: string,
  onProgress: (bytes: number, ofBytes: number | null) => void,
): Promise<string[]> {
  makeFolder(folder);
  const missing: string[] = [];
  const paths: string[] = [];
  for (const requirement of requirements) {
    const present = (await readdir(folder)).find(name => isWheelOf(name, requirement));
    if (present) paths.push(join(folder, present));
    else missing.push(requirement);
  }
  if (missing.length === 0) return paths;

  const python = await findPython();
  const work = join(folder, 'incoming');
  await rm(work, { recursive: true, force: true });
  makeFolder(work);
  let reason = '';
  for (const args of pipDownloads(missing, work, process.arch)) {
    const result = await runPip(python, args, work, onProgress);
    if (result.ok) {
      for (const name of (await readdir(work)).filter(name => name.endsWith('.whl'))) {
        await rename(join(work, name), join(folder, name));
        paths.push(join(folder, name));
      }
      await rm(work, { recursive: true, force: true });
      return paths;
    }
    reason ||= result.reason;
    if (result.otherPythonsWillNotHelp) break;
  }
  await rm(work, { recursive: true, force: true });
  throw new PanxError(`pip could not bring ${missing.join(', ')}: ${reason}`, {
    hint: 'Connect to the network or point pip at a mirror and run `panx setup` again, or set PANX_LIBTENSORFLOW to the folder of an installed libtensorflow.',
  });
}

/** Whether a file is the wheel of a requirement such as `nvidia-cublas-cu12<13`: names compare as PEP 503 normalises them. */
function isWheelOf(file: string, requirement: string): boolean {
  const normal = (name: string) => name.replaceAll(/[-_.]+/g, '-').toLowerCase();
  return file.endsWith('.whl') && normal(file.split('-')[0]!) === normal(/^[\w.-]+/.exec(requirement)![0]);
}

/** A Python that has pip, and the environment that its pip is to run in. */
interface Python {
  program: string;
  env: NodeJS.ProcessEnv;
}

/** The first of PATH that has pip: that of a virtual environment may have none, and any will do. */
async function findPython(): Promise<Python> {
  const env = environmentOfQuestion(process.env);
  let first: PanxError | undefined;
  for (const program of pythonsOnPath()) {
    const { code, output } = await run(program, ['-m', 'pip', 'config', 'list'], env);
    if (code === 0) return { program, env: environmentOfDownload(output, process.env) };
    if (/^ERROR: /m.test(output)) {
      throw new PanxError(`pip, which brings TensorFlow, does not start: ${pipReason(output)}`, {
        hint: `Mend what pip complains of (\`${program} -m pip config debug\` shows its files) and run \`panx setup\` again.`,
      });
    }
    first ??= new PanxError(`${program} has no pip, which brings TensorFlow: ${lastLine(output)}`, {
      hint: 'Install pip (Debian: apt install python3-pip) and run `panx setup` again.',
    });
  }
  if (first !== undefined) throw first;
  throw new PanxError('Python 3 is not installed, and its pip brings TensorFlow.', {
    hint: 'Install Python 3 with pip (Debian: apt install python3-pip) and run `panx setup` again.',
  });
}

function pythonsOnPath(): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(folder => folder !== '');
  const all = ['python3', 'python'].flatMap(name => folders.map(folder => join(folder, name)));
  return [...new Set(all)].filter(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

async function runPip(
  python: Python,
  args: string[],
  work: string,
  onProgress: (bytes: number, ofBytes: number | null) => void,
): Promise<{ ok: boolean; reason: string; otherPythonsWillNotHelp: boolean }> {
  // pip's own temporary folder is put where its growth can be watched and where there is room.
  const temporary = join(work, 'partial');
  makeFolder(temporary);
  const env = { ...python.env, TMPDIR: temporary };
  let announced: number | null = null;
  const watch = setInterval(async () => onProgress(await sizeOfFolder(work), announced), 500);
  const startedMs = Date.now();
  try {
    const result = await run(python.program, args, env, text => {
      announced = announcedBytes(text) ?? announced;
    });
    const slow = Date.now() - startedMs > 60_000; // A network that lets requests time out will do so again.
    return {
      ok: result.code === 0,
      reason: pipReason(result.output),
      otherPythonsWillNotHelp: slow || !/No matching distribution/.test(result.output),
    };
  } finally {
    clearInterval(watch);
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The sizes that pip announces, "Downloading x.whl (273.8 MB)", added up; null where it announced none. */
export function announcedBytes(output: string): number | null {
  const units: Record<string, number> = { kB: 1e3, MB: 1e6, GB: 1e9 };
  const sizes = [...output.matchAll(/^\s*Downloading \S+ \(([\d.]+) (kB|MB|GB)\)/gm)];
  return sizes.length === 0 ? null : sizes.reduce((sum, [, value, unit]) => sum + Number(value) * units[unit!]!, 0);
}

/** The sentence in pip's output that says why: that the network cannot be reached, else its last line with ERROR. */
export function pipReason(output: string): string {
  const network =
    /(Failed to establish a new connection|Name or service not known|Temporary failure in name resolution|Connection refused|timed out|SSLError|ProxyError)/.exec(
      output,
    );
  if (network) return `its index cannot be reached (${network[1]})`;
  const errors = output.split('\n').filter(line => line.startsWith('ERROR:'));
  return (errors.at(-1) ?? lastLine(output)).replace(/^ERROR:\s*/, '');
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

async function sizeOfFolder(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    names.map(name =>
      stat(join(folder, name)).then(
        s => (s.isFile() ? s.size : 0),
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
