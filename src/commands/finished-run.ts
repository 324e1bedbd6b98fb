import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { inline } from '../config/describe.js';
import type { Config } from '../config/schema.js';
import { PanxError } from '../errors.js';
import { askedDifferences } from '../experiment/differences.js';
import { readCurrentIdentity, readRunConfig } from '../experiment/records.js';
import type { RunDirectory } from '../run/directory.js';
import { withEveryLanguage } from './every-language.js';

/** The error of panx train for a folder whose run is finished: how that differs from what is asked for, and how to train on. */
export async function finishedRun(run: RunDirectory, typed: Config): Promise<PanxError> {
  // What cannot be compared, in a damaged folder or without the data, is not what is wrong here.
  const different = await differencesFrom(run, typed).catch(() => []);
  const change = different.length === 0 ? '' : ` of other settings: ${different.join('; ')}`;
  return new PanxError(`${run.root} holds a finished run${change}.`, { hint: onwards(run) });
}

/** What can be done with a finished run. Its optimizer and schedule are at their end, so that --resume has nothing to go on with. */
export function onwards(run: RunDirectory): string {
  const others = 'choose another folder with --out, or replace the run with --force.';
  return existsSync(run.checkpoint)
    ? `To train on, start from its weights in another folder, without --resume: --model ${run.checkpoint} --out OTHER. Else ${others}`
    : `C${others.slice(1)}`;
}

async function differencesFrom(run: RunDirectory, typed: Config): Promise<string[]> {
  const there = await readCurrentIdentity(run);
  const saved = await readRunConfig(run);
  // An identity has the content of these, which a model on a hub or a long one would take a while to bring.
  const places = (['model', 'data'] as const).filter(key => resolve(saved[key]) !== resolve(typed[key]));
  return [
    ...places.map(key => `${key} was ${inline(saved[key])} and is ${inline(typed[key])} now`),
    ...askedDifferences(there, await withEveryLanguage(typed)),
  ];
}
