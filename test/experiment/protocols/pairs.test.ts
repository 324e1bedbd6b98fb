import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.js';
import type { ProtocolName } from '../../../src/config/schema.js';
import { protocolOf } from '../../../src/experiment/protocols/protocol.js';
import type { Stage } from '../../../src/experiment/protocols/stage.js';

async function stagesOf(protocol: ProtocolName, ...assignments: string[]): Promise<Stage[]> {
  const { config } = await loadConfig({ assignments: ['study.sizes=[10, 20]', ...assignments] });
  return protocolOf(protocol).stages(config, { en: 100, tr: 50 });
}

function shown(stages: readonly Stage[]): unknown[] {
  return stages.map(({ id, phase, role, label, samples, targetSamples, startStage }) => [
    ...[id, phase, role, label, samples, targetSamples, startStage],
  ]);
}

const rowsOf = (stages: readonly Stage[]) =>
  stages.map(({ config: { training } }) => [training.langs, training.size, training.sizes]);

it('target-only trains the model on so many rows of the target', async () => {
  const stages = await stagesOf('target-only');
  expect(shown(stages)).toEqual([
    ['phase-1.1-tr-10', '1.1', 'size', 'tr 10', 10, 10, null],
    ['phase-1.2-tr-20', '1.2', 'size', 'tr 20', 20, 20, null],
  ]);
  expect(rowsOf(stages)).toEqual([
    [['tr'], 10, {}],
    [['tr'], 20, {}],
  ]);
});

it('joint trains the model on all rows of the source and so many of the target', async () => {
  const stages = await stagesOf('joint');
  expect(shown(stages)).toEqual([
    ['phase-2.1-en-tr-10', '2.1', 'size', 'en + tr 10', 110, 10, null],
    ['phase-2.2-en-tr-20', '2.2', 'size', 'en + tr 20', 120, 20, null],
  ]);
  expect(rowsOf(stages)).toEqual([
    [['en', 'tr'], null, { tr: 10 }],
    [['en', 'tr'], null, { tr: 20 }],
  ]);
  expect(stages[0]!.steps).toBe(3 * Math.ceil(110 / 32));
});

it('target-then-source trains on all rows of the source after so many of the target', async () => {
  const stages = await stagesOf('target-then-source');
  expect(shown(stages)).toEqual([
    ['phase-1.1-tr-10', '1.1', 'start', 'tr 10', 10, 10, null],
    ['phase-4.1-en-after-tr-10', '4.1', 'size', 'tr 10 → en', 100, 10, 'phase-1.1-tr-10'],
    ['phase-1.2-tr-20', '1.2', 'start', 'tr 20', 20, 20, null],
    ['phase-4.2-en-after-tr-20', '4.2', 'size', 'tr 20 → en', 100, 20, 'phase-1.2-tr-20'],
  ]);
});

it.each(['target-only', 'joint', 'target-then-source'] as const)(
  '%s refuses what a curriculum does',
  async protocol => {
    await expect(stagesOf(protocol, 'study.sizes=[51]')).rejects.toThrow(
      'The study asks for 51 rows of tr, but its train split has 50; expected sizes up to 50.',
    );
    await expect(stagesOf(protocol, 'study.source=tr')).rejects.toThrow('expected two languages');
    await expect(stagesOf(protocol, 'training.size=5')).rejects.toThrow('a study chooses it for each stage');
  },
);
