import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { fetchData } from '../../src/data/fetch.js';
import { PanxError } from '../../src/errors.js';
import { fetchModel } from '../../src/hub/resolve.js';
import { bytesOf, dataRepo, filesUnder, modelRepo, useHub } from './fixtures.js';
import { gitOidOf, goodToken, sha256Of } from './server.js';

const model = { type: 'model', name: 'org/model', revision: 'main' } as const;
const data = { type: 'dataset', name: 'org/data', revision: 'main' } as const;
const entry = { type: 'file', oid: gitOidOf(Buffer.from('{}')), size: 2, path: 'config.json' };

describe('a listing', () => {
  const test = useHub();
  /** Let the listing of the root be some text; the error that it ends in. */
  async function listed(reply: unknown, headers: Record<string, string> = {}): Promise<PanxError> {
    const text = typeof reply === 'string' || Buffer.isBuffer(reply) ? reply : JSON.stringify(reply);
    test.hub.faults.push({ match: /\/tree\//, times: 1000, reply: text, headers });
    const error: unknown = await fetchModel(model, { settings: test.settings }).catch(error => error);
    expect(error).toBeInstanceOf(PanxError);
    return error as PanxError;
  }
  const notTheHub = (end: string) => `${test.hub.endpoint} does not answer as the Hugging Face hub does: ${end}.`;

  it.each([
    ['../x', 'a path that has the part ".."'],
    ['/x', 'a path that is absolute'],
    ['C:\\x', 'a path that holds a backslash'],
    ['c:/x', 'a path that is absolute'],
    ['', 'a path that is empty'],
    ['a\0b', 'a path that holds a control character'],
    ['x'.repeat(201), 'a path that has a part of more than 200 bytes'],
    ['.', 'a path that has the part "."'],
  ])('with the path %j is refused as a whole', async (path, flaw) => {
    const { message } = await listed([entry, { ...entry, path }]);
    expect(message).toBe(notTheHub(`it lists ${shown(path)} in org/model, ${flaw}`));
    expect(existsSync(join(test.home, 'hub/models--org--model'))).toBe(false);
  });

  it.each([
    [null, 'it lists null in org/model, which is no entry'],
    [5, 'it lists 5 in org/model, which is no entry'],
    [[[]], 'it lists [[]] in org/model, which is no entry'],
    [{ ...entry, path: 5 }, 'it lists an entry in org/model whose path is 5'],
    [{}, 'it lists an entry in org/model whose path is nothing'],
    [{ ...entry, path: 'a/config.json' }, 'it lists "a/config.json" in the folder "" of org/model'],
    [{ ...entry, type: null }, 'it gives null for the type of org/model: config.json'],
    [{ ...entry, size: -1 }, 'it gives -1 for the size of org/model: config.json'],
    [{ ...entry, size: 1e18 }, 'it gives 1000000000000000000 for the size of org/model: config.json'],
    [{ ...entry, size: 0.5 }, 'it gives 0.5 for the size of org/model: config.json'],
    [{ ...entry, size: '2' }, 'it gives "2" for the size of org/model: config.json'],
    [{ ...entry, size: undefined }, 'it gives nothing for the size of org/model: config.json'],
    [{ ...entry, oid: '../../x' }, 'it gives "../../x" for the checksum of org/model: config.json'],
    [{ ...entry, oid: [entry.oid] }, `it gives ["${entry.oid}"] for the checksum of org/model: config.json`],
    [{ ...entry, oid: undefined }, 'it gives nothing for the checksum of org/model: config.json'],
    [{ ...entry, lfs: { oid: entry.oid } }, `it gives "${entry.oid}" for the checksum of org/model: config.json`],
    [{ ...entry, lfs: {} }, 'it gives nothing for the checksum of org/model: config.json'],
    [{ ...entry, oid: 'A'.repeat(40) }, `it gives "${'A'.repeat(40)}" for the checksum of org/model: config.json`],
  ])('with the entry %j is refused', async (odd, end) => {
    expect((await listed([odd])).message).toBe(notTheHub(end));
  });

  it('that names a file twice is refused', async () => {
    const { message } = await listed([entry, { ...entry, oid: 'b'.repeat(40) }]);
    expect(message).toBe(notTheHub('it lists "config.json" in org/model twice'));
  });

  it.each([
    ['', 'its answer is not valid JSON: Unexpected end of JSON input'],
    ['null', 'its answer is no JSON list'],
    ['{}', 'its answer is no JSON list'],
    ['5', 'its answer is no JSON list'],
    ['['.repeat(200_000), 'its answer nests arrays or objects more than 100 levels deep; expected at most 100'],
    [' '.repeat(5_000_001), 'its answer is larger than 5.0 MB'],
  ])('that is %.20j is refused', async (text, end) => {
    expect((await listed(text)).message).toBe(notTheHub(end));
    expect(test.hub.requests).toHaveLength(2);
  });

  it('that is a page of a login is quoted so that a terminal shows it', async () => {
    const { message, hint } = await listed('<html>\n\u001b[2J</html>');
    expect(message).toContain('its answer is not valid JSON: Unexpected token');
    expect(message).not.toMatch(/\p{Cc}/u);
    expect(hint).toContain('a login page of the network');
  });

  it('that goes on for ever is given up, whether its pages are empty or not', async () => {
    const next = { Link: `<${test.hub.endpoint}/api/models/org/model/tree/next>; rel="next"` };
    expect((await listed([], next)).message).toBe(
      'The listing of org/model is more than 200 pages, which is where panx stops reading it.',
    );
    test.hub.faults.length = 0;
    const page = Array.from({ length: 40_000 }, (_, i) => ({ type: 'directory', path: `d${i}` }));
    for (const n of [1, 2, 3]) {
      const reply = JSON.stringify(page.map(({ type, path }) => ({ type, path: `${path}-${n}` })));
      test.hub.faults.push({ match: /\/tree\//, times: 1, reply, headers: next });
    }
    await expect(fetchModel(model, { settings: test.settings })).rejects.toThrow(
      'The listing of org/model is more than 100,000 entries, which is where panx stops reading it.',
    );
  });

  it('does not take the token along to another host', async () => {
    const seen: (string | undefined)[] = [];
    const other = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end('[]');
    });
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    vi.stubEnv('HF_TOKEN', goodToken);
    const { message } = await listed([], { Link: `<http://127.0.0.1:${port}/>; rel="next"` });
    other.close();
    expect(message).toContain('org/model has no config.json');
    expect(seen).toEqual([undefined]);
  });

  it('with odd names of files that nobody wants is used', async () => {
    const files = { ...modelRepo().files, 'a b; rm -rf ~.txt': bytesOf(3), 'naïve 漢\u200d字.txt': bytesOf(4) };
    test.hub.repos[0] = modelRepo({ files });
    expect((await fetchModel(model, { settings: test.settings })).files).toHaveLength(4);
  });

  it('with an odd name of a wanted file is refused where it would become one on the disk', async () => {
    test.hub.repos[1] = dataRepo({ files: { 'PAN-X.en/train-a b\u202e.parquet': bytesOf(9) } });
    await expect(fetchData(data, ['en'], ['train'], { settings: test.settings })).rejects.toMatchObject({
      name: 'PanxError',
      message:
        'The name "PAN-X.en/train-a b<U+202E>.parquet" has an odd character or beginning; panx makes no such file.',
    });
    expect(filesUnder(test.home)).toEqual([]);
  });

  it('of 99,999,999 files of which there is one is refused', async () => {
    test.hub.repos[1] = dataRepo({ files: { 'PAN-X.en/train-00000-of-99999999.parquet': bytesOf(9) } });
    await expect(fetchData(data, ['en'], ['train'], { settings: test.settings })).rejects.toThrow(
      'org/data: PAN-X.en lacks some of its train files; found train-00000-of-99999999.parquet.',
    );
  });

  it('with a config.json of a gigabyte is refused before that is brought', async () => {
    const config = { ...entry, size: 1e9 };
    const others = ['tokenizer.json', 'model.safetensors'].map(path => ({ ...entry, path }));
    expect((await listed([config, ...others])).message).toBe(
      'org/model: config.json has 1.0 GB, expected at most 200.0 MB.',
    );
  });

  it('of whatever ends in a sentence or in files at their places, and nothing else', async () => {
    let state = 7;
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    const oneOf = <T>(values: readonly T[]): T => values[random(values.length)]!;
    const names = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'];
    const good = names.map(path => {
      const bytes = modelRepo().files[path]!;
      const lfs = { oid: sha256Of(bytes), size: bytes.length, pointerSize: 134 };
      return { type: 'file', path, size: bytes.length, oid: gitOidOf(bytes), ...(path.endsWith('s') ? { lfs } : {}) };
    });
    const odd: unknown[] = [
      null,
      true,
      0,
      -1,
      2 ** 53,
      1e300,
      0.5,
      '',
      '..',
      '../../../x',
      '/tmp/x',
      'a/b',
      'config.json',
      '\0',
      'file',
      'directory',
      [],
      {},
      [[]],
      'a'.repeat(40),
      'b'.repeat(64),
      { oid: 'b'.repeat(64) },
      { oid: '../x' },
      'x'.repeat(5000),
      '\u202e',
      undefined,
    ];
    const outcomes = new Set<string>();
    for (let n = 0; n < 80; n++) {
      const entries: unknown[] = structuredClone(good);
      for (let changes = 1 + random(2); changes > 0; changes--) {
        const at = random(entries.length);
        const change = random(6);
        if (change === 0) entries[at] = oneOf(odd);
        else if (change === 1) entries.push(structuredClone(oneOf(entries)));
        else entries[at] = { ...Object(entries[at]), [oneOf(['type', 'path', 'size', 'oid', 'lfs'])]: oneOf(odd) };
      }
      test.hub.faults.splice(0, 9, { match: /\/tree\//, times: 1, reply: JSON.stringify(entries) });
      const error = await fetchModel(model, { settings: test.settings, refresh: true }).catch(
        (error: unknown) => error,
      );
      if (error instanceof Error) {
        expect(error).toBeInstanceOf(PanxError);
        expect(error.message).toMatch(/^[^\p{Cc}]{10,600}\.$/u);
      }
      outcomes.add(error instanceof Error ? error.message.replaceAll(/".*"|\d+/g, '') : 'brought');
      const ours =
        /^(hub\/models--org--model\/(blobs\/([0-9a-f]{40}|[0-9a-f]{64})(\.panx\.incomplete)?|refs\/main|snapshots\/a{40}\/\w[\w.]*)|panx\/verified\/[0-9a-f-]+)$/;
      expect(filesUnder(test.home).filter(path => !ours.test(path))).toEqual([]);
    }
    expect(outcomes.size).toBeGreaterThan(10);
    expect(outcomes).toContain('brought');
  });

  it.each(['null', '[]', '{}', '{"sha": 5}', `{"sha": ["${'a'.repeat(40)}"]}`, '{"sha": "../../x"}', 'a'])(
    'is not asked for where the commit comes as %s',
    async reply => {
      test.hub.faults.push({ match: /\/revision\//, times: 9, reply });
      await expect(fetchModel(model, { settings: test.settings })).rejects.toThrow(
        /does not answer as the Hugging Face hub does: it(s answer is|s answer is no JSON| gives) .*\.$/,
      );
      expect(filesUnder(test.home)).toEqual([]);
    },
  );
});

describe('links in the cache', () => {
  const test = useHub();

  it.each([
    ['a language’s folder', `snapshots/${'b'.repeat(40)}/PAN-X.en`],
    ['the snapshot', `snapshots/${'b'.repeat(40)}`],
    ['the snapshots', 'snapshots'],
    ['the blobs', 'blobs'],
    ['the refs', 'refs'],
  ])('in the place of %s are not written through', async (_, place) => {
    const mine = join(test.home, 'mine');
    mkdirSync(mine);
    for (const name of ['train-00000-of-00001.parquet.bak', 'main']) writeFileSync(join(mine, name), 'mine');
    const link = join(test.home, 'hub/datasets--org--data', place);
    mkdirSync(join(link, '..'), { recursive: true });
    symlinkSync(mine, link);
    await expect(fetchData(data, ['en'], ['train'], { settings: test.settings })).rejects.toMatchObject({
      name: 'PanxError',
      message: `${link} is a link, expected a folder of the cache; panx writes nothing through it.`,
    });
    expect(readdirSync(mine).sort()).toEqual(['main', 'train-00000-of-00001.parquet.bak']);
    expect(readFileSync(join(mine, 'main'), 'utf8')).toBe('mine');
  });

  it('in the place of the repository are followed, as to a larger disk', async () => {
    const disk = join(test.home, 'disk');
    mkdirSync(disk);
    mkdirSync(join(test.home, 'hub'));
    symlinkSync(disk, join(test.home, 'hub/datasets--org--data'));
    const { folder } = await fetchData(data, ['en'], ['train'], { settings: test.settings });
    expect(readFileSync(join(folder, 'PAN-X.en/train-00000-of-00001.parquet'))).toHaveLength(1000);
    expect(readdirSync(disk).sort()).toEqual(['blobs', 'refs', 'snapshots']);
  });
});

/** A path as messages show it. */
function shown(path: string): string {
  const text = JSON.stringify(path);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
