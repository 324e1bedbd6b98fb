import { constants, existsSync } from 'node:fs';
import { copyFile, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { PanxError } from '../errors.js';
import { clearRun, type RunDirectory } from '../run/directory.js';
import { type EvaluationEvent, eventsIn, type RunEvent, timesIn } from '../run/events.js';
import { modelLayout } from '../run/layouts.js';
import { writeMark } from '../run/mark.js';
import { cannotWrite, flushFolder, makeFolder, writeFileAtomic, writeJson } from '../system/files.js';
import { removeMade } from '../system/made.js';
import { temporaryNeighbour } from '../system/temporary.js';
import { scoresTheSame } from './differences.js';
import { checkpointChecksums, sealCheckpoint } from './outputs.js';
import { readEnvironment } from './records.js';
import { endSplitOf } from './row-settings.js';
import type { StageRequest } from './stage.js';
import type { StoredStage } from './store.js';

/**
 * Make the run directory of a stage from a trained stage of the same key: a copy of its checkpoint, and of its log what this stage asks for.
 * What is left is a run that is trained and still to be scored, where its scores did not come with it: `runStage` finishes it. Killed at any
 * moment, nothing is left that looks trained and is not.
 *
 * @returns false where its weights were let go meanwhile: then nothing is left
 */
export async function takeStage(
  from: StoredStage,
  { out, config, identity }: StageRequest,
  to: RunDirectory,
): Promise<boolean> {
  try {
    await clearRun(to);
    makeFolder(out);
    await writeMark(out, 'run');
    await writeJson(to.config, config);
    await writeJson(to.identity, identity);
    await writeJson(to.environment, await readEnvironment(from.run));
    const isWanted = (event: EvaluationEvent) =>
      event.split === endSplitOf(config)
        ? scoresTheSame(from.identity, identity)
        : identity.rows.validation.some(({ name }) => name.startsWith(`${event.lang}/`));
    await copyLog(from.run, to, event => event.event === 'step' || isWanted(event));
    await copyCheckpoint(from.run.checkpoint, to.checkpoint);
    await sealCheckpoint(to);
    await checkCopy(from, to);
    return true;
  } catch (error) {
    if (!existsSync(from.run.checkpoint)) {
      await clearRun(to);
      return false;
    }
    throw error instanceof Error && 'code' in error ? cannotWrite(out, error) : error;
  }
}

/** The copy is sealed as it is: it must be what was looked at. */
async function checkCopy({ run, checkpoint }: StoredStage, to: RunDirectory): Promise<void> {
  const copied = await checkpointChecksums(to);
  const other = Object.keys(checkpoint).find(name => copied[name] !== checkpoint[name]);
  if (other === undefined) return;
  await clearRun(to);
  throw new PanxError(`${run.checkpoint} was changed while it was copied: ${other} is not the same.`, {
    hint: 'Type the command again.',
  });
}

async function copyLog(from: RunDirectory, to: RunDirectory, isWanted: (event: RunEvent) => boolean): Promise<void> {
  const [events, times]: [Buffer[], Buffer[]] = [[], []];
  const ofTimes = timesIn(from.times);
  for await (const { value, bytes } of eventsIn(from.events)) {
    const time = await ofTimes.next();
    if (!isWanted(value)) continue;
    events.push(bytes);
    times.push(time.value.bytes);
  }
  await ofTimes.return(undefined);
  await writeFileAtomic(to.events, Buffer.concat(events));
  await writeFileAtomic(to.times, Buffer.concat(times));
}

/** Where the file system can, a copy shares its blocks with the original, and takes neither time nor room. */
async function copyCheckpoint(from: string, to: string): Promise<void> {
  const temporary = temporaryNeighbour(to);
  try {
    makeFolder(temporary);
    for (const name of await readdir(from)) {
      await copyFile(join(from, name), join(temporary, name), constants.COPYFILE_FICLONE);
    }
    await flushFolder(temporary);
    await rename(temporary, to);
  } finally {
    if (existsSync(temporary)) await removeMade(temporary, modelLayout);
  }
}
