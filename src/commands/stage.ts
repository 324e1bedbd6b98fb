import type { Command } from 'commander';
import { PanxError } from '../errors.js';
import { runStage } from '../experiment/run.js';
import { openStore, storePath } from '../experiment/store.js';
import { leaveUnseenToParent } from '../experiment/unseen-words.js';
import { workOnStage } from '../experiment/work.js';
import { busyExitCode, takeRequest } from '../launch/processes.js';
import { notice } from '../system/console.js';
import { abortOnSignals } from './interrupt.js';
import { storeHelp } from './options.js';

/** panx stage: work on one stage of a study, as `panx run --jobs` has it done in processes of their own. */
export function define(command: Command): void {
  command
    .argument('<key>', 'key of the stage')
    .requiredOption('--request <sha256>', 'SHA-256 of its request, a file of the store')
    .option('--store <folder>', storeHelp)
    .action(async (key: string, options: StageOptions) => await stage(key, options));
}

interface StageOptions {
  request: string;
  store?: string;
}

async function stage(key: string, options: StageOptions): Promise<void> {
  if (!isSha256(key)) {
    throw new PanxError(`"${key}" is no key of a stage; expected 64 hexadecimal digits.`, {
      hint: 'panx run --jobs begins these processes itself; panx list shows the keys.',
      exitCode: 2,
    });
  }
  if (!isSha256(options.request)) {
    throw new PanxError(`--request is "${options.request}"; expected 64 hexadecimal digits.`, { exitCode: 2 });
  }
  leaveUnseenToParent();
  const store = await openStore(storePath(options.store));
  const { task, wait, ...request } = await takeRequest(store, key, options.request);
  const signal = abortOnSignals(`${task.label}  stopping after this step; the training state will be saved`);
  stopWithParent();
  const place = { ...request, store, signal, runStage, onNotice: notice };
  try {
    if ((await workOnStage(task, place, wait)) === 'busy') process.exitCode = busyExitCode;
  } catch (error) {
    // Whoever began this process tells why it failed, which the store notes, or that it was stopped.
    if (process.stdin.isTTY || !(error instanceof PanxError)) throw error;
    process.exitCode = error.exitCode;
  }
}

function isSha256(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** Whoever began this process holds its standard input open; when that ends, the study was stopped. */
function stopWithParent(): void {
  if (process.stdin.isTTY) return;
  process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM'));
  process.stdin.on('error', () => {});
  process.stdin.resume();
  process.stdin.unref?.();
}
