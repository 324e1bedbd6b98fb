import { listed, nearest, PanxError } from '../../errors.js';
import { type SweepRow, type SweepTable, summaryOf } from '../../experiment/table.js';
import type { WholeSubject } from '../../experiment/whole-subject.js';
import { listOf } from '../lists.js';

/**
 * Which trainings of a study have their errors shown. All of them would make a file that no browser opens quickly: it is the row with the best mean
 * F1, and of several seeds the first.
 *
 * @param typed names of rows or of trainings with commas between, or `all`: the first seed of each row
 * @returns their names, and in sentences of which trainings they are and why these; null where there is no other
 */
export function stagesToReport(
  { name, table }: Pick<WholeSubject, 'name' | 'table'>,
  typed: string | undefined,
): { ids: string[]; choice: string | null } {
  const rows = table.rows.filter(row => firstDone(row) !== null);
  if (rows.length === 0) {
    throw new PanxError(`${name} has no stage that is trained yet.`, {
      hint: `panx status ${name} says how far it is.`,
    });
  }
  if (typed !== undefined) {
    const ids = chosen(name, rows, typed);
    const ofSeeds = rows.some(({ trainings }) => trainings.length > 1 && trainings.some(one => ids.includes(one.id)));
    const one = ids.length === 1 ? 'This is one training, of one seed.' : 'Each is one training, of one seed.';
    return { ids, choice: ofSeeds ? `${one} ${meansOfAll}` : null };
  }
  const best = rows.reduce((one, other) => (meanF1(other, table) > meanF1(one, table) ? other : one));
  const id = firstDone(best)!;
  const hasSeeds = best.trainings.length > 1;
  const seed = best.trainings.find(training => training.id === id)!.seed;
  const mean = `${meanF1(best, table).toFixed(4)} over ${table.langs.join(', ')}`;
  const sentences = [
    ...(hasSeeds ? [`This is one training, seed ${seed}, the first of ${best.trainings.length} seeds.`] : []),
    ...(rows.length > 1
      ? [
          `Of ${rows.length} stages ${hasSeeds ? 'its stage' : 'this one'} has the best mean F1 on the ${table.conditions.split} split (${mean}).`,
        ]
      : []),
    ...(hasSeeds ? [meansOfAll] : []),
  ];
  if (sentences.length === 0) return { ids: [id], choice: null };
  return { ids: [id], choice: [...sentences, 'panx report --stages shows others.'].join(' ') };
}

const meansOfAll = 'The tables of results have the means of all seeds.';

function chosen(study: string, rows: readonly SweepRow[], typed: string): string[] {
  const names = listOf('--stages', typed);
  if (names.includes('all')) return [...new Set(rows.map(row => firstDone(row)!))];
  const trainings = rows.flatMap(row => row.trainings.filter(({ status }) => status === 'done').map(({ id }) => id));
  const ids = names.map(name => {
    const row = rows.find(({ id }) => id === name);
    if (row !== undefined) return firstDone(row)!;
    if (trainings.includes(name)) return name;
    const known = [...rows.map(({ id }) => id), ...trainings];
    const suggestion = nearest(name, known);
    throw new PanxError(
      `--stages names "${name}", which is no trained stage of ${study}${suggestion === undefined ? '.' : `; did you mean ${suggestion}?`}`,
      {
        hint: `Its stages are ${listed(
          rows.map(({ id }) => id),
          12,
        )}; all takes all of them.`,
        exitCode: 2,
      },
    );
  });
  return [...new Set(ids)];
}

function firstDone({ trainings }: SweepRow): string | null {
  return trainings.find(({ status }) => status === 'done')?.id ?? null;
}

/** Over the languages that have one; 0 where none has. */
function meanF1(row: SweepRow, { langs }: SweepTable): number {
  return summaryOf(langs.flatMap(lang => row.f1[lang] ?? [])).mean ?? 0;
}
