import { writeFileAtomic } from './files.js';
import { beginningOf, type FileKind } from './place.js';
import type { Profile, ProfileEvent } from './profile.js';

const traceStart = '{"displayTimeUnit":"ms","otherData":{"engine":';

/** A trace is known by how it begins: other programs' begin with something else, or say other things first. */
export const traceKind: FileKind = {
  what: 'a trace of panx',
  isOf: async path => (await beginningOf(path, traceStart.length)) === traceStart,
};

/**
 * Write a profile's events as a trace that chrome://tracing and https://ui.perfetto.dev open.
 *
 * The format is Chrome's Trace Event Format, as a JSON object: complete events (`ph: "X"`) with times in microseconds. All are of one
 * thread, in which an event lies inside another where its time does.
 *
 * @throws PanxError where the file cannot be written
 */
export async function writeTrace(path: string, profile: Profile): Promise<void> {
  const lines = [...metadata(profile), ...profile.events.map(complete)].map(event => JSON.stringify(event));
  const about = { engine: profile.engine?.name ?? null, eventsLeftOut: profile.eventsLeftOut };
  await writeFileAtomic(
    path,
    `{"displayTimeUnit":"ms","otherData":${JSON.stringify(about)},"traceEvents":[\n${lines.join(',\n')}\n]}\n`,
  );
  profile.traceFile = path;
}

const thread = { pid: 1, tid: 1 };

/** What the viewers call process and thread. */
function metadata({ engine }: Profile): object[] {
  const named = (name: string, value: string) => ({ name, ph: 'M', ...thread, args: { name: value } });
  return [
    named('process_name', `panx ${process.argv.slice(2).join(' ')}`),
    named('thread_name', engine?.name ?? 'no engine'),
  ];
}

function complete({ kind, name, startMs, endMs, details }: ProfileEvent): object {
  // Start and end are rounded, and not the duration, so that events stay inside one another.
  const [start, end] = [nanoseconds(startMs), nanoseconds(endMs)];
  return { name, cat: kind, ph: 'X', ts: start / 1000, dur: (end - start) / 1000, ...thread, args: details };
}

function nanoseconds(ms: number): number {
  return Math.round(ms * 1e6);
}
