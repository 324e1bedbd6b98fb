import type { Config } from '../config/schema.js';
import type { EvaluationEvent } from '../run/events.js';
import { lastHeard } from '../training/epoch-end.js';
import { type Heard, hear, listens, type MonitorSettings, monitored } from '../training/monitor.js';
import { epochSplitOf } from './row-settings.js';

/** What a training listens to after each epoch. */
export interface Listening {
  /** The splits whose scores it listens to. */
  splits: readonly { lang: string; split: string }[];
  settings: MonitorSettings;
}

/** Null where what it comes to does not depend on any score. */
export function listeningOf({ training }: Pick<Config, 'training'>): Listening | null {
  if (!listens(training)) return null;
  const langs = training.monitorLangs.length > 0 ? training.monitorLangs : training.langs;
  const split = epochSplitOf({ training });
  return { splits: langs.map(lang => ({ lang, split })), settings: training };
}

/** What an epoch was worth. @param scores of all splits that were scored after it */
export function worthOf(scores: readonly EvaluationScores[], { splits, settings }: Listening): number {
  const heard = splits.map(set => scores.find(({ lang, split }) => lang === set.lang && split === set.split)!);
  return monitored(heard, settings);
}

type EvaluationScores = Pick<EvaluationEvent, 'lang' | 'split' | 'rows' | 'loss' | 'f1'>;

/**
 * What was heard after each of the first epochs.
 *
 * @param evaluations all scores of those epochs, among others
 */
export function heardIn(evaluations: readonly EvaluationEvent[], listening: Listening, epochs: number): Heard[] {
  const heard: Heard[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const scores = evaluations.filter(event => event.epoch === epoch);
    heard.push(hear(lastHeard(heard, listening.settings), worthOf(scores, listening), listening.settings));
  }
  return heard;
}

/** "loss of en/validation", "f1 of en/validation and tr/validation" */
export function monitorText({ splits, settings }: Listening): string {
  return `${settings.monitor} of ${splits.map(({ lang, split }) => `${lang}/${split}`).join(' and ')}`;
}
