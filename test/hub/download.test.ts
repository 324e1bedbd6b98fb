import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchModel } from '../../src/hub/resolve.js';
import { leftover } from '../leftover.js';
import { bytesOf, filesUnder, modelRepo, useHub } from './fixtures.js';
import { gitOidOf, sha256Of } from './server.js';

const model = { type: 'model', name: 'org/model', revision: 'main' } as const;
const weights = modelRepo().files['model.safetensors']!;
const config = modelRepo().files['config.json']!;

describe('a download', () => {
  const test = useHub();
  const blob = () => join(test.home, 'hub/models--org--model/blobs', sha256Of(weights));
  const bring = (impatient = {}) => fetchModel(model, { settings: { ...test.settings, ...impatient } });
  /** The ranges asked of the CDN beyond the first byte that the client looks at. */
  const ranges = () =>
    test.hub.requests
      .filter(line => line.startsWith('cdn GET') && !line.endsWith('bytes=0-0'))
      .map(line => line.split(' ')[3]);

  it('goes on where a transfer was cut short', async () => {
    test.hub.faults.push({ match: /^cdn GET \S+$/, times: 1, cut: 100_000 });
    await bring();
    expect(ranges()).toEqual([undefined, 'bytes=100000-']);
    expect(readFileSync(blob()).equals(weights)).toBe(true);
    expect(readdirSync(dirname(blob())).filter(name => name.includes('incomplete'))).toEqual([]);
  });

  it('keeps trying as long as every try brings something', async () => {
    test.hub.faults.push({ match: /^cdn GET (?!.*bytes=0-0)/, times: 12, cut: 20_000 });
    await bring();
    expect(ranges()).toHaveLength(13);
    expect(readFileSync(blob()).equals(weights)).toBe(true);
  });

  it('gives up a transfer that brings nothing, keeps the part, and a later call goes on from there', async () => {
    test.hub.faults.push(
      { match: /^cdn GET \S+$/, times: 1, cut: 100_000 },
      { match: /^cdn GET \S+ bytes=100000-/, times: 99, status: 503 },
    );
    await expect(bring()).rejects.toThrow(
      `${test.hub.endpoint} fails to give org/model: model.safetensors (HTTP 503: fault).`,
    );
    expect(readFileSync(`${blob()}.panx.incomplete`).equals(weights.subarray(0, 100_000))).toBe(true);
    test.hub.faults.length = 0;
    test.hub.requests.length = 0;
    await bring();
    expect(ranges()).toEqual(['bytes=100000-']);
  });

  it('gives up a server that breaks after a byte each time, and keeps the part', async () => {
    test.hub.faults.push({ match: /^cdn GET (?!.*bytes=0-0)/, times: 999, cut: 1 });
    await expect(bring()).rejects.toMatchObject({
      name: 'PanxError',
      message: expect.stringMatching(
        /^org\/model: model\.safetensors was cut short again and again: the connection was lost after [0-5] of 300000 bytes\.$/,
      ),
      hint: 'Type the command again: it goes on from where it stopped.',
    });
    expect(ranges()).toHaveLength(5);
    const part = readFileSync(`${blob()}.panx.incomplete`);
    expect(part.equals(weights.subarray(0, part.length))).toBe(true);
  });

  it('gives up a server that trickles, and goes on from there', async () => {
    mkdirSync(dirname(blob()), { recursive: true });
    writeFileSync(`${blob()}.panx.incomplete`, weights.subarray(0, 1000));
    const slow = { match: /^cdn GET \S+ bytes=1000-/, times: 99, trickleMs: 50 };
    test.hub.faults.push(slow);
    await expect(bring({ timeoutMs: 150 })).rejects.toMatchObject({
      name: 'PanxError',
      message: `org/model: model.safetensors is given up: ${test.hub.endpoint} is too slow, it sent less than 1.0 kB/s for 0.3 s.`,
      hint: expect.stringMatching(/^Type the command again: it goes on from where it stopped\./),
    });
    expect(readFileSync(`${blob()}.panx.incomplete`).equals(weights.subarray(0, 1000))).toBe(true);
    slow.times = 0;
    test.hub.requests.length = 0;
    await bring();
    expect(ranges()).toEqual(['bytes=1000-']);
  });

  it('does not give up a slow link', async () => {
    // 20 kB/s, in pieces that come every 50 ms: 1,000 bytes each.
    const part = weights.subarray(0, 280_000);
    mkdirSync(dirname(blob()), { recursive: true });
    writeFileSync(`${blob()}.panx.incomplete`, part);
    test.hub.faults.push({ match: /^cdn GET \S+ bytes=280000-/, times: 1, paceMs: 50 });
    await bring();
    expect(ranges()).toEqual(['bytes=280000-']);
    expect(readFileSync(blob()).equals(weights)).toBe(true);
  });

  it('gives up wrong bytes that are cut short first, as soon as they are whole', async () => {
    const wrong = bytesOf(weights.length, 77);
    test.hub.faults.push(
      { match: /^cdn GET \S+$/, times: 99, body: wrong, cut: 200_000 },
      { match: /^cdn GET/, times: 99, body: wrong },
    );
    await expect(bring()).rejects.toThrow('org/model: model.safetensors came with the SHA-256');
    expect(ranges()).toEqual([undefined, 'bytes=200000-']);
  });

  it.each([
    ['a file that is longer', { body: bytesOf(400_000, 3) }, /more than the expected 300000 bytes came/],
    ['a part of elsewhere', { status: 206, headers: { 'Content-Range': 'bytes 9-10/20' } }, /those from 9 on came/],
    [
      'a part of nowhere',
      { status: 206, headers: { 'Content-Range': 'bytes ?-?/?' } },
      /with the Content-Range "bytes \?-\?\/\?"/,
    ],
    ['the same address again', { redirect: true }, /does not answer as .*: redirect count exceeded\.$/],
    ['headers that trickle', { trickleHeadersMs: 30 }, /cannot be reached: no answer in time\.$/],
    ['HTTP that is none', { garbage: true }, /(does not answer as|cannot be reached)/],
  ])('gives up %s', async (_, fault, message) => {
    test.hub.faults.push({ match: /^cdn GET (?!.*bytes=0-0)/, times: 99, ...fault });
    await expect(bring({ timeoutMs: 150 })).rejects.toThrow(message);
  });

  it.each([
    ['information', /\/revision\//],
    ['a listing', /\/tree\//],
    ['the place of a file', /\/resolve\//],
  ])('gives up %s that trickles', async (_, match) => {
    test.hub.faults.push({ match, times: 99, trickleMs: 50 });
    const asked = () => test.hub.requests.filter(line => match.test(line));
    await expect(bring({ timeoutMs: 150 })).rejects.toThrow(
      /is given up: .* is too slow, its answer was not whole after 0\.3 s\.$/,
    );
    expect(asked().length).toBeLessThan(3);
  });

  it.each([
    ['a link', (path: string, mine: string) => symlinkSync(mine, path)],
    ['a second name', (path: string, mine: string) => linkSync(mine, path)],
  ])('does not write through %s in the place of a part', async (_, make) => {
    const mine = join(test.home, 'mine');
    writeFileSync(mine, 'mine');
    mkdirSync(dirname(blob()), { recursive: true });
    make(`${blob()}.panx.incomplete`, mine);
    await bring();
    expect(readFileSync(mine, 'utf8')).toBe('mine');
    expect(readFileSync(blob()).equals(weights)).toBe(true);
  });

  it('says that a folder lies in the place of a part', async () => {
    mkdirSync(`${blob()}.panx.incomplete`, { recursive: true });
    await expect(bring()).rejects.toThrow(
      `${blob()}.panx.incomplete is a folder, expected the part of a file or nothing.`,
    );
  });

  it('clears what killed commands have left, and nothing else', async () => {
    const repo = join(test.home, 'hub/models--org--model');
    const locks = join(test.home, 'hub/.locks/models--org--model');
    const snapshot = join(repo, 'snapshots', 'a'.repeat(40));
    for (const folder of [join(repo, 'blobs'), join(repo, 'refs'), snapshot, locks])
      mkdirSync(folder, { recursive: true });
    const leftovers = [
      leftover(join(repo, 'refs/main')),
      leftover(join(snapshot, 'config.json')),
      join(repo, 'blobs', `${'d'.repeat(64)}.panx.incomplete`),
      join(locks, `${'e'.repeat(64)}.panx.lock`),
      leftover(join(locks, `${'e'.repeat(64)}.panx.lock`)),
    ];
    for (const path of leftovers) writeFileSync(path, `999999999 ${hostname()}\n`);
    const longAgo = Date.now() / 1000 - 8 * 86_400;
    utimesSync(leftovers[2]!, longAgo, longAgo);
    const others = [
      join(repo, `refs/main.${process.pid}-0123abcd.tmp`),
      join(repo, 'blobs', `${'f'.repeat(64)}.panx.incomplete`),
      join(repo, 'blobs', `${'f'.repeat(64)}.incomplete`),
      join(locks, `${'f'.repeat(64)}.lock`),
      join(locks, `${'f'.repeat(64)}.panx.lock`),
      join(snapshot, 'notes.tmp'),
    ];
    for (const path of others) writeFileSync(path, `${process.pid} ${hostname()} x\n`);
    await bring();
    expect(leftovers.filter(path => existsSync(path))).toEqual([]);
    expect(others.filter(path => !existsSync(path))).toEqual([]);
  });

  it('goes on after a silent connection', async () => {
    test.hub.faults.push({ match: /^cdn GET \S+$/, times: 1, silent: 70_000 });
    await bring();
    expect(ranges()).toEqual([undefined, 'bytes=70000-']);
  });

  it('takes the whole file from a server that ignores the Range', async () => {
    mkdirSync(dirname(blob()), { recursive: true });
    writeFileSync(`${blob()}.panx.incomplete`, weights.subarray(0, 1000));
    test.hub.faults.push({ match: /^cdn GET \S+ bytes=1000-/, times: 1, ignoreRange: true });
    await bring();
    expect(readFileSync(blob()).equals(weights)).toBe(true);
  });

  it.each([
    ['of wrong bytes', bytesOf(1000, 99)],
    ['longer than the file', bytesOf(400_000, 99)],
  ])('starts anew where a left part is %s', async (_, part) => {
    mkdirSync(dirname(blob()), { recursive: true });
    writeFileSync(`${blob()}.panx.incomplete`, part);
    await bring();
    expect(readFileSync(blob()).equals(weights)).toBe(true);
  });

  it('deletes a large file of the wrong SHA-256 and says so', async () => {
    const wrong = bytesOf(weights.length, 77);
    test.hub.faults.push({ match: /^cdn GET/, times: 99, body: wrong });
    await expect(bring()).rejects.toThrow(
      `org/model: model.safetensors came with the SHA-256 ${sha256Of(wrong)}, expected ${sha256Of(weights)}; it has been deleted.`,
    );
    expect(filesUnder(test.home).filter(path => path.includes(sha256Of(weights)))).toEqual([]);
  });

  it('deletes an ordinary file of the wrong git SHA-1 and says so', async () => {
    const wrong = Buffer.from(config.toString().replace('xlm', 'abc'));
    test.hub.faults.push({ match: /resolve-cache.*config\.json/, times: 99, body: wrong });
    await expect(bring()).rejects.toThrow(
      `org/model: config.json came with the git SHA-1 ${gitOidOf(wrong)}, expected ${gitOidOf(config)}; it has been deleted.`,
    );
  });

  it('tries again after errors of the server', async () => {
    test.hub.faults.push(
      { match: /revision\/main/, times: 2, status: 500 },
      { match: /tree/, times: 1, status: 502 },
      { match: /resolve\/.*config\.json/, times: 1, status: 429, headers: { 'Retry-After': '0' } },
      { match: /^cdn GET/, times: 2, status: 503 },
    );
    await bring();
    expect(readFileSync(blob()).equals(weights)).toBe(true);
  });

  it('lets two calls at once transfer a file once', async () => {
    // Slow enough for the second call to meet the first one's lock.
    test.hub.faults.push({ match: /^cdn GET \S+$/, times: 1, silent: 200_000 });
    const [one, two] = await Promise.all([bring(), bring()]);
    expect(readFileSync(blob()).equals(weights)).toBe(true);
    expect(ranges()).toEqual([undefined, 'bytes=200000-']);
    const fetched = [one, two].map(({ files }) => files.find(file => file.path === 'model.safetensors')?.fetched);
    expect(fetched.sort()).toEqual([false, true]);
    expect(filesUnder(join(test.home, 'hub/.locks'))).toEqual([]);
  });

  it('takes over from a process that was killed', async () => {
    const lock = join(test.home, 'hub/.locks/models--org--model', `${sha256Of(weights)}.panx.lock`);
    mkdirSync(dirname(lock), { recursive: true });
    mkdirSync(dirname(blob()), { recursive: true });
    writeFileSync(lock, `999999999 ${hostname()}\n`); // Above the largest process number that Linux gives.
    writeFileSync(`${blob()}.panx.incomplete`, weights.subarray(0, 5000));
    await bring();
    expect(ranges()).toEqual(['bytes=5000-']);
  });

  it('is content where another process has finished the file in spite of the lock', async () => {
    let done = false;
    const finish = () => {
      if (done || !existsSync(`${blob()}.panx.incomplete`)) return;
      done = true;
      rmSync(`${blob()}.panx.incomplete`);
      writeFileSync(blob(), weights);
    };
    const { files, folder } = await fetchModel(model, { settings: test.settings, onProgress: finish });
    expect(done).toBe(true);
    expect(files.at(-1)).toEqual({ path: 'model.safetensors', bytes: weights.length, fetched: false });
    expect(readFileSync(join(folder, 'model.safetensors')).equals(weights)).toBe(true);
  });

  it('reads a file in Xet storage from the plain address', async () => {
    test.hub.repos[0] = modelRepo({ xet: true });
    test.hub.faults.push({ match: /^cdn GET \S+$/, times: 1, cut: 100_000 });
    await bring();
    expect(ranges()).toEqual([undefined, 'bytes=100000-']);
    expect(readFileSync(blob()).equals(weights)).toBe(true);
    expect(test.hub.requests.filter(line => line.includes('/xet'))).toEqual([]);
  });

  it('says that the disk is full', async () => {
    test.hub.repos[0] = modelRepo();
    const huge = { ...test.settings };
    const { downloadBlob } = await import('../../src/hub/download.js');
    const file = { path: 'model.safetensors', bytes: 1e18, checksum: { kind: 'sha256', hex: 'd'.repeat(64) } } as const;
    const download = {
      settings: huge,
      repo: model,
      commit: 'a'.repeat(40),
      file,
      token: undefined,
      onBytes() {},
      onWaiting() {},
    };
    await expect(downloadBlob(download)).rejects.toThrow(
      /^No room for model.safetensors in .*hub: 1000000\.0 TB are needed and .* are free\.$/,
    );
  });
});
