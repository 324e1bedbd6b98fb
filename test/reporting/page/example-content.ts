import type { ScoredRow } from '../../../src/evaluation/foreign-predictions.js';
import type { FoundPredictions } from '../../../src/experiment/subject-predictions.js';
import { type ReportContent, reportedStages } from '../../../src/reporting/page/report-content.js';
import { mulberry32 } from '../../mulberry32.js';

/** The rows of the error kinds' fixture: correct 3, type 1, boundary 3, both 1, missed 2, spurious 2. */
export const fixtureRows: ScoredRow[] = [
  row('Ada Lovelace in London today', 'B-PER I-PER O B-LOC O', 'B-PER I-PER O B-LOC O'),
  row('Bank of England , Paris', 'B-ORG I-ORG I-ORG O B-LOC', 'O B-ORG I-ORG O B-ORG'),
  row('Grace Hopper wrote it down', 'B-PER I-PER O O O', 'B-LOC O O B-ORG O'),
  row('Oslo : Niels Henrik Abel', 'B-LOC O B-PER I-PER I-PER', 'B-LOC O O O O'),
  row('Ann Bob like Acme Corp', 'B-PER B-PER O B-ORG I-ORG', 'B-PER I-PER O B-ORG B-ORG'),
  row('none of these is one', 'O O O O O', 'O O O O O'),
];

/** Text that would act, or be taken for something else, where it is not escaped. */
export const hostileWords = [
  '</script><script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><svg/onload=alert(2)>',
  "'&quot;&amp;&#60;",
  '<!--',
  '\u202Eevil\u202C',
  '\u0000\u0007\u001b[31m',
  '\u2028',
  'javascript:alert(3)',
  ['$', '{alert(4)}'].join(''),
  'x'.repeat(5000),
  'שלום',
  '東京都庁',
  'İstanbul',
];

export const hostileType = 'O"><b>\u202E<script>alert(5)</script>';

export const hostileRows: ScoredRow[] = [
  row(
    hostileWords,
    hostileWords.map((_, i) => (i % 2 === 0 ? `B-${hostileType}` : 'O')),
    hostileWords.map(() => 'B-LOC'),
  ),
  row(
    Array.from({ length: 439 }, (_, i) => `w${i}`),
    Array.from({ length: 439 }, (_, i) => (i % 7 === 0 ? 'B-ORG' : 'O')),
    Array.from({ length: 439 }, () => 'O'),
  ),
  {
    ...row('cut off', 'B-LOC I-LOC', 'B-LOC O'),
    predicted: ['B-LOC', null],
    loss: [0.1, null],
    probability: [0.9, null],
  },
  row('أحمد سافر إلى القاهرة', 'B-PER O O B-LOC', 'O O O B-LOC'),
  row('', '', ''),
  row(['two words', 'one'], 'B-ORG O', 'O B-ORG'),
];

/** Many rows, the same each time, of all kinds of errors. */
export function manyRows(count: number): ScoredRow[] {
  const random = mulberry32(7);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const syllables = ['an', 'ka', 'ra', 'is', 'tan', 'bul', 'ga', 'la', 'sa', 'ray', 'öz', 'gür', 'şe', 'hir'];
  const types = ['LOC', 'ORG', 'PER'];
  return Array.from({ length: count }, () => {
    const words = Array.from({ length: 3 + Math.floor(random() * 12) }, () =>
      Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(syllables)).join(''),
    );
    const gold = words.map(() => (random() < 0.25 ? `B-${pick(types)}` : 'O'));
    const predicted = gold.map(tag => (random() < 0.2 ? pick(['O', 'B-LOC', 'B-ORG', 'I-PER']) : tag));
    return row(words, gold, predicted);
  });
}

/** A report of one training, with row sets of languages. */
export async function contentOf(rows: Readonly<Record<string, readonly ScoredRow[]>>): Promise<ReportContent> {
  const predictions = Object.entries(rows).map(
    ([lang, own]): FoundPredictions => ({
      ...{ rows: `${lang}/test`, lang, split: 'test', path: '' },
      async *read() {
        yield* own;
      },
    }),
  );
  const training = { kind: 'file', name: 'example/stage-1', path: 'example' } as const;
  const { stages, labels } = await reportedStages([{ training, predictions }], { places: {}, most: 20 });
  return { name: 'example', facts: [['model', '<b>xlm-r</b>']], summary: null, choice: null, stages, labels };
}

function row(words: string | string[], gold: string | string[], predicted: string | string[]): ScoredRow {
  const list = (text: string | string[]) => (typeof text === 'string' ? text.split(' ').filter(Boolean) : text);
  const [ws, gs, ps] = [list(words), list(gold), list(predicted)];
  const loss = gs.map((tag, i) => (tag === ps[i] ? 0.01 : 2.5));
  return { words: ws, gold: gs, predicted: ps, loss, probability: gs.map(() => 0.9) };
}
