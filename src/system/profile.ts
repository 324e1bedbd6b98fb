/**
 * Where the time of a process goes: phases (training, a step, its forward) inside phases, and the engine's operations in them. The
 * code says where its phases are by `phase`, `round` and `beginRound`, which do next to nothing until a profile is started.
 */

/** What was recorded. It determines no result, and differs from run to run. */
export interface Profile {
  /** The whole process, from its start. */
  readonly whole: PhaseTotals;
  /** The single events, for the trace: see `tracedRounds` and `mostEvents`. The totals cover what is left out of them. */
  readonly events: ProfileEvent[];
  eventsLeftOut: number;
  /** What computed, and what its operations are; null until an engine is watched (engine/operation-times.ts). */
  engine: WatchedEngine | null;
  /** Where the trace was written; null until it is. */
  traceFile: string | null;
  /** Said by whoever watches the engine, for every operation when it is over. */
  operation(name: string, startMs: number, endMs: number, flops: number, details: () => EventDetails): void;
  /** Undone when the profile ends. */
  readonly atEnd: (() => void)[];
}

/** A phase, over all the times it came. */
export interface PhaseTotals {
  calls: number;
  ms: number;
  /** Whether means over its calls say something: a step, a batch of scoring. */
  round: boolean;
  /** What came inside it, by name, in the order of its first coming. */
  phases: Map<string, PhaseTotals>;
  /** The operations that ran in it and in none of the phases inside it. */
  operations: Map<string, OperationTotals>;
}

export interface OperationTotals {
  calls: number;
  ms: number;
  /** Multiplications and additions of matrix products; 0 for every other operation. */
  flops: number;
}

/** Times as performance.now() gives them: milliseconds since the process started. */
export interface ProfileEvent {
  kind: 'phase' | 'operation';
  name: string;
  startMs: number;
  endMs: number;
  details: EventDetails;
}

export type EventDetails = Record<string, string | number>;

/** What an engine's operations are called, and what their times mean, in words for the user. */
export interface WatchedEngine {
  /** "tensorflow 2.21.0 on AMD EPYC 9B14, 2 cores" */
  name: string;
  /** "TensorFlow operation" */
  operation: string;
  /** What to know when reading the times; null where there is nothing. */
  note: string | null;
}

/** Rounds of each kind whose operations go into the trace: the later ones are like them. */
export const tracedRounds = 20;

/** Events of a trace: a file of about 30 MB, which viewers still open at ease. */
export const mostEvents = 200_000;

/** Start recording. What the process did before is a phase called "start". @throws Error where a profile is being recorded. */
export function startProfile(
  limits: { tracedRounds: number; mostEvents: number } = { tracedRounds, mostEvents },
): Profile {
  if (recording !== null) throw new Error('a profile is being recorded already');
  const keep = (event: ProfileEvent, traced: boolean) => {
    if (traced && profile.events.length < limits.mostEvents) profile.events.push(event);
    else profile.eventsLeftOut++;
  };
  const whole: Open = { name: '', totals: newTotals(false), startMs: 0, traced: true, details: {} };
  const open = [whole];
  const profile: Profile = {
    whole: whole.totals,
    events: [],
    eventsLeftOut: 0,
    engine: null,
    traceFile: null,
    atEnd: [],
    operation(name, startMs, endMs, flops, details) {
      const { totals, traced } = open.at(-1)!;
      const operation = entry(totals.operations, name, () => ({ calls: 0, ms: 0, flops: 0 }));
      operation.calls++;
      operation.ms += endMs - startMs;
      operation.flops += flops;
      keep({ kind: 'operation', name, startMs, endMs, details: traced ? details() : {} }, traced);
    },
  };
  const close = ({ name, totals, startMs, details }: Open, endMs: number) => {
    totals.calls++;
    totals.ms += endMs - startMs;
    keep({ kind: 'phase', name, startMs, endMs, details }, true);
  };
  recording = {
    profile,
    begin(name, round, details) {
      const parent = open.at(-1)!;
      // The first round warms up, and would spoil the means of a short run: it is a phase of its own.
      const first = round && !parent.totals.phases.has(firstOf(name));
      const key = first ? firstOf(name) : name;
      const totals = entry(parent.totals.phases, key, () => newTotals(round));
      const traced = parent.traced && (!round || totals.calls + (first ? 0 : 1) < limits.tracedRounds);
      const phase: Open = { name, totals, startMs: performance.now(), traced, details };
      const depth = open.push(phase);
      return () => {
        const endMs = performance.now();
        // What an error left open inside it ends with it.
        while (open.length >= depth) close(open.pop()!, endMs);
        return endMs - phase.startMs;
      };
    },
    end() {
      whole.totals.calls = 1;
      whole.totals.ms = performance.now();
    },
  };
  entry(whole.totals.phases, 'start', () => newTotals(false));
  close({ ...whole, name: 'start', totals: whole.totals.phases.get('start')! }, performance.now());
  return profile;
}

/** Stop recording: the profile's totals are whole, and whatever watched the engine lets go of it. */
export function endProfile(profile: Profile): void {
  if (recording?.profile !== profile) return;
  recording.end();
  recording = null;
  for (const undo of profile.atEnd) undo();
}

/** Do the work, as a phase of this name inside the one that is open; work that gives a promise is over when that is settled. */
export function phase<Result>(name: string, work: () => Result): Result {
  return recording === null ? work() : timed(recording.begin(name, false, {}), work);
}

/** The same for work that is done again and again, so that means are of interest: a batch of scoring. */
export function round<Result>(name: string, work: () => Result): Result {
  return recording === null ? work() : timed(recording.begin(name, true, {}), work);
}

/** A round from here to where the function given back is called; that gives its milliseconds, with a profile and without. */
export function beginRound(name: string, number: number): () => number {
  if (recording !== null) return recording.begin(name, true, { [name]: number });
  const startedMs = performance.now();
  return () => performance.now() - startedMs;
}

/** Whether any round is recorded: a process that fails before has nothing worth a table. */
export function hasRounds({ whole }: Profile): boolean {
  const within = ({ round, phases }: PhaseTotals): boolean => round || [...phases.values()].some(within);
  return within(whole);
}

/** The name under which the totals keep the first of a kind of rounds. */
export function firstOf(name: string): string {
  return `first ${name}`;
}

/** A phase that has begun and not ended. */
interface Open {
  name: string;
  totals: PhaseTotals;
  startMs: number;
  traced: boolean;
  details: EventDetails;
}

/** The profile that the marks in the code write to. One for the process, as work is marked where no profile could be handed to. */
let recording: {
  profile: Profile;
  begin(name: string, round: boolean, details: EventDetails): () => number;
  end(): void;
} | null = null;

function timed<Result>(end: () => number, work: () => Result): Result {
  let result: Result;
  try {
    result = work();
  } catch (error) {
    end();
    throw error;
  }
  if (result instanceof Promise) return result.finally(end) as Result;
  end();
  return result;
}

function newTotals(round: boolean): PhaseTotals {
  return { calls: 0, ms: 0, round, phases: new Map(), operations: new Map() };
}

function entry<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
