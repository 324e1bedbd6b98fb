import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPredictions, type PredictedRow, readPredictions } from '../../src/evaluation/predictions.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-predictions-'));
  path = join(folder, 'run', 'predictions.jsonl.gz');
});
afterEach(() => rm(folder, { recursive: true }));

/** A row of words that differ, so that a file of some hundred does not compress to nothing. */
function rowOf(row: number): PredictedRow {
  const words = Array.from({ length: row % 7 }, (_, w) => `ağaç${(row * 7919 + w * 104_729) % 99_991}`);
  const of = <Value>(value: (w: number) => Value) => words.map((_, w) => (w === 5 ? null : value(w)));
  return {
    row,
    words,
    gold: words.map((_, w) => (w === 0 ? 'B-PER' : 'O')),
    predicted: of(w => (w % 2 === 0 ? 'B-PER' : 'O')),
    loss: of(w => Number((1 / (1 + row + w)).toPrecision(7))),
    probability: of(w => Number((1 / (2 + w)).toPrecision(7))),
  };
}

async function write(rows: readonly PredictedRow[], to = path): Promise<void> {
  const file = openPredictions(to);
  for (const row of rows) await file.append(row);
  await file.close();
}

async function read(from = path): Promise<PredictedRow[]> {
  const rows: PredictedRow[] = [];
  for await (const row of readPredictions(from)) rows.push(row);
  return rows;
}

/** Compressed as panx does it, with lines that it does not write. */
async function writeText(content: string | Buffer): Promise<void> {
  await mkdir(join(folder, 'run'), { recursive: true });
  await writeFile(path, gzipSync(content, { level: 6 }));
}

const good = JSON.stringify(rowOf(0));

