import { existsSync } from 'node:fs';
import { readdir, rename, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inline } from '../../config/describe.js';
import {
  areIob2,
  codeOfLanguage,
  filesOfSplit,
  isWritten,
  langFolder,
  type WrittenFormat,
} from '../../data/convert.js';
import type { Split } from '../../data/corpus.js';
import { langOf } from '../../data/formats/panx.js';
import type { SplitName } from '../../data/splits.js';
import { listed, PanxError } from '../../errors.js';
import { corpusLayout } from '../../run/layouts.js';
import { writeMark } from '../../run/mark.js';
import { formatCount } from '../../system/console.js';
import { cannotWrite, makeFolder, writeFileAtomic } from '../../system/files.js';
import { removeMade, strangersIn } from '../../system/made.js';
import { isAbandoned, parseTemporary, temporaryNeighbour } from '../../system/temporary.js';

export interface Conversion {
  out: string;
  to: WrittenFormat;
  /** The splits to write, each read when its turn comes. */
  splits: readonly { lang: string; split: SplitName; load(): Promise<Split> }[];
}

/** @throws PanxError where two languages would be written to one folder */
export function checkLanguages(langs: readonly string[]): void {
  const other = langs.find((lang, i) => langs.findIndex(one => codeOfLanguage(one) === codeOfLanguage(lang)) < i);
  if (other === undefined) return;
  const first = langs.find(lang => codeOfLanguage(lang) === codeOfLanguage(other))!;
  throw new PanxError(`${first} and ${other} would be written to one folder; expected different languages.`, {
    hint: 'Convert them one after the other, to two folders.',
    exitCode: 2,
  });
}

/**
 * Look at what --out holds. A corpus that panx wrote may be replaced by --force, and nothing else.
 *
 * @param found what `checkOutFolder` says
 */
export async function refuseToReplace(out: string, found: 'empty' | 'own', force: boolean): Promise<void> {
  if (found === 'empty') return;
  if (!force) {
    throw new PanxError(`${out} holds a corpus already.`, {
      hint: 'Choose another --out, or add --force to replace it.',
    });
  }
  const strangers = await strangersIn(out, await layoutOf(out));
  if (strangers.length === 0) return;
  throw new PanxError(`${out} holds, beside a corpus, what panx did not make: ${listed(strangers)}.`, {
    hint: 'Move that away, or choose another --out: --force replaces only what panx made.',
  });
}

/** The folders of languages in a corpus, and the files in them, as far as they have names that panx gives. */
async function layoutOf(folder: string): Promise<ReturnType<typeof corpusLayout>> {
  const langs = (await readdir(folder)).filter(name => /^[a-z]{2,}(-[a-z]+)*$/.test(langOf(name) ?? name));
  const files = await Promise.all(langs.map(lang => readdir(join(folder, lang)).catch(() => [])));
  return corpusLayout(langs, [...new Set(files.flat().filter(isWritten))]);
}

/** A corpus that was written. */
export interface Converted {
  out: string;
  to: WrittenFormat;
  splits: { folder: string; lang: string; split: SplitName; rows: number; files: number }[];
  /** Its tags, in the order of their ids. */
  tags: readonly string[];
}

/**
 * Write a corpus: all of it beside its place, which it takes when it is whole.
 *
 * @throws PanxError where a word has no place in the format, or the folder cannot be written
 */
export async function convert({ out, to, splits }: Conversion, force: boolean): Promise<Converted> {
  await removeAbandoned(out);
  const staging = temporaryNeighbour(out);
  const written: Converted['splits'] = [];
  const tags = new Set<readonly string[]>();
  try {
    makeFolder(staging);
    await writeMark(staging, 'corpus');
    for (const { lang, split, load } of splits) {
      const loaded = await load();
      tags.add(loaded.labelNames);
      let files = 0;
      for await (const { name, content } of filesOfSplit(loaded, to)) {
        await writeFileAtomic(join(staging, name), content);
        files++;
      }
      written.push({ folder: join(out, langFolder(lang, to)), lang, split, rows: loaded.rows, files });
    }
    await putInPlace(staging, out, force);
  } catch (error) {
    await removeMade(staging, await layoutOf(staging)).catch(() => {});
    throw error instanceof PanxError ? error : cannotWrite(out, error);
  }
  return { out, to, splits: written, tags: [...tags][0]! };
}

/** What was written, and the settings that read it back, for the terminal. */
export function conversionText(converted: Converted): string {
  const lines = converted.splits.map(({ folder, split, rows, files }) => {
    const many = files === 1 ? '' : `, ${files} files`;
    return `${folder}  ${split}  ${formatCount(rows)} rows${many}`;
  });
  return `${[...lines, '', ...howToRead(converted)].join('\n')}\n`;
}

/** The settings that read the corpus back, row by row the same, as --config takes them. */
export function settingsToRead({ out, to, splits, tags }: Converted): object {
  if (to === 'parquet') return { data: out };
  const names = [...new Set(splits.map(({ split }) => split))];
  const files = Object.fromEntries(names.map(split => [split, join(out, '{lang}', `${split}*.${to}`)]));
  return { corpora: { converted: { format: to, files, ...(areIob2(tags) ? { scheme: 'IOB2' } : {}), labels: tags } } };
}

/** A folder that is empty, or a corpus of panx that is to be replaced, makes room. */
async function putInPlace(staging: string, out: string, force: boolean): Promise<void> {
  if (!existsSync(out)) return await rename(staging, out);
  const previous = temporaryNeighbour(out, 'previous');
  if (!force || (await readdir(out)).length === 0) {
    await rmdir(out);
    return await rename(staging, out);
  }
  await rename(out, previous);
  await rename(staging, out);
  await removeMade(previous, await layoutOf(previous));
}

/** What a conversion that was killed left beside its place. */
async function removeAbandoned(out: string): Promise<void> {
  for (const name of await readdir(dirname(out)).catch(() => [])) {
    const temporary = parseTemporary(name);
    if (temporary === null || join(dirname(out), temporary.of) !== join(out) || !isAbandoned(temporary)) continue;
    const path = join(dirname(out), name);
    if (temporary.kind === 'previous' && !existsSync(out)) await rename(path, out);
    else await removeMade(path, await layoutOf(path));
  }
}

/** The same settings as YAML. */
function howToRead({ out, to, splits, tags }: Converted): string[] {
  if (to === 'parquet') return ['Read it with these settings:', '', `data: ${inline(out)}`];
  const names = [...new Set(splits.map(({ split }) => split))];
  const files = names.map(split => `      ${split}: ${inline(join(out, '{lang}', `${split}*.${to}`))}`);
  return [
    'Read it with these settings, as converted=LANG:',
    '',
    ...['corpora:', '  converted:', `    format: ${to}`, '    files:', ...files],
    ...(areIob2(tags) ? ['    scheme: IOB2'] : []),
    `    labels: ${inline(tags)}`,
  ];
}
