import { basename } from 'node:path';
import { resolveEngine } from '../engine/open.js';
import { PanxError } from '../errors.js';
import type { RunDirectory } from '../run/directory.js';
import { eventsIn } from '../run/events.js';
import { engineDifference } from './environment.js';
import { nameOf } from './history.js';
import { arithmeticOf, isCurrent, keyOf, trainId } from './identity.js';
import { lacksWeights, neighbourOf, type Places, recordsOf } from './places.js';
import { otherVersion, readChecksums, readEnvironment, readRunConfig } from './records.js';
import type { StageRequest, StageResult } from './stage.js';
import type { Check } from './verify.js';
import { countOf } from './verify-data.js';

/**
 * Repeat a run in another folder, and compare everything it makes with what the run made, byte for byte.
 *
 * @param train trains a stage: `runStage`
 * @throws what training throws
 */
export async function repeatRun(
  run: RunDirectory,
  places: Places,
  again: RunDirectory,
  train: (request: StageRequest) => Promise<StageResult>,
): Promise<Check> {
  const { startFrom, dataDir, environment, identity } = await recordsOf(run, places);
  const config = await readRunConfig(run);
  if (!isCurrent(identity)) {
    throw new PanxError(`${(await otherVersion(run)) ?? `${run.identity} is that of an older panx`}.`, {
      hint: 'Only the version that made a run repeats it; without --rerun, this one verifies it too.',
    });
  }
  const neighbour = await neighbourOf(run, identity);
  if (neighbour !== null && (await lacksWeights(neighbour))) {
    throw new PanxError(`${run.root} starts from ${neighbour.root}, whose weights were let go.`, {
      hint: 'Type its study again with that stage in study.keep: it is trained once more, to the same bytes.',
    });
  }
  // Where the engine cannot be had, that is told before a folder is made.
  const arithmetic = arithmeticOf(await resolveEngine(config));
  const asked = { ...identity, arithmetic };
  await train({
    config,
    startFrom,
    startFiles: environment.startFrom.files,
    dataDir,
    out: again.root,
    identity: { ...asked, key: keyOf(asked) },
    resume: false,
    label: `${identity.id === trainId ? basename(run.root) : identity.id} again`,
  });
  const [there, now] = [await readChecksums(run), await readChecksums(again)];
  const different = [...new Set([...Object.keys(there), ...Object.keys(now)])].filter(
    path => there[path] !== now[path],
  );
  if (different.length === 0) {
    return { subject: 'rerun', holds: true, found: `${countOf(now)} the same, byte for byte` };
  }
  const reasons = [
    await firstDifference(run, again),
    await otherVersion(run),
    engineDifference(environment.engine, (await readEnvironment(again)).engine),
  ].filter(reason => reason !== null);
  const why = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
  return { subject: 'rerun', holds: false, found: `${different.join(', ')} not the same${why}` };
}

/** Where two runs part, in words: the first event that differs. */
async function firstDifference(run: RunDirectory, again: RunDirectory): Promise<string | null> {
  const now = eventsIn(again.events);
  let count = 0;
  try {
    for await (const { value: there } of eventsIn(run.events)) {
      count++;
      const here = (await now.next()).value?.value;
      if (JSON.stringify(there) === JSON.stringify(here)) continue;
      return `${nameOf(there)} is the first to differ (loss ${there.loss} then, ${here?.loss ?? 'none'} now)`;
    }
    return (await now.next()).done ? null : `${count} events then, more now`;
  } finally {
    await now.return(undefined);
  }
}
