import { mkdtempSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hubSettings, hubToken } from '../../src/hub/settings.js';

describe('hubSettings', () => {
  it('has the defaults of the Python library', () => {
    expect(hubSettings({})).toEqual({
      endpoint: 'https://huggingface.co',
      cacheDir: join(homedir(), '.cache/huggingface/hub'),
      offline: false,
      timeoutMs: 30_000,
      retryDelayMs: 500,
    });
  });

  it.each([
    [{ XDG_CACHE_HOME: '/x' }, '/x/huggingface/hub'],
    [{ HF_HOME: '/h', XDG_CACHE_HOME: '/x' }, '/h/hub'],
    [{ HF_HOME: '~/h' }, join(homedir(), 'h/hub')],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text is what a user may have in the variable
    [{ HF_HOME: '$SCRATCH/${USER}/h', SCRATCH: '/scratch', USER: 'u' }, '/scratch/u/h/hub'],
    [{ HF_HOME: '', HF_HUB_CACHE: '/c' }, '/c'],
    [{ HUGGINGFACE_HUB_CACHE: '/old', HF_HOME: '/h' }, '/old'],
    [{ HF_HUB_CACHE: '/c', HUGGINGFACE_HUB_CACHE: '/old' }, '/c'],
  ])('finds the cache of %o', (env, cacheDir) => {
    expect(hubSettings(env).cacheDir).toBe(cacheDir);
  });

  it('takes a mirror, a timeout and offline mode', () => {
    const settings = hubSettings({
      HF_ENDPOINT: 'https://mirror.org//',
      HF_HUB_DOWNLOAD_TIMEOUT: '7',
      HF_HUB_OFFLINE: 'yes',
    });
    expect(settings).toMatchObject({ endpoint: 'https://mirror.org', timeoutMs: 7000, offline: true });
    expect(hubSettings({ HF_HUB_OFFLINE: '0' }).offline).toBe(false);
    expect(hubSettings({ TRANSFORMERS_OFFLINE: '1' }).offline).toBe(true);
  });

  it('takes a mirror with a port and a path', () => {
    const endpoint = 'https://artifactory.corp:8443/api/huggingfaceml/x';
    expect(hubSettings({ HF_ENDPOINT: `${endpoint}/` }).endpoint).toBe(endpoint);
  });

  it.each([
    ['mirror.org', 'HF_ENDPOINT is "mirror.org", not an address that starts with https:// or http://.'],
    ['file:///etc', 'HF_ENDPOINT is "file:///etc", not an address'],
    ['http://', 'HF_ENDPOINT is "http:", not an address'],
    ['http://[::1', 'HF_ENDPOINT is "http://[::1", not an address'],
    ['http://h:99999', 'HF_ENDPOINT is "http://h:99999", not an address'],
    ['http://a b', 'HF_ENDPOINT is "http://a b", not an address'],
    ['http://a\n\u001b[2Jb', 'HF_ENDPOINT is "http://a<U+000A><U+001B>[2Jb", not an address'],
    ['http://h\\x', 'HF_ENDPOINT is "http://h\\x", not an address'],
    ['https://:secret@h/api', 'HF_ENDPOINT holds a user name or a password, which panx does not send.'],
    ['http://user:secret@h', 'HF_ENDPOINT holds a user name or a password, which panx does not send.'],
    ['https://h/?q=1', 'HF_ENDPOINT is "https://h/?q=1", expected an address without "?" and "#".'],
    ['https://h/#', 'HF_ENDPOINT is "https://h/#", expected an address without "?" and "#".'],
  ])('refuses the endpoint %j', (HF_ENDPOINT, message) => {
    expect(() => hubSettings({ HF_ENDPOINT })).toThrow(message);
  });

  it.each([
    ['7.5', 7500],
    ['0.0001', 1],
    ['1e9', 86_400_000],
    ['Infinity', 86_400_000],
    ['', 30_000],
  ])('takes the timeout %j', (HF_HUB_DOWNLOAD_TIMEOUT, timeoutMs) => {
    expect(hubSettings({ HF_HUB_DOWNLOAD_TIMEOUT }).timeoutMs).toBe(timeoutMs);
  });

  it.each(['abc', '-1', '0', 'NaN', '30s', ' '])('refuses the timeout %j', HF_HUB_DOWNLOAD_TIMEOUT => {
    expect(() => hubSettings({ HF_HUB_DOWNLOAD_TIMEOUT })).toThrow(
      `HF_HUB_DOWNLOAD_TIMEOUT is "${HF_HUB_DOWNLOAD_TIMEOUT}", expected a number of seconds above 0.`,
    );
  });
});

