import { stat } from 'node:fs/promises';
import { nearest, PanxError } from '../../errors.js';
import { knownTraining } from '../../experiment/analyse-subject.js';
import type { Places } from '../../experiment/places.js';
import type { SubjectTraining } from '../../experiment/subject.js';
import type { FoundPredictions } from '../../experiment/subject-predictions.js';
import { type ExportFormat, exported } from '../../reporting/page/export-formats.js';
import { createMatcher, noEntity, type SentenceFilter } from '../../reporting/page/filter.js';
import { langOf } from '../../reporting/page/language-section.js';
import { readSentence } from '../../reporting/page/report-content.js';
import { refuseInsideMade } from '../../run/mark.js';
import { formatCount, notice, print } from '../../system/console.js';
import { writeFileAtomic } from '../../system/files.js';
import { formatJson } from '../../system/json.js';
import { removeAbandonedNeighbours } from '../../system/made.js';
import { throughLink } from '../../system/place.js';
import { refuseInsideLanguage } from '../out-folder.js';

/**
 * Write the sentences that a filter leaves, a line each, to a file, or to stdout where none is given.
 *
 * @throws PanxError where predictions have no words, a type is nowhere in them, or what was seen in training is asked for and not known
 */
export async function exportSentences(
  found: readonly { training: SubjectTraining; predictions: readonly FoundPredictions[] }[],
  filter: SentenceFilter,
  { format, out, places }: { format: ExportFormat; out: string | undefined; places: Places },
): Promise<void> {
  const matches = createMatcher(filter);
  const types = new Set<string>();
  const lines: string[] = [];
  let all = 0;
  for (const { training, predictions } of found) {
    const known = filter.seen === null ? null : await knownTraining(training, predictions, places);
    if (known !== null && 'why' in known) {
      throw new PanxError(`--seen is given, and what was seen in training is not known: ${known.why}.`, {
        hint: 'Say with --data where the data lies, or leave --seen out.',
      });
    }
    for (const one of predictions) {
      let row = 0;
      const origin = { model: training.name, rows: one.rows, lang: langOf(one) };
      for await (const scored of one.read()) {
        const sentence = readSentence(scored, row++, known?.surfaces ?? null);
        if (sentence === null) throw new PanxError(`${one.path} has no words; expected them, to write sentences.`);
        for (const { gold, predicted } of sentence.entities) {
          for (const span of [gold, predicted]) if (span !== null) types.add(span.type);
        }
        if (matches(sentence)) lines.push(`${formatJson(exported(format, sentence, origin))}\n`);
      }
      all += row;
    }
  }
  for (const [option, type] of [
    ['--gold', filter.gold],
    ['--predicted', filter.predicted],
  ] as const) {
    if (type !== null && type !== noEntity) refuseUnknown(option, type, types);
  }
  if (out === undefined) print(lines.join(''));
  else {
    const place = await exportPlace(out); // Something may have come there meanwhile.
    await removeAbandonedNeighbours(place, 'file');
    await writeFileAtomic(place, lines.join(''));
  }
  notice(`${formatCount(lines.length)} of ${formatCount(all)} sentences${out === undefined ? '' : ` in ${out}`}`);
}

function refuseUnknown(option: string, type: string, types: ReadonlySet<string>): void {
  if (types.has(type)) return;
  const suggestion = nearest(type, [...types]);
  throw new PanxError(
    `${option} is "${type}", a type that no entity has${suggestion === undefined ? '.' : `; did you mean "${suggestion}"?`}`,
    { hint: `The types are ${[...types].sort().join(', ')}, and ${noEntity} for none.`, exitCode: 2 },
  );
}

/**
 * Where exported sentences go: a new file. Those that panx wrote before may have been annotated since, and look as they did.
 *
 * @throws PanxError where something is there
 */
export async function exportPlace(out: string): Promise<string> {
  await refuseInsideMade(out, '--out', { isFile: true });
  await refuseInsideLanguage(out);
  const place = await throughLink(out);
  const found = await stat(place).catch(() => undefined);
  if (found === undefined || (found.isFile() && found.size === 0)) return place;
  throw new PanxError(
    `--out ${out} is there already; expected a new file: exported sentences may have been annotated.`,
    {
      hint: 'Choose another file with --out, or move that one away.',
      exitCode: 2,
    },
  );
}
