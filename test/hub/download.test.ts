import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchModel } from '../../src/hub/resolve.js';
import { bytesOf, filesUnder, modelRepo, useHub } from './fixtures.js';
import { gitOidOf, sha256Of } from './server.js';

const model = { type: 'model', name: 'org/model', revision: 'main' } as const;
const weights = modelRepo().files['model.safetensors']!;
const config = modelRepo().files['config.json']!;

describe('a download', () => {
  const test = useHub();
  const blob = () => join(test.home, 'hub/models--org--model/blobs', sha256Of(weights));
  const bring = () => fetchModel(model, { settings: test.settings });
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
