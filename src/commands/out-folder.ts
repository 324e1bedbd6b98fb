import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { langOf } from '../data/formats/panx.js';
import { PanxError } from '../errors.js';
import { checkPlace, type FolderKind, refuseInsideMade } from '../run/mark.js';
import { overlap, whereabouts } from '../system/place.js';

/**
 * Look at the folder that --out names before anything is read: `checkPlace`, and that it lies inside nothing that would be spoilt by it,
 * whether this command reads it or not.
 *
 * @throws PanxError as `checkPlace` does, and where it lies inside a run or a model of panx, or in the folder of a language
 */
export async function checkOutFolder(out: string, kind: FolderKind): Promise<'empty' | 'own'> {
  await refuseInsideMade(out);
  await refuseInsideLanguage(out);
  return await checkPlace(out, kind);
}

/** @throws PanxError where `out`, or a folder above it, is one of a language with its files: PAN-X.<lang> with some *.parquet */
export async function refuseInsideLanguage(
  out: string,
  option: '--out' | '--profile' | '--store' | '--junit' | '--summary' | '--plot' = '--out',
): Promise<void> {
  for (let folder = await whereabouts(out); folder !== dirname(folder); folder = dirname(folder)) {
    if (langOf(basename(folder)) === null) continue;
    const names = await readdir(folder).catch(() => []);
    if (!names.some(name => name.endsWith('.parquet'))) continue;
    throw new PanxError(`${option} ${out} is or lies inside a folder of data, ${folder}.`, {
      hint: `Choose another place with ${option}.`,
      exitCode: 2,
    });
  }
}

/**
 * Look at the place of the store before anything is written: neither it nor the folder of --out may lie inside the other, where each would be
 * a stranger.
 *
 * @throws PanxError where they do, and where the store lies inside a run or a model of panx, or in the folder of a language
 */
export async function checkStoreFolder(store: string, out: string): Promise<void> {
  await refuseInsideMade(store, '--store');
  await refuseInsideLanguage(store, '--store');
  const how = await overlap(store, out);
  if (how === null) return;
  throw new PanxError(
    `The store ${store} ${how} the folder of --out, ${out}; expected two folders beside each other.`,
    {
      hint: 'Choose another place with --out, or with --store.',
      exitCode: 2,
    },
  );
}

/**
 * Check that `out` is not to become a folder PAN-X.* of the data, which would be taken for a language from then on.
 *
 * @throws PanxError where it is
 */
export async function refuseAsLanguage(out: string, dataDir: string): Promise<void> {
  const place = await whereabouts(out);
  if (langOf(basename(place)) === null || dirname(place) !== (await realpath(dataDir))) return;
  throw new PanxError(`--out ${out} would be taken for a language of the data: it is a folder PAN-X.* in ${dataDir}.`, {
    hint: 'Choose another place, or another name, with --out.',
    exitCode: 2,
  });
}
