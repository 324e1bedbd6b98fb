import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PanxError } from '../../../src/errors.js';
import { getEntities } from '../../../src/evaluation/seqeval/entities.js';
import {
  type ClassificationReport,
  classificationReport,
  reportDictionary,
  reportText,
} from '../../../src/evaluation/seqeval/report.js';
import type { Average, ZeroDivision } from '../../../src/evaluation/seqeval/scores.js';
import {
  f1Score,
  precisionScore,
  recallScore,
  type SeqevalOptions,
  scoresByType,
} from '../../../src/evaluation/seqeval/seqeval.js';
import { type Scheme, strictEntities } from '../../../src/evaluation/seqeval/strict.js';

/** What seqeval itself answered: a value with its warnings, or an error. */
interface Observed<T> {
  value?: T;
  error?: string;
  message?: string;
  warnings: [category: string, sentence: string][];
}
type Entry = [type: string, start: number, end: number];
interface Case {
  case: string;
  y_true: string[][];
  y_pred: string[][];
}
interface ScoreCase extends Case, Observed<number | number[] | null> {
  fn: 'f1_score' | 'precision_score' | 'recall_score';
  average: Average | null;
  zero_division: ZeroDivision;
  mode: 'strict' | null;
  scheme: Scheme | null;
}
type ReportRow = Record<'precision' | 'recall' | 'f1-score' | 'support', number | null>;
interface ReportCase extends Case, Observed<string | Record<string, ReportRow>> {
  kwargs: {
    digits?: number;
    output_dict?: true;
    mode?: 'strict';
    scheme?: Scheme;
    zero_division?: ZeroDivision;
  };
}
interface ObservedFile {
  get_entities: ({ seq: string[] | string[][]; suffix: boolean } & Observed<Entry[]>)[];
  strict_tokens: ({ scheme: Scheme; seq: string[] } & Observed<Entry[]>)[];
  scores: ScoreCase[];
  reports: ReportCase[];
}

const file = new URL('../../../../shared/reference/seqeval-observed.json', import.meta.url);
const observed: ObservedFile = existsSync(file)
  ? (JSON.parse(readFileSync(file, 'utf8')) as ObservedFile)
  : { get_entities: [], strict_tokens: [], scores: [], reports: [] };

// All 863 observed answers: 29 readings, 132 strict readings, 648 scores, 54 reports; 389 of them in the default mode.
describe.skipIf(!existsSync(file))('seqeval as observed', () => {
  it('covers every observed answer', () => {
    const { get_entities, strict_tokens, scores, reports } = observed;
    const all = [...get_entities, ...strict_tokens, ...scores, ...reports];
    expect(all).toHaveLength(863);
    const defaultMode = scores.filter(s => s.mode === null).length + reports.filter(r => !r.kwargs.mode).length;
    expect(get_entities.length + defaultMode).toBe(389);
  });

  it.each(observed.get_entities)('getEntities($seq), suffix $suffix', ({ seq, suffix, value, warnings }) => {
    const heard: string[] = [];
    const entities = getEntities(seq, { suffix, onWarning: sentence => heard.push(sentence) });
    expect(entities).toEqual(value);
    expect(heard).toEqual(sentences(warnings));
  });

  it.each(observed.strict_tokens)('strictEntities($seq, $scheme)', ({ seq, scheme, value, message }) => {
    if (value === undefined) {
      const refuse = (): unknown => strictEntities(seq, scheme);
      expect(refuse).toThrow(PanxError);
      // seqeval names the tag and the prefixes, or breaks at a letter that no scheme has.
      const invalid = /^Invalid token is found: (.*)\. Allowed prefixes are: (.*)\.$/.exec(message!);
      if (invalid === null) expect(refuse).toThrow(`has the prefix "${message!.slice(1, -1)}"; ${scheme} allows `);
      else expect(refuse).toThrow(`Tag "${invalid[1]}" has the prefix "${invalid[1]![0]}"; ${scheme} allows `);
      if (invalid !== null) expect(refuse).toThrow(` ${invalid[2]!.split('|').join(', ')}.`);
      return;
    }
    // seqeval's strict mode gives the position after the last tag.
    expect(strictEntities(seq, scheme).map(([type, first, last]) => [type, first, last + 1])).toEqual(value);
  });

  it.each(observed.scores)('$fn of $case: average $average, 0/0 $zero_division, mode $mode', entry => {
    const heard: string[] = [];
    const options: SeqevalOptions = {
      zeroDivision: entry.zero_division,
      onWarning: sentence => heard.push(sentence),
      ...(entry.scheme === null ? {} : { scheme: entry.scheme }),
    };
    const score = (): number | number[] => {
      const { y_true, y_pred, average, fn } = entry;
      const { name, field, of } = functions[fn];
      if (average === null) return scoresByType(y_true, y_pred, { ...options, warnFor: [name] }).map(s => s[field]);
      return of(y_true, y_pred, { ...options, average });
    };
    if (entry.error !== undefined) {
      expect(score).toThrow('Sentence 0 has 1 true tags and 0 predicted tags; expected as many.');
      return;
    }
    expect(score()).toEqual(entry.value ?? Number.NaN);
    expect(heard).toEqual(sentences(entry.warnings));
  });

  it.each(observed.reports)('report of $case, $kwargs', entry => {
    const { y_true, y_pred, kwargs } = entry;
    const heard: string[] = [];
    const report = (): ClassificationReport =>
      classificationReport(y_true, y_pred, {
        onWarning: sentence => heard.push(sentence),
        ...(kwargs.zero_division === undefined ? {} : { zeroDivision: kwargs.zero_division }),
        ...(kwargs.mode === undefined ? {} : { scheme: kwargs.scheme ?? 'detect' }),
      });
    if (entry.case === 'lenmismatch') {
      expect(report).toThrow('Sentence 0 has 1 true tags and 0 predicted tags; expected as many.');
    } else if (entry.message?.startsWith('This scheme is not supported')) {
      expect(report).toThrow('No tagging scheme has exactly the prefixes O that the true tags use.');
    } else if (entry.error !== undefined) {
      // "max() arg is an empty sequence": where seqeval breaks, panx says that there is nothing to report.
      expect(reportText(report())).toContain('No entity among the true tags, and none among the predicted ones.');
    } else {
      const actual = report();
      if (kwargs.output_dict) expect(nanAsNull(reportDictionary(actual))).toEqual(entry.value);
      else expect(reportText(actual, kwargs.digits)).toBe(entry.value);
      expect(heard).toEqual(sentences(entry.warnings));
    }
  });
});

const functions = {
  f1_score: { name: 'f-score', field: 'f1', of: f1Score },
  precision_score: { name: 'precision', field: 'precision', of: precisionScore },
  recall_score: { name: 'recall', field: 'recall', of: recallScore },
} as const;

/** What was warned of, save numpy's remarks on its own mean of nothing, which come with the value NaN. */
function sentences(warnings: [category: string, sentence: string][]): string[] {
  return warnings.filter(([category]) => category !== 'RuntimeWarning').map(([, sentence]) => sentence);
}

/** JSON writes NaN as null, in the observed file as well. */
function nanAsNull(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
