import { expect, it } from 'vitest';
import { pageSummary, summarySection } from '../../../src/reporting/page/summary.js';
import { exampleTable } from '../example.js';

/** A table without a study behind it. */
const alone = (table: ReturnType<typeof exampleTable>) => ({ table, study: null, record: null });

it('has scores right behind what names the rows', async () => {
  const { markup } = summarySection(await pageSummary(alone(exampleTable()), undefined));
  const heads = [...markup.slice(0, markup.indexOf('</thead>')).matchAll(/<th [^>]*>([^<]*)<\/th>/g)].map(
    ([, head]) => head,
  );
  expect(heads.slice(0, 4)).toEqual(['phase', 'trained on', 'EN F1', 'TR F1']);
  expect(heads).toContain('status');
  // Cells go with their heads.
  const row = [...markup.matchAll(/<tr><td>3\.1<\/td>(.*?)<\/tr>/g)][0]![1]!;
  expect([...row.matchAll(/<td[^>]*>([^<]*)</g)].slice(0, 3).map(([, cell]) => cell)).toEqual([
    'en → tr 250',
    '0.8013',
    '0.7800',
  ]);
});

it('calls its curves after what is drawn', async () => {
  const captions = async (table: ReturnType<typeof exampleTable>) =>
    (await pageSummary(alone(table), undefined)).figures.map(({ caption }) => caption);
  const table = exampleTable();
  const of = (validation: Record<string, { loss: number; f1: number }>) => ({
    ...table,
    rows: table.rows.map(row => ({
      ...row,
      trainings: row.trainings.map(one => ({ ...one, curve: [{ epoch: 1, trainLoss: 0.5, validation }] })),
    })),
  });
  expect(await captions(of({}) as never)).toContain('Loss of training after each epoch');
  const { figures } = await pageSummary(alone(of({}) as never), undefined);
  expect(figures.at(-1)!.svg).not.toContain('Losses and F1');
  expect(await captions(of({ tr: { loss: 0.4, f1: 0.7 } }) as never)).toContain('Losses and F1 after each epoch');
});
