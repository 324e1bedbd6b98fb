import { PanxError } from '../../errors.js';
import type { Average, Metric, ScoringOptions, ZeroDivision } from './scores.js';
import { type Scheme, schemes } from './strict.js';

/** Tags of several sentences: (sentences) x (words of the sentence). */
export type Tags = readonly (readonly string[])[];

export interface SeqevalOptions {
  /** Absent: seqeval's default mode. A scheme: its strict mode. 'detect': strict, in the scheme of the true tags. */
  scheme?: Scheme | 'detect';
  /** The prefix stands behind the type: `PER-B`. */
  suffix?: boolean;
  /** What a score is whose denominator is 0. Default 'warn': 0, and `onWarning` hears of it. */
  zeroDivision?: ZeroDivision;
  /** Receives seqeval's warnings, sentence by sentence; nothing is printed. */
  onWarning?: (sentence: string) => void;
}

export interface AverageOptions extends SeqevalOptions {
  /** Default 'micro'. */
  average?: Average;
}

export interface FscoreOptions {
  /** Weight of recall against precision in the F-score. Default 1: both alike. Infinity gives recall. */
  beta?: number;
  /** The scores that are asked for: of others nobody is warned (warn_for in scikit-learn). Default: all three. */
  warnFor?: readonly Metric[];
}

/**
 * Check what callers without a type checker may have got wrong. seqeval itself takes any `zero_division` but 0 and 'warn'
 * for 1, and where it meets a scheme that it does not know, guesses one.
 *
 * @throws PanxError for an option outside its values
 */
export function checkOptions(options: AverageOptions & FscoreOptions): void {
  const { scheme, zeroDivision, average, beta } = options;
  const refuse = (name: string, found: unknown, expected: string): never => {
    throw new PanxError(`The option ${name} is ${JSON.stringify(found) ?? String(found)}; expected ${expected}.`);
  };
  if (scheme !== undefined && scheme !== 'detect' && !schemes.includes(scheme)) {
    refuse('scheme', scheme, `detect, ${schemes.join(', ')}, or none for the default mode`);
  }
  if (zeroDivision !== undefined && zeroDivision !== 'warn' && zeroDivision !== 0 && zeroDivision !== 1) {
    refuse('zeroDivision', zeroDivision, '0, 1 or "warn"');
  }
  if (average !== undefined && !['micro', 'macro', 'weighted'].includes(average)) {
    refuse('average', average, 'micro, macro or weighted (scoresByType gives each type by itself)');
  }
  if (beta !== undefined && !(beta >= 0)) refuse('beta', beta, 'a number of at least 0');
}

/**
 * Check that both sides are lists of sentences, each a list of tags, of the same lengths.
 *
 * @throws PanxError naming the first sentence that does not fit
 */
export function checkTags(yTrue: Tags, yPred: Tags): void {
  if (yTrue.length !== yPred.length) {
    throw new PanxError(
      `There are ${yTrue.length} true sentences and ${yPred.length} predicted ones; expected as many.`,
    );
  }
  for (const [i, sentence] of yTrue.entries()) {
    checkSentence(sentence, i, 'true');
    checkSentence(yPred[i]!, i, 'predicted');
    if (sentence.length === yPred[i]!.length) continue;
    throw new PanxError(
      `Sentence ${i} has ${sentence.length} true tags and ${yPred[i]!.length} predicted tags; expected as many.`,
    );
  }
}

function checkSentence(sentence: readonly string[], number: number, side: string): void {
  if (!Array.isArray(sentence)) {
    throw new PanxError(
      `Sentence ${number} of the ${side} tags is ${JSON.stringify(sentence)}; expected a list of its tags.`,
      { hint: 'Tags come as a list of sentences: for one sentence alone, a list with that one list in it.' },
    );
  }
  const wrong = sentence.findIndex(tag => typeof tag !== 'string');
  if (wrong < 0) return;
  throw new PanxError(
    `Tag ${wrong} of sentence ${number} of the ${side} tags is ${String(sentence[wrong])}; expected text such as B-PER.`,
  );
}

/** Of all options those about scores. */
export function scoring(options: SeqevalOptions & FscoreOptions): ScoringOptions {
  const { zeroDivision, onWarning, beta, warnFor } = options;
  return {
    ...(zeroDivision === undefined ? {} : { zeroDivision }),
    ...(onWarning === undefined ? {} : { onWarning }),
    ...(beta === undefined ? {} : { beta }),
    ...(warnFor === undefined ? {} : { warnFor }),
  };
}
