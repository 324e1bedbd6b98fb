import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { PanxError } from '../errors.js';
import { runStage } from '../experiment/run.js';
import { type Check, type Places, repeatRun, runsIn, verifyRun, verifyTable } from '../experiment/verify.js';
import { type RunDirectory, runDirectory } from '../run/directory.js';
import { temporaryNeighbour } from '../run/files.js';

interface VerifyOptions extends Places {
  rerun?: boolean;
  out?: string;
  json?: boolean;
}

/** panx verify: is a finished run, or a sweep, still what it was, and does it come out the same again? */
export function define(command: Command): void {
  command
    .argument('<run>', 'folder of a run, or of a sweep')
    .option('--rerun', 'also train it again, and compare everything byte for byte')
    .option('--out <folder>', 'keep the repeated run here (default: it is removed)')
    .option('--data <folder>', 'where the data lies, if it was moved')
    .option('--model <folder>', 'where the starting checkpoint lies, if it was moved')
    .option('--json', 'print the findings as JSON')
    .action(async (folder: string, options: VerifyOptions) => verify(folder, options));
}

async function verify(folder: string, options: VerifyOptions): Promise<void> {
  const runs = await runsIn(folder);
  if (runs.length === 0) {
    throw new PanxError(`${folder} holds no run: neither identity.json nor stages of a sweep are there.`, {
      hint: 'Give the folder that panx train or panx sweep wrote (--out).',
    });
  }
  const sweep = runs[0]!.root !== folder;
  const report: { run: string; checks: Check[] }[] = [];
  const tell = (run: string, checks: Check[]) => {
    report.push({ run, checks });
    if (!options.json) process.stdout.write(checksText(run, checks));
  };
  for (const run of runs) {
    const checks = await verifyRun(run, options);
    const sound = checks.every(({ holds }) => holds);
    if (options.rerun && sound) checks.push(await rerun(run, options));
    tell(run.root, checks);
  }
  if (sweep) tell(folder, [await verifyTable(folder, runs)]);
  if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  if (report.some(({ checks }) => checks.some(({ holds }) => !holds))) process.exitCode = 1;
}

async function rerun(run: RunDirectory, options: VerifyOptions): Promise<Check> {
  const again = runDirectory(options.out === undefined ? temporaryNeighbour(run.root) : join(options.out, nameOf(run)));
  try {
    return await repeatRun(run, options, again, runStage);
  } finally {
    if (options.out === undefined) await rm(again.root, { recursive: true, force: true });
  }
}

function nameOf({ root }: RunDirectory): string {
  return root.split(/[\\/]/).filter(Boolean).at(-1)!;
}

function checksText(run: string, checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ subject }) => subject.length));
  const lines = checks.map(({ subject, holds, found }) => `  ${holds ? '✓' : '✗'} ${subject.padEnd(width)}  ${found}`);
  return `${[run, ...lines].join('\n')}\n`;
}
