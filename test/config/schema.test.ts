import { expect, it } from 'vitest';
import { type Config, settings } from '../../src/config/schema.js';

it('accepts its own defaults', () => {
  const refused = [...settings].filter(([, setting]) => !setting.accepts(setting.default)).map(([key]) => key);
  expect(refused).toEqual([]);
});

it('says what each setting means and takes, as the continuation of a sentence', () => {
  for (const [key, setting] of settings) {
    expect(setting.meaning, key).toMatch(/^[a-z].*[^.]$/);
    expect(setting.expected, key).toMatch(/^[a-z].*[^.]$/);
  }
});

it('derives a type that the compiler checks', () => {
  const protocol: Config['study']['protocol'] = 'from-source';
  const size: Config['training']['size'] = null;
  // @ts-expect-error: the schema has no such protocol.
  const wrong: Config['study']['protocol'] = 'backwards';
  expect([protocol, size, wrong]).toHaveLength(3);
});
