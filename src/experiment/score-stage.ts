import { type Scores, score } from '../evaluation/score.js';
import { readEvents } from '../run/events.js';
import { phase } from '../system/profile.js';
import { unseenIn } from '../tokenization/losses.js';
import { worseThanGuessing } from '../training/loop.js';
import type { RunData, ScoredRows } from './corpus.js';
import { endOf, selectionOf } from './ending.js';
import { sealLog, sealRun } from './outputs.js';
import { rowsVisited } from './read-rows.js';
import { metricOf, readResult } from './results.js';
import { endSplitOf } from './row-settings.js';
import { type Session, stopped } from './session.js';
import type { StageMetrics, StageResult } from './stage.js';

/** Score what is scored at the end and write metrics.json, which says that the run is done. */
export async function finish(session: Session): Promise<StageResult> {
  const { request, run, data, plan, steps, heard } = session;
  const end = endOf(plan, heard);
  const test: StageMetrics['test'] = {};
  for (const split of data.test) {
    test[split.lang] = await scoreSplit(session, split, end.kept, async () => {
      if (request.signal?.aborted) throw stopped(end.step, steps);
    });
  }
  const events = await readEvents(run.events);
  const losses = events.flatMap(event => (event.event === 'step' ? [event.loss] : []));
  const worse = worseThanGuessing(losses, session.model.config.labels.length);
  if (worse !== null) session.narration.notice(worse);
  const metrics: StageMetrics = {
    rows: data.train.rows,
    ...(data.train.segments === undefined ? {} : { segments: rowsVisited(data) }),
    ...unseenByLanguage(data.training),
    steps: end.step,
    trainLoss: losses.length === 0 ? null : losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    metric: data.test.length === 0 ? null : metricOf(request.config),
    test,
    ...selectionOf(plan, heard),
    ...(data.resplit === null ? {} : { resplit: data.resplit }),
  };
  session.log.flush();
  await sealRun(run, metrics);
  return await readResult(run);
}

/** What the training rows lost; {} where nothing. */
function unseenByLanguage(training: RunData['training']): Pick<StageMetrics, 'unseen'> {
  const unseen = training.flatMap(({ lang, rows }) => {
    const { unseen } = unseenIn(rows);
    return unseen === undefined ? [] : [[lang, unseen] as const];
  });
  return unseen.length === 0 ? {} : { unseen: Object.fromEntries(unseen) };
}

/** Score one split and log it; one that an interrupted part of this run had scored and logged at this step is not scored again. */
export async function scoreSplit(
  { request, run, model, past, log, narration }: Session,
  { lang, split, rows }: ScoredRows,
  at: { step: number; epoch: number },
  stopIfAsked: () => Promise<void>,
): Promise<Scores> {
  for (const event of past) {
    if (event.step === at.step && event.lang === lang && event.split === split) {
      const { precision, recall, f1, accuracy, loss, unseen } = event;
      const scores = { precision, recall, f1, accuracy, loss, rows: event.rows };
      return unseen === undefined ? scores : { ...scores, unseen };
    }
  }
  await stopIfAsked();
  const startedMs = performance.now();
  const { scores } = await phase('scoring', () =>
    score(model, rows, {
      batchSize: request.config.evaluation.batchSize,
      weights: `${run.root} after step ${at.step}`,
      onProgress: async done => {
        narration.scoring(lang, split, done, rows.rows);
        await stopIfAsked();
      },
    }),
  );
  log.append({ event: 'evaluation', ...at, lang, split, ...scores }, performance.now() - startedMs);
  if (split === endSplitOf(request.config)) {
    log.flush();
    await sealLog(run);
  }
  narration.scored(lang, split, scores);
  return scores;
}
