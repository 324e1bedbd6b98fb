import type { Command } from 'commander';
import { PanxError } from '../errors.js';

/**
 * Refuse options and arguments that are typed with nothing, or only blanks, behind them: `--size "$ROWS"` where ROWS is not set. None has a use
 * for that, and some would take it for another value: no size at all, the folder one is in.
 *
 * @param command the one that is about to run
 * @throws PanxError naming the option or the argument
 */
export function refuseEmptyValues(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== 'cli') continue;
    const values: unknown[] = [command.getOptionValue(name)].flat();
    if (values.some(isEmpty)) throw empty(option.long ?? option.flags);
  }
  const at = command.args.findIndex(isEmpty);
  if (at >= 0) throw empty(`The argument <${command.registeredArguments[at]?.name() ?? at + 1}>`);
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
