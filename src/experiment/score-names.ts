import { isLanguage } from '../config/kinds.js';
import { nearest, PanxError } from '../errors.js';

/** One number of a report of scores: `tr.f1`, `tr.PER.recall`, `tr.macro.f1`, `conll=de.loss`. */
export interface ScoreName {
  /** As it was typed. */
  text: string;
  lang: string;
  /** Over all entities, the mean of the types, or a type by itself. */
  of: 'micro' | 'macro' | { type: string };
  metric: MetricName;
}

/** Fractions of 1, but for the loss, which is in nats. `accuracy` and `loss` are of words, the others of entities. */
const metricNames = ['f1', 'precision', 'recall', 'accuracy', 'loss'] as const;
export type MetricName = (typeof metricNames)[number];

/**
 * Read the name of a score.
 *
 * @param subject what the sentence of an error begins with
 * @throws PanxError, exit code 2, where it names none
 */
export function parseScoreName(text: string, subject: string): ScoreName {
  const [, lang = '', rest = ''] = /^((?:[^=]*=)?[^.=]*)\.(.+)$/.exec(text) ?? [];
  if (rest === '') {
    throw new PanxError(`${subject} names the score "${text}"; expected LANGUAGE.METRIC, such as tr.f1.`, {
      hint: namesHint,
      exitCode: 2,
    });
  }
  if (!isLanguage(lang)) {
    throw new PanxError(`${subject} has the language "${lang}"; expected a language code such as tr.`, { exitCode: 2 });
  }
  const dot = rest.lastIndexOf('.');
  const [part, typed] = dot < 0 ? [null, rest] : [rest.slice(0, dot), rest.slice(dot + 1)];
  const metric = metricNames.find(name => name === typed);
  if (metric === undefined) {
    const suggestion = nearest(typed, metricNames);
    throw new PanxError(
      `${subject} has the metric "${typed}"${suggestion === undefined ? '.' : `; did you mean "${suggestion}"?`}`,
      { hint: namesHint, exitCode: 2 },
    );
  }
  const isOfWords = metric === 'accuracy' || metric === 'loss';
  if (part !== null && isOfWords) {
    throw new PanxError(`${subject} asks for ${metric} of "${part}"; expected ${lang}.${metric}: it is of all words.`, {
      exitCode: 2,
    });
  }
  const of = part === null || part === 'micro' ? 'micro' : part === 'macro' ? 'macro' : { type: part };
  return { text, lang, of, metric };
}

const namesHint = `The metrics are ${metricNames.join(', ')}. tr.PER.f1 is that of a type, tr.macro.f1 the mean of the types.`;
