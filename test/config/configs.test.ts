import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';

const folder = fileURLToPath(new URL('../../configs/', import.meta.url));

const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.yaml'));

it.each(names)('%s is valid, and says how to run it', async name => {
  await loadConfig({ file: `${folder}${name}` });
  expect(await readFile(`${folder}${name}`, 'utf8')).toMatch(/^# .*\n(#.*\n)*# +(panx|npm run) /);
});

it.each(names.filter(name => name.startsWith('studies')))('%s is a study', async name => {
  const { origins } = await loadConfig({ file: `${folder}${name}` });
  expect(origins['study.protocol']).not.toBe('default');
});

it('writes down the defaults in xlmr-base.yaml', async () => {
  const { config } = await loadConfig({ file: `${folder}xlmr-base.yaml` });
  expect(config).toEqual((await loadConfig({})).config);
});

it('runs the small model from scratch with a warm-up that its smallest stage outlasts', async () => {
  const { config } = await loadConfig({ file: `${folder}small-from-scratch.yaml` });
  const { warmupSteps, epochs, batchSize } = config.training;
  expect(config.training.learningRate).toBe(1e-3);
  expect(warmupSteps).toBeLessThan(epochs * Math.ceil(config.study.sizes[0]! / batchSize));
});
