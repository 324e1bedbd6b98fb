/** A stage as the order of work sees it. */
export interface GraphNode {
  id: string;
  /** The stage that it starts from; null starts from the base model. */
  startsFrom: string | null;
  done: boolean;
}

export interface GraphOptions {
  /** Stages that are worked on at once, at most. */
  jobs: number;
  /** After a stage has failed, begin no other. */
  failFast: boolean;
  signal?: AbortSignal | undefined;
}

export interface GraphHooks {
  /**
   * Do a stage's work. `busy`: somebody else is at it, and there is other work to do first; not given where `wait` is set.
   *
   * @param wait there is nothing else to do: wait for somebody else
   */
  work(id: string, wait: boolean): Promise<'done' | 'busy'>;
  /** A stage is done. */
  onDone(id: string): Promise<void>;
  onFailed(id: string, error: unknown): Promise<void>;
  /** A stage will not be worked on, because of another that it needs or, under `failFast`, because one has failed. */
  onNotRun(id: string, because: string): void;
}

/** Stages by what became of them, in their order. */
export interface GraphOutcome {
  failed: string[];
  notRun: string[];
}

/**
 * Work on stages, each after the one it starts from, in their order otherwise. A stage that fails keeps those that start from it from being
 * worked on, and no others.
 *
 * @param nodes each after the one it starts from
 * @throws what `work` throws once `signal` is aborted, or `StoppedBefore` the first stage that was not begun; those that are being worked on
 *   have ended by then
 */
export async function runGraph(
  nodes: readonly GraphNode[],
  { jobs, failFast, signal }: GraphOptions,
  hooks: GraphHooks,
): Promise<GraphOutcome> {
  const state = new Map<string, State>(nodes.map(({ id, done }) => [id, done ? 'done' : 'waiting']));
  const running = new Map<string, Promise<void>>();
  const busy = new Set<string>();
  let interrupted: unknown;
  const of = (wanted: State) => nodes.filter(({ id }) => state.get(id) === wanted);

  const begin = (id: string, wait: boolean) => {
    state.set(id, 'running');
    const work = async () => {
      try {
        const end = await hooks.work(id, wait);
        state.set(id, end === 'done' ? 'done' : 'waiting');
        if (end === 'busy') return void busy.add(id);
        busy.clear(); // Others may have ended theirs meanwhile.
        await hooks.onDone(id);
      } catch (error) {
        if (signal?.aborted) {
          interrupted ??= error;
          state.set(id, 'waiting');
          return;
        }
        state.set(id, 'failed');
        await hooks.onFailed(id, error);
      } finally {
        running.delete(id);
      }
    };
    running.set(id, work());
  };

  /** Those that nothing keeps from being worked on now. */
  const ready = () => of('waiting').filter(({ startsFrom }) => startsFrom === null || state.get(startsFrom) === 'done');
  const mayBegin = () => !signal?.aborted && !(failFast && of('failed').length > 0);

  for (;;) {
    skipDependants(nodes, state, hooks);
    while (mayBegin() && running.size < jobs) {
      const next = ready().find(({ id }) => !busy.has(id));
      if (next === undefined) break;
      begin(next.id, false);
    }
    const [first] = ready();
    if (running.size === 0 && mayBegin() && first !== undefined) begin(first.id, true);
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  const [next] = of('waiting');
  if (signal?.aborted && next !== undefined) throw interrupted ?? new StoppedBefore(next.id);
  for (const { id } of of('waiting')) {
    state.set(id, 'not run');
    hooks.onNotRun(id, `${of('failed')[0]!.id} has failed`);
  }
  const ids = (wanted: State) => of(wanted).map(({ id }) => id);
  return { failed: ids('failed'), notRun: ids('not run') };
}

/** No stage was interrupted, and one is left. */
export class StoppedBefore extends Error {
  constructor(readonly id: string) {
    super(`stopped before ${id}`);
  }
}

type State = 'waiting' | 'running' | 'done' | 'failed' | 'not run';

function skipDependants(nodes: readonly GraphNode[], state: Map<string, State>, hooks: GraphHooks): void {
  for (const { id, startsFrom } of nodes) {
    const before = startsFrom === null ? 'done' : state.get(startsFrom)!;
    if (state.get(id) !== 'waiting' || (before !== 'failed' && before !== 'not run')) continue;
    state.set(id, 'not run');
    hooks.onNotRun(id, `${startsFrom}, which it starts from, has not been trained`);
  }
}
