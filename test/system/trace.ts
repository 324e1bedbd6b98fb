import { readFileSync } from 'node:fs';

/** An event of Chrome's Trace Event Format. */
export interface TraceEvent {
  name: string;
  cat?: string;
  ph: string;
  ts: number;
  dur: number;
  pid: number;
  tid: number;
  args: Record<string, unknown>;
}

/** A trace file's events; each complete one with the path of names that it lies in. @throws Error where two overlap without nesting */
export function readTrace(path: string): { events: TraceEvent[]; paths: string[]; otherData: Record<string, unknown> } {
  const { traceEvents, otherData } = JSON.parse(readFileSync(path, 'utf8')) as {
    traceEvents: TraceEvent[];
    otherData: Record<string, unknown>;
  };
  const endOf = ({ ts, dur }: TraceEvent) => ts + dur;
  const events = traceEvents.filter(({ ph }) => ph === 'X').sort((a, b) => a.ts - b.ts || b.dur - a.dur);
  const open: TraceEvent[] = [];
  const paths = events.map(event => {
    // Microseconds of which the third decimal is a nanosecond: sums are exact to far less.
    while (open.length > 0 && endOf(open.at(-1)!) <= event.ts + 1e-4) open.pop();
    const parent = open.at(-1);
    if (parent !== undefined && endOf(event) > endOf(parent) + 1e-4) {
      throw new Error(`${event.name} at ${event.ts} ends after ${parent.name}, in which it begins`);
    }
    open.push(event);
    return open.map(({ name }) => name).join('/');
  });
  return { events: traceEvents, paths, otherData };
}