describe('hubToken', () => {
  const home = mkdtempSync(join(tmpdir(), 'panx-token-'));
  writeFileSync(join(home, 'token'), 'hf_file\n');
  writeFileSync(join(home, 'other'), 'hf_other\n');

  const hub = { endpoint: 'https://huggingface.co' };
  const company = { endpoint: 'https://artifactory.corp/api/huggingfaceml/x' };

  it.each([
    [
      { HF_HOME: home, HF_TOKEN: ' hf_variable\n' },
      { token: 'hf_variable', from: 'HF_TOKEN' },
    ],
    [
      { HF_HOME: home, HUGGING_FACE_HUB_TOKEN: 'hf_old' },
      { token: 'hf_old', from: 'HUGGING_FACE_HUB_TOKEN' },
    ],
    [
      { HF_HOME: home, HF_TOKEN: '' },
      { token: 'hf_file', from: join(home, 'token') },
    ],
    [
      { HF_HOME: home, HF_TOKEN_PATH: join(home, 'other') },
      { token: 'hf_other', from: join(home, 'other') },
    ],
    [{ HF_HOME: join(home, 'none') }, undefined],
  ])('reads %o', async (env, expected) => {
    expect(await hubToken(hub, env)).toEqual(expected);
  });

  it('sends a token of another form to a hub of a company, and not to huggingface.co', async () => {
    const env = { HF_TOKEN: 'AKCp8-secret+/=' };
    expect(await hubToken(company, env)).toEqual({ token: env.HF_TOKEN, from: 'HF_TOKEN' });
    await expect(hubToken(hub, env)).rejects.toMatchObject({
      message:
        'The access token in HF_TOKEN does not start with "hf_", as those of huggingface.co do; it is not sent there.',
      hint: expect.stringMatching(/^For another hub, such as a company's, set HF_ENDPOINT to its address\./),
    });
  });

  it('reads a long signed token of a file, with what editors put around it', async () => {
    const token = `eyJ${'x'.repeat(3000)}.y.z`;
    writeFileSync(join(home, 'jwt'), `\uFEFF${token}\r\n`);
    const HF_TOKEN_PATH = join(home, 'jwt');
    expect(await hubToken(company, { HF_TOKEN_PATH })).toEqual({ token, from: HF_TOKEN_PATH });
  });

  it.each([
    ['hf_a\nb', 'holds a space or a line break'],
    ['Bearer abc', 'holds a space or a line break'],
    ['"hf_quoted"', 'stands in quotation marks'],
    ['hf_ü', 'holds a character that no access token has'],
    ['hf_\u001b[2J', 'holds a character that no access token has'],
    [`hf_${'x'.repeat(100_000)}`, 'is longer than 8000 characters, which no server takes in a header'],
  ])('refuses a token that is no header, without showing it', async (token, flaw) => {
    for (const settings of [hub, company]) {
      await expect(hubToken(settings, { HF_TOKEN: token })).rejects.toMatchObject({
        name: 'PanxError',
        message: `The access token in HF_TOKEN ${flaw}.`,
        hint: `Set HF_TOKEN to a token of ${settings.endpoint} as it was given, or unset it: public repositories need none.`,
      });
    }
    writeFileSync(join(home, 'odd'), token);
    await expect(hubToken(hub, { HF_TOKEN_PATH: join(home, 'odd') })).rejects.toThrow(
      `The access token in ${join(home, 'odd')} ${flaw}.`,
    );
  });

  it('refuses a device for a token file', async () => {
    await expect(hubToken(hub, { HF_TOKEN_PATH: '/dev/zero' })).rejects.toThrow(
      'The access token in /dev/zero cannot be read: it is no ordinary file.',
    );
  });

  it('says which token file cannot be read', async () => {
    await expect(hubToken(hub, { HF_TOKEN_PATH: home })).rejects.toThrow(
      `The access token in ${home} cannot be read: it is a folder, not a file.`,
    );
  });
});
