import type { Scores } from '../evaluation/score.js';
import { closeProgressLine, formatCount, formatSeconds, notice, progress } from '../system/console.js';
import type { StepReport } from '../training/loop.js';
import { type Heard, isOver } from '../training/monitor.js';
import { type Listening, monitorText } from './listening.js';

/** What a run says while it works. */
export interface Narration {
  notice(text: string): void;
  step(report: StepReport): void;
  scoring(lang: string, split: string, rows: number, of: number): void;
  scored(lang: string, split: string, scores: Scores): void;
  /** After an epoch of a training that listens. @param heard after it and all before it @param value what was heard in it */
  heard(heard: readonly Heard[], value: number, listening: Listening): void;
}

/** Progress on the terminal: one line that moves, with the loss and the time left, and a line for each result. */
export function narrate(label: string, plan: Course): Narration {
  let rows = 0;
  let durationMs = 0;
  return {
    notice: text => notice(`${label}  ${text}`),
    step: report => {
      // The first step of a process includes warming up, and would spoil the estimate of a short run.
      if (report.step > plan.fromStep + 1) {
        rows += report.rows;
        durationMs += report.durationMs;
      }
      progress(`${label}  ${stepText(report, plan, rows, durationMs)}`, { done: report.step === plan.totalSteps });
    },
    scoring: (lang, split, done, of) =>
      progress(`${label}  score ${lang} ${split}  ${formatCount(done)}/${formatCount(of)} rows`),
    scored: (lang, split, scores) => {
      closeProgressLine();
      notice(`${label}  ${scoresText(lang, split, scores)}`);
    },
    heard: (heard, value, listening) => {
      for (const line of heardLines(heard, value, listening)) notice(`${label}  ${line}`);
    },
  };
}

/** What a training that listens makes of an epoch: how far the best one is back, and what follows from that. */
export function heardLines(heard: readonly Heard[], value: number, listening: Listening): string[] {
  const { patience, select, learningRate } = listening.settings;
  const now = heard.at(-1)!;
  const peak = heard.at(-2)?.peak ?? learningRate;
  const best = now.best!;
  const what = `epoch ${now.epochs}  ${monitorText(listening)} ${value.toFixed(4)}`;
  const left = patience === null ? '' : ` (${now.withoutBetter} of ${patience})`;
  const lines = [
    best.epoch === now.epochs
      ? `${what}, the best so far`
      : `${what}, no better than ${best.value.toFixed(4)} of epoch ${best.epoch}${left}`,
  ];
  if (now.peak !== peak) lines.push(`learning rate reduced to ${now.peak.toExponential(2)}`);
  if (isOver(now, listening.settings)) {
    lines.push(
      `ends early, after epoch ${now.epochs}${select === 'best' ? `, and keeps the weights of epoch ${best.epoch}` : ''}`,
    );
  }
  return lines;
}

interface Course {
  epochs: number;
  totalSteps: number;
  fromStep: number;
  /** Milliseconds that what comes after this training will take, at a pace. */
  outlook?: ((msPerRow: number) => number) | undefined;
}

/** "epoch 1/3  step 120/1,875  loss 0.4321  rate 1.87e-5  310 rows/s  4 min 12 s left" */
export function stepText(report: StepReport, plan: Course, rows: number, durationMs: number): string {
  const pace = [];
  if (durationMs > 0) {
    const stepMs = durationMs / (report.step - plan.fromStep - 1);
    pace.push(`${formatCount(Math.round((rows / durationMs) * 1000))} rows/s`);
    const leftMs = (plan.totalSteps - report.step) * stepMs;
    pace.push(`${formatSeconds(leftMs / 1000)} left`);
    const afterMs = plan.outlook?.(durationMs / rows) ?? 0;
    if (afterMs > 0) pace.push(`study ${formatSeconds((leftMs + afterMs) / 1000)} left`);
  }
  return [
    `epoch ${report.epoch + 1}/${plan.epochs}`,
    `step ${formatCount(report.step)}/${formatCount(plan.totalSteps)}`,
    `loss ${report.loss.toFixed(4)}`,
    `rate ${report.learningRate.toExponential(2)}`,
    ...pace,
  ].join('  ');
}

/** "en test  micro F1 0.8123  precision 0.8011  recall 0.8238  accuracy 0.9321  (10,000 rows; seqeval default mode)" */
export function scoresText(lang: string, split: string, { f1, precision, recall, accuracy, rows }: Scores): string {
  const numbers = Object.entries({ 'micro F1': f1, precision, recall, accuracy }).map(
    ([name, value]) => `${name} ${value.toFixed(4)}`,
  );
  return `${lang} ${split}  ${numbers.join('  ')}  (${formatCount(rows)} rows; seqeval default mode)`;
}
