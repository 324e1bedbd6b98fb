#!/usr/bin/env node
import * as nodeModule from 'node:module';
import { constants } from 'node:os';
import { Command, CommanderError, type OutputConfiguration } from 'commander';
import { commands, isHidden } from './commands/commands.js';
import { refuseEmptyValues, refuseUndecodedPaths } from './commands/empty-values.js';
import { codeOfStop, stoppedCode } from './commands/interrupt.js';
import { nearest, PanxError } from './errors.js';
import { keptFolder } from './system/cache.js';
import { complaint, complaintLines, notice, print, terminalWidth } from './system/console.js';
import { toldOf } from './system/faults.js';
import { makeFolder } from './system/files.js';
import { hangupIsIgnored } from './system/hangup.js';
import { hasLeft, lossOf, needsNoStdout, printsForPrograms, watchOutputs } from './system/outputs.js';
import { readPackage } from './system/package.js';

/** The command that runs. */
let typed: Command | null = null;

async function main(argv: string[]): Promise<void> {
  const program = new Command('panx')
    .description('Cross-lingual named entity recognition experiments from the command line.')
    .version(readPackage().version, '-V, --version')
    .configureOutput(usageErrors('panx'))
    .hook('preAction', (_, command) => {
      typed = command;
      refuseEmptyValues(command);
      refuseUndecodedPaths(command);
      const { json, format, export: exported } = command.opts();
      if (json || exported || (format !== undefined && format !== 'table')) printsForPrograms();
    })
    .exitOverride();
  const chosen = argv[0] === 'help' ? argv[1] : argv[0];
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = program
      .command(name, { hidden: isHidden(name) })
      .description(summary)
      .exitOverride();
    if (name !== chosen) continue;
    (await load()).define(command);
    command.configureOutput(usageErrors(`panx ${name}`));
    for (const part of command.commands) part.configureOutput(usageErrors(`panx ${name} ${part.name()}`));
  }
  if (chosen !== undefined && !chosen.startsWith('-') && !Object.hasOwn(commands, chosen) && chosen !== 'help') {
    const suggestion = nearest(chosen, Object.keys(commands));
    throw new PanxError(`Unknown command "${chosen}"${suggestion ? `; did you mean "${suggestion}"?` : '.'}`, {
      hint: 'panx --help lists the commands.',
      exitCode: 2,
    });
  }
  if (argv.length === 0) program.outputHelp();
  else await program.parseAsync(argv, { from: 'user' });
}

/** Commander's messages in the form of all others: one sentence, then what to do. */
function usageErrors(command: string): OutputConfiguration {
  return {
    getOutHelpWidth: () => terminalWidth() ?? 80,
    outputError: text => {
      const [message, ...more] = text
        .trim()
        .replace(/^error: (.)/, (_, first: string) => first.toUpperCase())
        .split('\n');
      const suggestion = more.length === 0 ? '.' : `; ${more.join(' ').replace(/[()]/g, '').replace(/^D/, 'd')}`;
      complaint(message!.replace(/\.$/, '') + suggestion, `${command} --help lists the options.`);
    },
  };
}

/** Keep what V8 compiles for the next command, which then starts 40 ms sooner, where Node.js can (from 22.1 on). */
function keepCompiledCode(): void {
  const { enableCompileCache } = nodeModule as { enableCompileCache?: (folder: string) => unknown };
  if (enableCompileCache === undefined) return;
  try {
    const folder = keptFolder('compiled');
    if (folder === null) return;
    makeFolder(folder); // Left to Node.js, it would never end in a place like /proc.
    enableCompileCache(folder);
  } catch {} // Without a place to keep it, nothing is kept.
}

/**
 * What was to be printed is not. Where a folder has it, as of a training, that is told; else panx ends. A reader that has left, as in
 * `panx ... | head`, is told nothing, and panx ends with the code of SIGPIPE, as other programs do.
 */
function bearLostStdout(): void {
  const loss = lossOf('stdout')!;
  if (needsNoStdout()) {
    if (!hasLeft('stdout')) notice(`what was to be printed is not: ${loss}; the folder of the results has it`);
    return;
  }
  if (hasLeft('stdout')) process.exit(128 + constants.signals.SIGPIPE);
  fail(new PanxError(`What was to be printed is not: ${loss}.`));
  process.exit();
}

/** An error whose hint names options as the command that runs has them. */
async function inOwnWords(error: unknown): Promise<unknown> {
  if (!(error instanceof PanxError) || typed === null || !error.hint?.includes('--')) return error;
  const { withOwnOptions } = await import('./commands/named-options.js');
  const { message, exitCode, cause } = error;
  return new PanxError(message, { hint: withOwnOptions(error.hint, typed), exitCode, cause });
}

/** Print one clear sentence and leave with the error's exit code; only a bug of panx shows a stack. */
function fail(error: unknown): void {
  if (error instanceof CommanderError) {
    // Commander has printed its own message; asking for help or the version is not a failure.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    return;
  }
  const told = toldOf(error);
  if (told !== null) {
    complaint(told.message, told.hint);
    process.exitCode = told.exitCode === stoppedCode ? codeOfStop() : told.exitCode;
    return;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  complaintLines(`panx: internal error, please report it: ${stack}`);
  process.exitCode = 70;
}

keepCompiledCode();
if (hangupIsIgnored()) process.on('SIGHUP', () => {});
watchOutputs(bearLostStdout, print);
// What comes up outside of what main waits for, in a stream or a timer, would otherwise be Node.js's to print.
process.on('uncaughtException', error => {
  fail(error);
  process.exit();
});
main(process.argv.slice(2)).catch(async (error: unknown) => fail(await inOwnWords(error)));
