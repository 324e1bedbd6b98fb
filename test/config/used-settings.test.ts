import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { type Key, settings } from '../../src/config/schema.js';
import {
  refuseUnusedSettings,
  type SettingsUser,
  settingsUser,
  usedSettings,
  usesSetting,
} from '../../src/config/used-settings.js';

const users = Object.keys(usedSettings) as SettingsUser[];
const loaded = await loadConfig({});
const from = (key: Key, origin: string) => ({ ...loaded, origins: { ...loaded.origins, [key]: origin } });

it.each(users)('panx %s refuses each setting that it does not use, where it is typed, and no other', user => {
  for (const key of settings.keys()) {
    for (const origin of [`--set ${key}=1`, '--option']) {
      const refuse = () => refuseUnusedSettings(from(key, origin), user);
      if (usesSetting(user, key)) expect(refuse).not.toThrow();
      else {
        expect(refuse).toThrow(
          expect.objectContaining({
            exitCode: 2,
            message: expect.stringMatching(
              new RegExp(
                `^panx ${user.split(' --')[0]}.* does not use ${key}, from ${origin}; expected a setting that`,
              ),
            ) as string,
          }) as Error,
        );
      }
    }
    for (const origin of ['default', 'shared.yaml', '--sample']) refuseUnusedSettings(from(key, origin), user);
  }
});

it('every setting is one of a command', () => {
  for (const key of settings.keys()) expect(users.filter(user => usesSetting(user, key))).not.toEqual([]);
});

it.each([
  ['predict', 'training.epochs', 'Leave it out: it is a setting of panx train, panx sweep and panx run. A file of'],
  ['evaluate', 'seed', 'Leave it out, or type panx evaluate --ci.'],
  ['data show', 'tokenization.maxLength', 'Leave it out, or type panx data show --tokens.'],
  ['sweep', 'study.keep', 'Leave it out: it is a setting of panx run. A file of settings (--config) may hold it.'],
  ['run', 'training.langs', 'A study is told its languages by study.source, study.target and study.train, and'],
] as const)('panx %s says of %s what to do', (user, key, hint) => {
  expect(() => refuseUnusedSettings(from(key, '--set'), user)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining(hint) as string }) as Error,
  );
});

it.each([
  [{ protocol: 'mixtures' }, ['study.source', 'study.target', 'study.sizes']],
  [{ protocol: 'zero-shot' }, ['study.sizes']],
  [{ protocol: 'zero-shot', score: ['en'] }, ['study.target', 'study.sizes']],
  [{ protocol: ['mixtures', 'cumulative'] }, []],
  [{ protocol: 'cumulative' }, []],
])('a study of %j does not use %j', (study, unused) => {
  const config = { ...loaded.config, study: { ...loaded.config.study, ...study } } as typeof loaded.config;
  for (const user of ['run', 'sweep'] as const) {
    const refused = ([...settings.keys()] as Key[]).filter(key => {
      if (!key.startsWith('study.') || !usesSetting(user, key)) return false;
      try {
        refuseUnusedSettings({ ...from(key, `--set ${key}=1`), config }, user);
        return false;
      } catch (error) {
        expect((error as Error).message).toContain(`panx ${user} with study.protocol `);
        return true;
      }
    });
    expect(refused).toEqual(unused);
  }
});

it('a command is known with the option that makes it use more', () => {
  expect(settingsUser('evaluate', () => false)).toBe('evaluate');
  expect(settingsUser('evaluate', option => option === 'ci')).toBe('evaluate --ci');
  expect(settingsUser('config', () => true)).toBeUndefined();
});
