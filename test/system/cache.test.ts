import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { homeFolder, panxCacheDir } from '../../src/system/cache.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('is named by PANX_CACHE, else lies in the cache folder, else in the home folder', () => {
  vi.stubEnv('HOME', '/home/ada');
  expect(panxCacheDir({ PANX_CACHE: '/c', XDG_CACHE_HOME: '/x' })).toBe('/c');
  expect(panxCacheDir({ PANX_CACHE: '', XDG_CACHE_HOME: '/x' })).toBe(join('/x', 'panx'));
  expect(panxCacheDir({ XDG_CACHE_HOME: '' })).toBe(join('/home/ada', '.cache', 'panx'));
});

it.each(['', '.', 'relative/folder'])('a HOME of "%s" is not taken: files would go wherever panx is started', home => {
  vi.stubEnv('HOME', home);
  expect(homeFolder()).toBe(userInfo().homedir);
});
