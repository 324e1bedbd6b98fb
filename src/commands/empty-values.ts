import type { Command, Option } from 'commander';
import { excerpt, PanxError } from '../errors.js';

/**
 * Refuse options and arguments that are typed with nothing, or only blanks, behind them: `--size "$ROWS"` where ROWS is not set. None has a use
 * for that, but those of data, and some would take it for another value: no size at all, the folder one is in.
 *
 * @param command the one that is about to run
 * @throws PanxError naming the option or the argument
 */
export function refuseEmptyValues(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== 'cli') continue;
    const values: unknown[] = [command.getOptionValue(name)].flat();
    if (values.some(isEmpty) && !mayBeEmpty(option)) throw empty(nameOf(option));
  }
  const at = command.args.findIndex(isEmpty);
  if (at >= 0) throw empty(`The argument <${command.registeredArguments[at]?.name() ?? at + 1}>`);
}

/**
 * Refuse names of files and folders that hold U+FFFD: Node.js gives that for bytes that are no UTF-8, and what was read or written would be
 * another file than the one that is meant.
 *
 * @param command the one that is about to run
 * @throws PanxError naming the option or the argument
 */
export function refuseUndecodedPaths(command: Command): void {
  const isPath = (flags: string) => /[<[](folder|file|run)\b/.test(flags);
  for (const option of command.options.filter(({ flags }) => isPath(flags))) {
    const values: unknown[] = [command.getOptionValue(option.attributeName())].flat();
    if (values.some(isUndecoded)) throw undecoded(nameOf(option), values.find(isUndecoded));
  }
  for (const [at, value] of command.args.entries()) {
    const name = command.registeredArguments[at]?.name() ?? '';
    if (isPath(`<${name}>`) && isUndecoded(value)) throw undecoded(`The argument <${name}>`, value);
  }
}

/** A sentence is data: one without a word is tagged, as an empty line of a file is. */
function mayBeEmpty({ flags }: Option): boolean {
  return flags.endsWith('<sentence>');
}

/** The first of its names: `--lang` of `--lang, --langs <lang>`. */
function nameOf({ flags }: Option): string {
  return flags.split(/[ ,]/, 1)[0]!;
}

function isUndecoded(value: unknown): value is string {
  return typeof value === 'string' && value.includes('\ufffd');
}

function undecoded(subject: string, value: string | undefined): PanxError {
  return new PanxError(
    `${subject} is ${excerpt(value)}, with bytes that are not UTF-8 (or U+FFFD); expected a name in UTF-8.`,
    {
      hint: 'Choose another name; where it is there already, rename it, or give a link to it.',
      exitCode: 2,
    },
  );
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'string' && value.trim() === '';
}

function empty(subject: string): PanxError {
  return new PanxError(`${subject} is empty; expected a value.`, {
    hint: 'Give it a value, or leave it out. Where a shell variable was to give the value, it is not set.',
    exitCode: 2,
  });
}
