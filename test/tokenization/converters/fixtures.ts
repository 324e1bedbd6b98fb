import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';

const root = fileURLToPath(new URL('../../fixtures/converters', import.meta.url));

/** The folders that scripts/make-golden/converters.py made. */
export const cases = readdirSync(root).filter(name => !name.endsWith('.json'));

export interface ConverterGolden {
  unkId: number;
  padId: number;
  vocabularySize: number;
  /** Of each word of words.json, without special tokens; of a word of more than 200 their number and SHA-256. */
  words: (number[] | { count: number; sha256: string })[];
  rows: { inputIds: number[]; wordIds: number[] }[];
}

export function goldenOf(name: string): ConverterGolden {
  return JSON.parse(readFileSync(join(root, name, 'golden.json'), 'utf8')) as ConverterGolden;
}

interface Repeated {
  unit: string;
  times: number;
}

/** The words and the rows of every case. */
export const { words, rows } = (() => {
  const file = JSON.parse(readFileSync(join(root, 'words.json'), 'utf8')) as {
    words: (string | Repeated)[];
    rows: string[][];
  };
  return {
    words: file.words.map(word => (typeof word === 'string' ? word : word.unit.repeat(word.times))),
    rows: file.rows,
  };
})();

/** A copy of a case as the hub would have it, in place of what is there. */
export function layOut(name: string, folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, name), folder, { recursive: true });
  rmSync(join(folder, 'golden.json'));
  for (const packed of readdirSync(folder).filter(file => file.endsWith('.br'))) {
    const path = join(folder, packed);
    writeFileSync(path.slice(0, -3), brotliDecompressSync(readFileSync(path)));
    rmSync(path);
  }
  return folder;
}

/** Write a JSON file of a folder anew; undefined takes it away. */
export function setJson(folder: string, name: string, content: unknown): void {
  const path = join(folder, name);
  if (content !== undefined) writeFileSync(path, JSON.stringify(content));
  else if (existsSync(path)) rmSync(path);
}
