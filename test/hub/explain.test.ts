import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { fetchData } from '../../src/data/fetch.js';
import { diskFull, explain } from '../../src/hub/explain.js';
import { fetchModel } from '../../src/hub/resolve.js';
import { modelRepo, useHub } from './fixtures.js';
import { goodToken } from './server.js';

const model = { type: 'model', name: 'org/model', revision: 'main' } as const;

describe('what the hub refuses', () => {
  const test = useHub();
  const bring = (repo: { type: 'model'; name: string; revision: string } = model) =>
    fetchModel(repo, { settings: test.settings });

  it('a repository that it does not show, without a token', async () => {
    await expect(bring({ ...model, name: 'org/modle' })).rejects.toMatchObject({
      name: 'PanxError',
      message:
        'The hub shows no model org/modle without a token (HTTP 401: Invalid username or password.): it is misspelt, private or gated.',
      hint: `Check the spelling at ${test.hub.endpoint}/org/modle; for a private or gated one set HF_TOKEN to a token that may read it.`,
    });
  });

  it('a repository that does not exist, with a token', async () => {
    vi.stubEnv('HF_TOKEN', goodToken);
    await expect(
      fetchData({ type: 'dataset', name: 'org/none', revision: 'main' }, ['en'], ['test'], { settings: test.settings }),
    ).rejects.toMatchObject({
      message: 'The hub has no dataset org/none (HTTP 404).',
      hint: `Check the spelling at ${test.hub.endpoint}/datasets/org/none.`,
    });
  });

  it('a wrong token', async () => {
    vi.stubEnv('HF_TOKEN', 'hf_wrong');
    await expect(bring()).rejects.toThrow(
      'The hub shows no model org/model with the token from HF_TOKEN (HTTP 401: Invalid credentials in Authorization header)',
    );
  });

  it('a private repository, but not to a good token, which the CDN is not shown', async () => {
    test.hub.repos[0] = modelRepo({ access: 'private' });
    await expect(bring()).rejects.toThrow('The hub shows no model org/model without a token');
    vi.stubEnv('HF_TOKEN', goodToken);
    expect((await bring()).files).toHaveLength(4);
  });

  it('the files of a gated repository', async () => {
    test.hub.repos[0] = modelRepo({ access: 'gated' });
    await expect(bring()).rejects.toMatchObject({
      message: 'The model org/model is gated, and the hub refuses it without a token (HTTP 401).',
      hint: `Ask for access at ${test.hub.endpoint}/org/model, then set HF_TOKEN to a token of that account.`,
    });
    writeFileSync(join(test.home, 'token'), goodToken);
    expect((await bring()).files).toHaveLength(4);
  });

  it('a revision that does not exist', async () => {
    await expect(bring({ ...model, revision: 'v9' })).rejects.toThrow('The model org/model has no revision "v9".');
  });

  it('a file that the listing has and the server has not', async () => {
    test.hub.faults.push({
      match: /resolve\/.*tokenizer\.json/,
      times: 9,
      status: 404,
      headers: { 'X-Error-Code': 'EntryNotFound' },
    });
    await expect(bring()).rejects.toThrow('The model org/model has no tokenizer.json (HTTP 404).');
  });

  it('too many requests', async () => {
    test.hub.faults.push({ match: /revision/, times: 9, status: 429 });
    await expect(bring()).rejects.toThrow(`${test.hub.endpoint} says that it was asked too often (HTTP 429).`);
    expect(test.hub.requests).toHaveLength(5);
  });

  it('too many requests, for longer than it is waited for', async () => {
    test.hub.faults.push({ match: /revision/, times: 9, status: 429, headers: { 'Retry-After': '7200' } });
    await expect(bring()).rejects.toMatchObject({
      message: `${test.hub.endpoint} says that it was asked too often (HTTP 429).`,
      hint: 'Try again after 2 h 0 min, as it asks, or set HF_TOKEN: known users may ask more often. What is there already is kept.',
    });
    expect(test.hub.requests).toHaveLength(1);
  });

  it('everything, for a while', async () => {
    test.hub.faults.push({ match: /revision/, times: 9, status: 503 });
    await expect(bring()).rejects.toMatchObject({
      message: `${test.hub.endpoint} fails to give org/model: config.json (HTTP 503: fault).`,
      hint: 'Try again later; what is there already is kept.',
    });
  });

  it('a proxy on the way that wants to know the user', async () => {
    test.hub.faults.push({ match: /./, times: 99, status: 407 });
    await expect(bring()).rejects.toMatchObject({
      message: `${test.hub.endpoint} cannot be asked: a proxy wants a user name and a password (HTTP 407).`,
      hint: expect.stringContaining('http://NAME:PASSWORD@HOST:PORT'),
    });
  });

  it('an answer that is no hub’s', async () => {
    const settings = { ...test.settings, endpoint: `${test.hub.endpoint}/nowhere` };
    await expect(fetchModel(model, { settings })).rejects.toThrow('The hub shows no model org/model');
    test.hub.repos[0] = modelRepo({ commit: '../../../x' });
    await expect(bring()).rejects.toThrow(
      `${test.hub.endpoint} does not answer as the Hugging Face hub does: it gives "../../../x" for the commit of org/model.`,
    );
  });
});

describe('explain', () => {
  const test = useHub();
  const attempt = () => ({ settings: test.settings, repo: model, file: 'config.json', tokenFrom: undefined });

  it('names a folder that cannot be written to', async () => {
    mkdirSync(join(test.home, 'hub'));
    writeFileSync(join(test.home, 'hub/models--org--model'), 'a file in the way');
    await expect(fetchModel(model, { settings: test.settings })).rejects.toMatchObject({
      message: expect.stringMatching(/models--org--model cannot be written: a file of that name is there\.$/),
      hint: 'Set HF_HOME to a folder that you can write to and that has room.',
    });
  });

  it('says that the disk is full, whichever call was told so', () => {
    const error = explain(Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC' }), attempt());
    expect(error.message).toBe(diskFull('config.json', test.settings, 'no space left on the disk').message);
    expect(error.hint).toBe('Make room, or set HF_HOME to a folder on a larger disk; what is there already is kept.');
  });

  it('does not blame the hub for a write that failed', () => {
    const error = explain(
      Object.assign(new Error('EFBIG: file too large, write'), { code: 'EFBIG', syscall: 'write' }),
      attempt(),
    );
    expect(error.message).toBe(`${test.settings.cacheDir} cannot be written: the file would be larger than it may be.`);
  });

  it('makes a sentence of whatever is thrown', () => {
    for (const thrown of [
      null,
      undefined,
      'a\nb',
      5,
      new Error('\u001b[2J'.repeat(1000)),
      new TypeError('x', { cause: 'y' }),
    ]) {
      const { message } = explain(thrown, attempt());
      expect(message).toMatch(/^http:\/\/127\.0\.0\.1:\d+ does not answer as the Hugging Face hub does: .+\.$/);
      expect(message).not.toMatch(/\p{Cc}/u);
      expect(message.length).toBeLessThan(2500);
    }
  });

  it('says what to do about a certificate that is not trusted', () => {
    const cause = Object.assign(new Error('x'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' });
    const error = explain(new TypeError('fetch failed', { cause }), attempt());
    expect(error.message).toBe(
      `${test.settings.endpoint} shows a certificate that is not trusted (SELF_SIGNED_CERT_IN_CHAIN).`,
    );
    expect(error.hint).toContain('NODE_EXTRA_CA_CERTS');
  });
});
