import { type Command, Option } from 'commander';
import { nearest, PanxError } from '../../errors.js';
import { type ExportFormat, exportFormats } from '../../reporting/page/export-formats.js';
import { entityLengths, filterKinds, type SentenceFilter, seenNames } from '../../reporting/page/filter.js';

/** What was typed. */
export interface FilterOptions {
  export?: ExportFormat;
  kind?: string;
  gold?: string;
  predicted?: string;
  length?: string;
  seen?: string;
  search?: string;
}

/** Add --export and the filters of the page's list of sentences. */
export function addFilterOptions(command: Command): void {
  command
    .addOption(
      new Option(
        '--export <format>',
        'write the sentences that the options below leave, a line each, not a page',
      ).choices([...exportFormats]),
    )
    .option('--kind <kind>', `with --export: sentences with an entity of this kind: ${filterKinds.join(', ')}`)
    .option('--gold <type>', 'with an entity whose true type is this; O: predicted where there is no entity')
    .option('--predicted <type>', 'with an entity whose predicted type is this; O: not predicted at all')
    .option('--length <words>', `with an entity of so many words: ${entityLengths.join(', ')}`)
    .option(
      '--seen <how>',
      `with an entity whose text stands in training rows as an entity of the same type, of another type only, or not: ${seenNames.join(', ')}`,
    )
    .option(
      '--search <text>',
      'with this text in the sentence, whatever its case and accents; in double quotes, as in \'"Bank of"\', with these words whole',
    );
}

/** @throws PanxError for a value that is none, and for a filter without --export, exit code 2 */
export function filterOf(options: FilterOptions): SentenceFilter {
  const { kind, gold, predicted, length, seen, search } = options;
  const given = Object.entries({ kind, gold, predicted, length, seen, search }).find(
    ([, value]) => value !== undefined,
  );
  if (given !== undefined && options.export === undefined) {
    throw new PanxError(`--${given[0]} is given without --export: a report has all sentences.`, {
      hint: `Add --export ${exportFormats.join(' or --export ')}, or filter in the page.`,
      exitCode: 2,
    });
  }
  return {
    kind: oneOf('--kind', kind, filterKinds),
    gold: gold ?? null,
    predicted: predicted ?? null,
    length: oneOf('--length', length, entityLengths),
    seen: oneOf('--seen', seen, seenNames),
    search: search ?? '',
  };
}

function oneOf<T extends string>(option: string, typed: string | undefined, known: readonly T[]): T | null {
  if (typed === undefined) return null;
  const found = known.find(one => one === typed);
  if (found !== undefined) return found;
  const suggestion = nearest(typed, known);
  throw new PanxError(`${option} is "${typed}"${suggestion === undefined ? '.' : `; did you mean "${suggestion}"?`}`, {
    hint: `It is one of ${known.join(', ')}.`,
    exitCode: 2,
  });
}
