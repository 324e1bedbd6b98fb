import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

/** What may happen to a file of a folder, drawn from a seed, and undone again. */
export interface Mutation {
  /** What was done, in words: to tell a failure by. */
  what: string;
  /** The file, by its path in the folder. */
  path: string;
  /** Whether the file holds the same JSON as before: written otherwise, and no more. */
  sameJson: boolean;
  undo(): Promise<void>;
}

/** A number from 0 to 1. */
export type Random = () => number;

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)]!;
}

/** The files of a folder and of those inside it, by their paths in it, sorted. */
export function filesIn(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return all.filter(path => lstatSync(join(folder, path)).isFile()).sort();
}

/** Do something to one of these files of a folder. It is never what the file was before. */
export async function mutate(folder: string, paths: readonly string[], random: Random): Promise<Mutation> {
  for (;;) {
    const path = pick(random, paths);
    const file = join(folder, path);
    const aside = `${folder}.aside`;
    const bytes = await readFile(file);
    const undo = async () => {
      await rm(file, { recursive: true, force: true });
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
      await rm(aside, { recursive: true, force: true });
    };
    const what = await pick(
      random,
      path.endsWith('.json') ? [...bytewise, ...jsonwise] : bytewise,
    )({
      ...{ folder, file, bytes, random, aside },
      other: join(folder, pick(random, paths)),
    });
    if (what === null) continue;
    const now = existsSync(file) && lstatSync(file).isFile() ? await readFile(file) : null;
    if (now?.equals(bytes)) continue;
    return { what: `${path}: ${what}`, path, sameJson: now !== null && sameJson(now, bytes), undo };
  }
}

interface Scene {
  folder: string;
  file: string;
  bytes: Buffer;
  random: Random;
  /** Beside the folder, for what is moved. */
  aside: string;
  /** Another file, or the same. */
  other: string;
}

type Kind = (scene: Scene) => Promise<string | null>;

const at = ({ bytes, random }: Scene) => Math.floor(random() * bytes.length);

const bytewise: Kind[] = [
  async scene => {
    if (scene.bytes.length === 0) return null;
    const place = at(scene);
    const bit = Math.floor(scene.random() * 8);
    const changed = Buffer.from(scene.bytes);
    changed[place]! ^= 1 << bit;
    await writeFile(scene.file, changed);
    return `bit ${bit} of byte ${place} flipped`;
  },
  async scene => {
    const place = at(scene);
    const text = pick(scene.random, ['0', '9', ' ', '\n', '"', '{', ',', '\0', '-', 'e', '\xff']);
    await writeFile(
      scene.file,
      Buffer.concat([scene.bytes.subarray(0, place), Buffer.from(text, 'latin1'), scene.bytes.subarray(place)]),
    );
    return `${JSON.stringify(text)} put in at ${place}`;
  },
  async scene => {
    const place = at(scene);
    const length = 1 + Math.floor(scene.random() * 40);
    await writeFile(scene.file, Buffer.concat([scene.bytes.subarray(0, place), scene.bytes.subarray(place + length)]));
    return `${length} bytes cut out at ${place}`;
  },
  async scene => {
    const place = at(scene);
    await writeFile(scene.file, scene.bytes.subarray(0, place));
    return `cut off at ${place}`;
  },
  async ({ file, bytes, random }) => {
    const lines = bytes.toString('latin1').split('\n');
    if (lines.length < 4) return null;
    const [i, j] = [0, 0].map(() => Math.floor(random() * (lines.length - 1))) as [number, number];
    [lines[i], lines[j]] = [lines[j]!, lines[i]!];
    await writeFile(file, Buffer.from(lines.join('\n'), 'latin1'));
    return `lines ${i + 1} and ${j + 1} swapped`;
  },
  async ({ file, bytes, random }) => {
    const lines = bytes.toString('latin1').split('\n');
    const i = Math.floor(random() * (lines.length - 1));
    const twice = random() < 0.5;
    await writeFile(
      file,
      Buffer.from(lines.toSpliced(i, twice ? 0 : 1, ...(twice ? [lines[i]!] : [])).join('\n'), 'latin1'),
    );
    return `line ${i + 1} ${twice ? 'twice' : 'left out'}`;
  },
  async ({ file, random }) => {
    const text = pick(random, ['', 'null', '{}', '5', '[]', '\n', '"x"', '['.repeat(200_000), '{"a":'.repeat(200_000)]);
    await writeFile(file, text);
    return `replaced by ${text.slice(0, 10)}`;
  },
  async ({ file }) => {
    await rm(file);
    return 'removed';
  },
  async ({ file, random, aside }) => {
    const kind = pick(random, ['folder', 'link', 'dangling link', 'pipe'] as const);
    await rename(file, aside);
    if (kind === 'folder') await mkdir(file);
    else if (kind === 'pipe') execFileSync('mkfifo', [file]);
    else await symlink(kind === 'link' ? aside : join(aside, 'none'), file);
    return `a ${kind} in its place`;
  },
  async ({ folder, file, other }) => {
    await writeFile(file, await readFile(other));
    return `the content of ${relative(folder, other)}`;
  },
];

const jsonwise: Kind[] = Array(4).fill(async ({ file, bytes, random }: Scene) => {
  const content = JSON.parse(bytes.toString());
  const place = pick(random, placesOf(content));
  const value = pick<unknown>(random, [
    null,
    {},
    5,
    [],
    'x',
    true,
    -1,
    0,
    1e308,
    '../x',
    'a'.repeat(64),
    deep(),
    undefined,
  ]);
  let inner = content;
  for (const key of place.slice(0, -1)) inner = inner[key];
  const last = place.at(-1)!;
  if (value === undefined) delete inner[last];
  else inner[last] = value;
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
  return `${place.join('.')} ${value === undefined ? 'left out' : `is ${JSON.stringify(value).slice(0, 10)}`}`;
});

function deep(): unknown {
  let value: unknown = null;
  for (let i = 0; i < 500; i++) value = [value];
  return value;
}

function placesOf(content: unknown, above: (string | number)[] = []): (string | number)[][] {
  if (typeof content !== 'object' || content === null) return [];
  return Object.entries(content).flatMap(([key, value]) => [[...above, key], ...placesOf(value, [...above, key])]);
}

function sameJson(a: Buffer, b: Buffer): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(a.toString()), JSON.parse(b.toString()));
  } catch {
    return false;
  }
}

/** Places at which two JSON values differ, by the first key in them: what of an environment.json was changed. */
export function placesThatDiffer(a: unknown, b: unknown): string[] {
  const [left, right] = [a, b].map(value => (typeof value === 'object' && value !== null ? value : {})) as Record<
    string,
    unknown
  >[];
  const keys = [...new Set([...Object.keys(left!), ...Object.keys(right!)])];
  return keys.filter(key => JSON.stringify(left![key]) !== JSON.stringify(right![key]));
}