describe('openPredictions', () => {
  it('writes lines that are read back as they were, and the same bytes again', async () => {
    const rows = Array.from({ length: 3000 }, (_, row) => rowOf(row));
    const odd = { ...rowOf(3000), words: ['\u200e', '"\\\n', '\ufeffx', '𝔸'], gold: ['O', 'O', 'O', 'O'] };
    const four = <Value>(value: Value) => [value, value, value, null];
    rows.push({ ...odd, predicted: four('I-LOC'), loss: four(1.2e-9), probability: four(1) });
    await write(rows);
    await write(rows, `${path}.again`);
    expect(await read()).toEqual(rows);
    const bytes = await readFile(path);
    expect(bytes.equals(await readFile(`${path}.again`))).toBe(true);
    // No name and no time in the header.
    expect([...bytes.subarray(0, 8)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    const text = gunzipSync(bytes).toString();
    expect(text.split('\n', 3)).toEqual([good, JSON.stringify(rows[1]), JSON.stringify(rows[2])]);
    expect(text).not.toMatch(/[\u200e\ufeff]/);
    expect(await readdir(join(folder, 'run'))).toHaveLength(2);
  });

  it('writes a file of no rows', async () => {
    await write([]);
    expect(await read()).toEqual([]);
  });

  it('leaves what was there until it is closed, and where it is discarded', async () => {
    await write([rowOf(0)]);
    for (const rows of [0, 1, 5000]) {
      const file = openPredictions(path);
      for (let row = 0; row < rows; row++) await file.append(rowOf(row));
      expect(await read()).toEqual([rowOf(0)]);
      await file.discard();
      expect(await readdir(join(folder, 'run'))).toEqual(['predictions.jsonl.gz']);
    }
    const file = openPredictions(path);
    await file.append(rowOf(0));
    await file.append(rowOf(1));
    await file.close();
    await file.discard();
    expect(await read()).toEqual([rowOf(0), rowOf(1)]);
  });

  it('says that the file cannot be written, at the first lines or at the last', async () => {
    await writeFile(join(folder, 'run'), 'a file');
    const file = openPredictions(path);
    const all = async () => {
      for (let row = 0; row < 100_000; row++) await file.append(rowOf(row));
    };
    await expect(all()).rejects.toThrow(`${path} cannot be written: `);
    await expect(file.close()).rejects.toThrow(`${path} cannot be written: `);
    await file.discard();
    await expect(write([rowOf(0)])).rejects.toThrow(`${path} cannot be written: `);
    await expect(write([rowOf(0)], folder)).rejects.toThrow(`${folder} cannot be written: `);
    expect(await readdir(folder)).toEqual(['run']);
  });

  it('refuses a row that could not be read back, or is not the next', async () => {
    const file = openPredictions(path);
    const one = { gold: ['O'], predicted: ['O'], loss: [0], probability: [1] };
    await expect(file.append({ row: 0, words: ['x'.repeat(16_000_000)], ...one })).rejects.toThrow(
      `${path}, line 1 is longer than 16000000 bytes.`,
    );
    await expect(file.append(rowOf(7))).rejects.toThrow('row 7 was appended to predictions as row 1');
    await file.discard();
  });
});

describe('readPredictions', () => {
  const rows = Array.from({ length: 400 }, (_, row) => rowOf(row));

  it('reads no further than it is asked', async () => {
    await write(rows);
    for await (const row of readPredictions(path)) if (row.row === 3) break;
    await rm(path);
    await expect(read()).rejects.toThrow(`${path} cannot be read: no such file or folder.`);
    await expect(read(folder)).rejects.toThrow(`${folder} cannot be read: it is a folder, not a file.`);
  });

  it('refuses a file that was cut, wherever', async () => {
    await write(rows);
    const whole = await readFile(path);
    const places = [0, 1, 5, 10, 11, 100, whole.length >> 1, whole.length - 9, whole.length - 5, whole.length - 1];
    for (const place of places) {
      await writeFile(path, whole.subarray(0, place));
      await expect(read()).rejects.toThrow(/, line \d+ or a later one, is cut off: the file ends too early\.$/);
    }
  });

  it('refuses a file in which a bit was flipped, or reads what was written', async () => {
    await write(rows);
    const whole = await readFile(path);
    let refused = 0;
    const places = Array.from({ length: 80 }, (_, i) => Math.floor((i * whole.length) / 80));
    for (const place of [...places, ...[1, 2, 3, 4, 8, 9], ...[1, 2, 3, 4, 5, 6, 7, 8].map(i => whole.length - i)]) {
      const bytes = Buffer.from(whole);
      bytes[place]! ^= 1 << (place % 8);
      await writeFile(path, bytes);
      // Of the header gzip itself does not look at the time and the system.
      const readBack = await read().catch(({ name, message }) => {
        expect(name).toBe('PanxError');
        expect(message).toMatch(/^\S+, line \d+/);
        expect(message).not.toMatch(/[^\P{Cc}]/u);
        return null;
      });
      if (readBack === null) refused++;
      else expect([place >= 4 && place < 10, readBack]).toEqual([true, rows]);
    }
    expect(refused).toBeGreaterThan(85);
  });

  it('refuses what stands behind the end', async () => {
    await write(rows);
    const whole = await readFile(path);
    for (const more of [Buffer.alloc(9), Buffer.from('more'), whole, gzipSync('')]) {
      await writeFile(path, Buffer.concat([whole, more]));
      await expect(read()).rejects.toThrow(`${path}, line 401`.replace('401', more === whole ? '401: row is 0' : ''));
    }
    await writeFile(path, good);
    await expect(read()).rejects.toThrow(`${path}, line 1 or a later one, is damaged: incorrect header check.`);
  });

  it.each([
    ['', 'is not valid JSON: '],
    ['null', 'holds null, expected an object.'],
    ['{"row":1}', ': words is missing, expected a list.'],
    ['['.repeat(9000), 'nests arrays or objects more than 100 levels deep'],
    [JSON.stringify({ ...rowOf(1), row: 0 }), ': row is 0, expected 1.'],
    [JSON.stringify({ ...rowOf(1), row: 1.5 }), ': row is 1.5, expected a whole number of at least 0.'],
    [JSON.stringify({ ...rowOf(1), words: ['a', 'b'] }), ': gold has 1 items, expected 2, as words.'],
    [JSON.stringify({ ...rowOf(1), loss: [] }), ': loss has 0 items, expected 1, as words.'],
    [JSON.stringify({ ...rowOf(1), gold: [null] }), ': gold[0] is null, expected a text.'],
    [JSON.stringify({ ...rowOf(1), loss: [-1] }), ': loss[0] is -1, expected a number of at least 0, or null.'],
    [JSON.stringify({ ...rowOf(1), loss: [null] }), ': loss[0] and predicted[0] must both be null, or neither.'],
    [JSON.stringify({ ...rowOf(1), predicted: [null] }), ': loss[0] and predicted[0] must both be null, or neither.'],
    [JSON.stringify({ ...rowOf(1), probability: [1.5] }), ': probability[0] is 1.5, expected a number from 0 to 1'],
    [JSON.stringify({ ...rowOf(1), probability: [1 / 3] }), 'expected 7 significant digits at most.'],
    [JSON.stringify({ ...rowOf(1), mood: 1 }), ': mood is there, expected no key but row, words, gold'],
    [JSON.stringify(rowOf(1), null, 1).replaceAll('\n', ''), ' is not JSON in the form that panx writes.'],
    [
      JSON.stringify(Object.fromEntries(Object.entries(rowOf(1)).reverse())),
      ' is not JSON in the form that panx writes.',
    ],
    [`\ufeff${JSON.stringify(rowOf(1))}`, ' is not JSON in the form that panx writes.'],
    [JSON.stringify({ ...rowOf(1), words: ['\u200e'] }), ' is not JSON in the form that panx writes.'],
    ['x'.repeat(16_000_001), ' is longer than 16000000 bytes.'],
  ])('refuses %.60j with its number, be it the last line or not', async (line, sentence) => {
    for (const lines of [
      [good, line],
      [good, line, JSON.stringify(rowOf(2))],
    ]) {
      await writeText(lines.map(one => `${one}\n`).join(''));
      const message = await read().then(String, error => (error as Error).message);
      expect(message).toContain(`${path}, line 2`);
      expect(message).toContain(sentence);
      expect(message).not.toMatch(/[^\P{Cc}]/u);
    }
  });

  it('refuses a line without its end, and one that is no UTF-8', async () => {
    await writeText(`${good}\n${JSON.stringify(rowOf(1))}`);
    await expect(read()).rejects.toThrow(`${path}, line 2 is not whole: the file ends in it.`);
    await writeText(Buffer.from([0x22, 0xff, 0x22, 0x0a]));
    await expect(read()).rejects.toThrow(`${path}, line 1 is not text in UTF-8.`);
  });

  it('does not unpack a bomb: a line that never ends takes the memory of the longest', async () => {
    // A thousandth of it, compressed.
    await writeText(Buffer.alloc(200_000_000, 'x'));
    const startMs = performance.now();
    await expect(read()).rejects.toThrow(`${path}, line 1 is longer than 16000000 bytes.`);
    console.info(`a bomb of 200 MB was refused after ${Math.round(performance.now() - startMs)} ms`);
  });
});
