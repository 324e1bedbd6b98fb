#!/usr/bin/env node
import * as nodeModule from 'node:module';
import { Command, CommanderError, type OutputConfiguration } from 'commander';
import { commands, isHidden } from './commands/commands.js';
import { refuseEmptyValues, refuseUndecodedPaths } from './commands/empty-values.js';
import { nearest, PanxError } from './errors.js';
import { keptFolder } from './system/cache.js';
import { complaint, noticeLines, terminalWidth } from './system/console.js';
import { toldOf } from './system/faults.js';
import { makeFolder, reasonOf } from './system/files.js';
import { readPackage } from './system/package.js';

async function main(argv: string[]): Promise<void> {
  const program = new Command('panx')
    .description('Cross-lingual named entity recognition experiments from the command line.')
    .version(readPackage().version, '-V, --version')
    .configureOutput(usageErrors('panx'))
    .hook('preAction', (_, command) => {
      refuseEmptyValues(command);
      refuseUndecodedPaths(command);
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
    for (const parser of [command, ...command.commands]) parser.configureOutput(usageErrors(`panx ${name}`));
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
 * `panx ... | head` closes the pipe when it has seen enough. What a command prints to stdout comes when its work is done, or is all of its work:
 * then it ends, without a word; and with one where stdout is a disk that is full. What cannot be told on stderr is only not told any more.
 */
function bearClosedPipes(): void {
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') fail(new PanxError(`What was to be printed is not: stdout: ${reasonOf(error)}.`));
    process.exit();
  });
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
    process.exitCode = told.exitCode;
    return;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  noticeLines(`panx: internal error, please report it: ${stack}`);
  process.exitCode = 70;
}

keepCompiledCode();
bearClosedPipes();
// What comes up outside of what main waits for, in a stream or a timer, would otherwise be Node.js's to print.
process.on('uncaughtException', error => {
  fail(error);
  process.exit();
});
main(process.argv.slice(2)).catch(fail);
