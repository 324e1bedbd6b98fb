import { expect, it } from 'vitest';
import { languagesOf, toLanguage } from '../../src/commands/lists.js';

it('reads languages with commas between, each once', () => {
  expect(languagesOf('--langs', 'en, tr,en,zh-min-nan')).toEqual(['en', 'tr', 'zh-min-nan']);
  expect(toLanguage('--lang', 'de')).toBe('de');
});

// What would be looked up in a folder elsewhere, or be no key of an object.
it.each(['__proto__', '../en', 'EN', 'e', 'en_US', 'en-', '\u001b[31m', 'en/..'])('refuses %j as a language', name => {
  expect(() => toLanguage('--lang', name)).toThrow(`--lang has "${name}"; expected a language code such as tr.`);
  expect(() => languagesOf('--langs', `tr,${name}`)).toThrow(`--langs has "${name}"`);
});
