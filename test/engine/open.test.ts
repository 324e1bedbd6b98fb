import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { loadEngine } from '../../src/engine/engine.js';
import { resolveEngine } from '../../src/engine/open.js';

it('decides what auto is on this machine, so that saved settings repeat the run on any', async () => {
  const { config } = await loadConfig({});
  const engine = await loadEngine('auto');
  expect(await resolveEngine(config)).toEqual({ ...engine, precision: engine.bf16 ? 'bf16' : 'fp32' });
});

it('leaves a precision that was asked for', async () => {
  const { config } = await loadConfig({ assignments: ['precision=fp32'] });
  expect(await resolveEngine(config)).toMatchObject({ precision: 'fp32' });
});
