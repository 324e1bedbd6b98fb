import { open, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { codeOf, PanxError } from '../errors.js';
import { reasonOf } from './files.js';

/** A folder that a command reads, and must not write into. */
export interface ReadFolder {
  path: string;
  /** What it is, with its article: "the model's folder". */
  what: string;
}

/**
 * Where a path leads: a link is followed, also one to nothing yet, so that what is written goes through it and the link stays. The path
 * itself where it is no link.
 *
 * @throws PanxError where links lead in a circle
 */
export async function throughLink(path: string): Promise<string> {
  // With a slash at its end the system has followed the link already.
  let place = path.replace(/(?<=.)([\\/]\.?)+$/, '');
  for (let links = 0; links < 40; links++) {
    const target = await readlink(place).catch((error: unknown) => {
      if (['EINVAL', 'ENOENT', 'ENOTDIR', 'UNKNOWN'].includes(codeOf(error) ?? '')) return undefined;
      throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
    });
    if (target === undefined) return place;
    place = resolve(dirname(place), target);
  }
  throw new PanxError(`${path} is a link that leads in a circle.`, {
    hint: 'Remove the link, or choose another --out.',
  });
}

/**
 * Check that what is written to `out` can destroy nothing that is read: it may not be one of those folders, hold one, or lie inside one.
 * Links are followed on both sides.
 *
 * @param out a folder, or a file, that need not be there yet
 * @param option the option that names it
 * @throws PanxError naming both, exit code 2
 */
export async function refuseOverlap(
  out: string,
  folders: readonly ReadFolder[],
  option: '--out' | '--profile' | '--store' = '--out',
): Promise<void> {
  for (const { path, what } of folders) {
    const how = await overlap(out, path);
    if (how === null) continue;
    throw new PanxError(`${option} ${out} ${how} ${what}, ${path}, which this command reads.`, {
      hint: `Choose another place with ${option}.`,
      exitCode: 2,
    });
  }
}

/** A kind of file that panx writes where an option says, and may write again there. */
export interface FileKind {
  /** With its article: "a report of panx evaluate". */
  what: string;
  /** Whether a file, which is not empty, is of the kind. */
  isOf(path: string): Promise<boolean>;
}

/**
 * Where a file goes that an option names: through a link, and never over a file of another kind. Asked again just before it is written, it
 * finds what has come there meanwhile.
 *
 * @throws PanxError where something else is there
 */
export async function placeOfFile(option: string, path: string, { what, isOf }: FileKind): Promise<string> {
  const place = await throughLink(path);
  const refused = (found: string) =>
    new PanxError(`${option} ${path} is ${found}; expected a new file, or ${what}.`, {
      hint: `Choose another file with ${option}.`,
      exitCode: 2,
    });
  const found = await stat(place).catch(() => undefined);
  if (found === undefined) return place;
  if (!found.isFile()) throw refused(found.isDirectory() ? 'a folder' : 'no regular file');
  if (found.size > 0 && !(await isOf(place))) throw refused('a file that panx did not write');
  return place;
}

/** The first bytes of a file, as Latin-1. */
export async function beginningOf(path: string, length: number): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
}

/** Where `to` lies as seen from the folder `from`, links followed on both sides: `seenFrom` finds it however `from` is spelled then. */
export async function pathFrom(from: string, to: string): Promise<string> {
  return relative(await whereabouts(from), await whereabouts(to)).replaceAll('\\', '/') || '.';
}

/** The place that `pathFrom` named. */
export async function seenFrom(from: string, path: string): Promise<string> {
  return resolve(await whereabouts(from), path);
}

/** The real path of what is there, or will be. */
export async function whereabouts(path: string): Promise<string> {
  const place = resolve(await throughLink(path));
  try {
    return await realpath(place);
  } catch (error) {
    const parent = dirname(place);
    if (parent === place || !['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return place;
    return join(await whereabouts(parent), basename(place));
  }
}

/** How two places stand to each other, links followed: the first `is`, `lies inside` or `holds` the second; null for none of these. */
export async function overlap(one: string, other: string): Promise<'is' | 'lies inside' | 'holds' | null> {
  const [a, b] = [await whereabouts(one), await whereabouts(other)];
  return a === b ? 'is' : isInside(a, b) ? 'lies inside' : isInside(b, a) ? 'holds' : null;
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}
