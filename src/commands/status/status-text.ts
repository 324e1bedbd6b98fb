import type { StageKind, StageProgress } from '../../experiment/study-progress.js';
import { renderTerminal } from '../../reporting/render/terminal.js';
import { column, plainTable } from '../../reporting/table.js';
import { formatCount, formatSeconds } from '../../system/console.js';
import { visible } from '../../system/visible.js';
import { shortPath } from '../short-path.js';

/** A study and how far it is; or why nobody can tell. */
export type StudyStatus =
  | { name: string; folder: string | null; fault: string }
  | {
      name: string;
      folder: string;
      store: string;
      storeIsThere: boolean;
      /** Who runs it, in words; null where nobody does. */
      by: string | null;
      stages: StageProgress[];
      /** Milliseconds that the rest takes at the pace so far; null where that is unknown. */
      msLeft: number | null;
    };

/** The stages of a study with their states, and how much is done in all. */
export function statusText(study: StudyStatus): string {
  const name = visible(study.name);
  if ('fault' in study) return `${name}: ${visible(study.fault)}\n`;
  const by = study.by === null ? '' : `, run by ${visible(study.by)}`;
  const where = `${name}: ${visible(shortPath(study.folder))}, store ${visible(shortPath(study.store))}${by}`;
  const table = plainTable(
    ['stage', 'state', 'to be scored on'].map(head => column(head)),
    study.stages.map(stage => [stage.name, stateText(stage), stage.toScore.join(', ')]),
  );
  const text = renderTerminal(table, { width: Number.POSITIVE_INFINITY });
  const failures = study.stages.flatMap(({ name: stage, failure }) =>
    failure === null ? [] : [visible(`${stage} failed: ${failure}`)],
  );
  const lost = study.storeIsThere ? [] : ['Its store is not there: was the study moved, or the store?'];
  return [where, '', text, ...failures, ...lost, summary(study.stages, study.msLeft), ''].join('\n');
}

function stateText({ kind, steps, of, by, because, again }: StageProgress): string {
  const progress = `step ${formatCount(steps)} of ${formatCount(of)}, ${Math.floor((100 * steps) / of)}%`;
  const trained = again ? ', to be trained again: its weights are needed' : '';
  switch (kind) {
    case 'running':
      return `running: ${progress}, ${by}`;
    case 'interrupted':
      return steps === 0 ? 'interrupted: no state saved, begins again' : `interrupted, saved at ${progress}`;
    case 'trained':
      return 'trained, to be scored';
    case 'waiting':
      return (because === null ? 'waiting' : `waiting for ${because}`) + trained;
    case 'not run':
      return `not run: ${because} failed`;
    default:
      return kind;
  }
}

/** "3 of 9 stages done, 1 running, 4 waiting, 1 failed; about 2 h 10 min left" */
export function summary(stages: readonly StageProgress[], msLeft: number | null): string {
  const count = (kind: StageKind) => stages.filter(stage => stage.kind === kind).length;
  const others = {
    running: count('running'),
    'to be scored': count('trained'),
    interrupted: count('interrupted'),
    waiting: count('waiting'),
    failed: count('failed'),
    'not run': count('not run'),
  };
  const parts = Object.entries(others).flatMap(([what, number]) => (number === 0 ? [] : [`${number} ${what}`]));
  const left = stages.length - count('done') - count('failed') - count('not run');
  const time = msLeft === null ? 'time left unknown' : `about ${formatSeconds(msLeft / 1000)} left`;
  const all = `${count('done')} of ${stages.length} stages done`;
  return [all, ...parts].join(', ') + (left === 0 ? '' : `; ${time}`);
}
