import type { ModelConfig } from '../checkpoint/config.js';
import type { Config } from '../config/schema.js';
import type { Scores } from '../evaluation/score.js';
import { usablePositions } from '../model/inputs.js';
import { counted, formatCount, notice } from '../system/console.js';
import { type LossCounts, unseenIn } from '../tokenization/losses.js';
import { endSplitOf } from './row-settings.js';
import type { StageMetrics } from './stage.js';

/** Rows and what they lost on the way to subwords. */
interface UnseenOf {
  /** What sentences call them: "en/test". */
  name: string;
  /** How many rows there are is null where it is not known. */
  rows: LossCounts & { rows: number | null };
}

/** What rows are read for: what becomes of their words depends on it. */
export type Use = 'training' | 'scores' | 'tags';

const consequences: Record<Use, string> = {
  training: 'Nothing is learnt from words that are left out.',
  scores:
    'Words that are left out count neither in the loss nor in the scores: an entity of such words alone is not missed, and another is as long as what is left of it.',
  tags: 'Words that are left out get no tag.',
};

/** Splits, or parts of a re-split, by the names of row sets. */
export function splitsNamed(splits: readonly { lang: string; split: string; rows: UnseenOf['rows'] }[]): UnseenOf[] {
  return splits.map(({ lang, split, rows }) => ({ name: `${lang}/${split}`, rows }));
}

/** The same of a run that was found on disk. */
export function tellUnseenOfRun({ unseen = {}, test }: Pick<StageMetrics, 'unseen' | 'test'>, config: Config): void {
  const split = config.training.resplit ? 'fit' : 'train';
  const trained = Object.entries(unseen).map(([lang, counts]) => ({ lang, split, rows: { rows: null, ...counts } }));
  tellUnseen(splitsNamed(trained), ['training'], config, null);
  for (const [lang, scores] of Object.entries(test)) tellUnseenOf(`${lang}/${endSplitOf(config)}`, scores, config);
}

/** The same of scores that were found on disk. @param name of their rows, such as en/test */
export function tellUnseenOf(
  name: string,
  { rows, unseen }: Pick<Scores, 'rows' | 'unseen'>,
  config: TokenizationOf,
): void {
  if (unseen !== undefined) tellUnseen([{ name, rows: { rows, ...unseen } }], ['scores'], config, null);
}

type TokenizationOf = Pick<Config, 'tokenization'>;

/** What this process has said already. */
const told = new Set<string>();
let isLeft = false;

/** Say nothing in this process: whoever began it says it once for all that it began. */
export function leaveUnseenToParent(): void {
  isLeft = true;
}

/**
 * Say, once for all rows at hand, which words a model does not see, how they count, and what to do. Nothing where it sees all, or where all of
 * it was said by this process before: a set that is read twice is told of once.
 *
 * @param model that reads them; null: not known
 */
export function tellUnseen(
  sets: readonly UnseenOf[],
  uses: readonly Use[],
  { tokenization }: TokenizationOf,
  model: ModelConfig | null,
): void {
  const { maxLength } = tokenization;
  const room = model === null ? null : usablePositions(model);
  const long = room === null ? 'too long' : `longer than ${formatCount(Math.min(maxLength, room))} subwords`;
  const fresh: string[] = [];
  for (const { name, rows } of sets) {
    const lost = unseenText(rows, tokenization, long);
    const key = JSON.stringify([name, unseenIn(rows), tokenization]);
    if (lost !== null && !told.has(key)) fresh.push(`${name}: ${lost}`);
    told.add(key);
  }
  if (fresh.length === 0 || isLeft) return;
  const isOut = ({ rows: { truncatedWords, emptyWords } }: UnseenOf) =>
    truncatedWords > 0 || (emptyWords > 0 && tokenization.emptyWords === 'drop');
  const after = sets.some(isOut) ? uses.map(use => consequences[use]) : [];
  if (tokenization.longRows === 'cut' && sets.some(({ rows }) => rows.truncatedWords > 0)) {
    after.push(wayOut(maxLength, room));
  }
  notice([`${fresh.join('; ')}.`, ...after].join(' '));
}

/**
 * "3 of 200 rows are longer than 128 subwords: 41 words at the end are left out, and 2 words without a subword are left out"; null where the
 * model sees all.
 */
function unseenText(
  { rows, truncatedRows, truncatedWords, emptyWords }: UnseenOf['rows'],
  tokenization: Config['tokenization'],
  long: string,
): string | null {
  const parts: string[] = [];
  if (truncatedRows > 0) {
    const which =
      rows === null ? counted(truncatedRows, 'row') : `${formatCount(truncatedRows)} of ${counted(rows, 'row')}`;
    parts.push(
      tokenization.longRows === 'split'
        ? `${which} ${truncatedRows === 1 ? 'has' : 'have'} a word that is ${long}, of which the first are kept`
        : `${which} ${truncatedRows === 1 ? 'is' : 'are'} ${long}: ${endText(truncatedWords)}`,
    );
  }
  if (emptyWords > 0) {
    const one = emptyWords === 1;
    const words = `${counted(emptyWords, 'word')} without a subword ${one ? 'is' : 'are'}`;
    parts.push(
      tokenization.emptyWords === 'drop'
        ? `${words} left out`
        : `${words} read as the unknown token, and ${one ? 'counts' : 'count'}`,
    );
  }
  return parts.length === 0 ? null : parts.join('; ');
}

function endText(truncatedWords: number): string {
  if (truncatedWords === 0) return 'the last subwords of the last word are cut off, and the word counts';
  return `${counted(truncatedWords, 'word')} at the end ${truncatedWords === 1 ? 'is' : 'are'} left out`;
}

function wayOut(maxLength: number, room: number | null): string {
  const split = 'To take them in, split such rows between words (--set tokenization.longRows=split)';
  if (room !== null && maxLength >= room)
    return `${split}; a larger maxLength would not help, since the model has no positions for longer ones.`;
  if (room === null) return `${split}, or raise tokenization.maxLength where the model has positions for more.`;
  const positions = Number.isFinite(room)
    ? `the model has positions for ${formatCount(room)}`
    : 'the model takes rows of any length';
  return `${split}, or raise tokenization.maxLength: ${positions}.`;
}
