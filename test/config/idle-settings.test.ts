import { expect, it } from 'vitest';
import { conditions, refuseIdleData, refuseIdleSettings, withoutIdle } from '../../src/config/idle-settings.js';
import { type ConfigSources, loadConfig } from '../../src/config/load.js';
import type { Config, Key } from '../../src/config/schema.js';
import { langsAtEnd } from '../../src/experiment/inputs.js';
import { listens } from '../../src/training/monitor.js';

/** What is said of settings that are typed for one training; null where nothing is. */
async function said(assignments: string[], sources: ConfigSources = {}): Promise<string | null> {
  const loaded = await loadConfig({ ...sources, assignments });
  try {
    refuseIdleSettings(loaded, [loaded.config], false);
    return null;
  } catch (error) {
    expect(error).toMatchObject({ exitCode: 2, hint: expect.stringMatching(/^Leave it out, or /) });
    return (error as Error).message;
  }
}

it.each<[Key, string, string, string[], string[]]>([
  [
    'training.plateauPatience',
    '3',
    'only with training.schedule plateau; training.schedule is linear',
    [],
    ['training.schedule=plateau'],
  ],
  [
    'training.plateauFactor',
    '0.5',
    'only with training.schedule plateau; training.schedule is cosine',
    ['training.schedule=cosine'],
    ['training.schedule=plateau'],
  ],
  [
    'training.monitor',
    'f1',
    'only with training.patience, training.schedule plateau or training.select best; training.patience is null, training.schedule is linear and training.select is average',
    ['training.select=average'],
    ['training.patience=2'],
  ],
  ['training.monitorLangs', '[tr]', 'only with training.patience, ', [], ['training.select=best']],
  ['training.epochs', '3', 'only without training.maxSteps; training.maxSteps is 10', ['training.maxSteps=10'], []],
  [
    'training.accumulation',
    'mean',
    'only with training.gradientAccumulationSteps above 1; training.gradientAccumulationSteps is 1',
    [],
    ['training.gradientAccumulationSteps=2'],
  ],
  [
    'training.temperature',
    '2',
    'only where a training has several languages; training.langs is [en]',
    [],
    ['training.langs=[en, tr]'],
  ],
  [
    'training.size',
    '20',
    'only for languages that training.sizes does not name; training.langs is [en] and training.sizes is {en: 9}',
    ['training.sizes.en=9'],
    ['training.sizes.en=9', 'training.langs=[en, tr]'],
  ],
  [
    'training.subset',
    'head',
    'only with a size, or for languages that training.fractions does not name; training.size is null and training.fractions is {en: 0.5}',
    ['training.fractions.en=0.5'],
    ['training.fractions.en=0.5', 'training.size=9'],
  ],
  [
    'training.dataSeed',
    '1',
    'only where a training takes a size of the shuffled rows, or with training.resplit; training.size is null, training.subset is shuffled and training.resplit is false',
    [],
    ['training.sizes.en=9'],
  ],
  [
    'training.dataSeed',
    '42',
    'only where a training takes a size',
    ['training.size=9', 'training.subset=head'],
    ['training.resplit=true'],
  ],
  [
    'training.lengthBins',
    '[0, 9]',
    'only with training.resplit; training.resplit is false',
    [],
    ['training.resplit=true'],
  ],
  ['training.beyondBins', 'drop', 'only with training.resplit; ', [], ['training.resplit=true']],
  [
    'evaluation.eachEpoch',
    'true',
    'only with evaluation.enabled; evaluation.enabled is false',
    ['evaluation.enabled=false'],
    [],
  ],
  ['evaluation.atEnd', 'true', 'only with evaluation.enabled; ', ['evaluation.enabled=false'], []],
  [
    'evaluation.langs',
    '[tr]',
    'only with evaluation.enabled and evaluation.atEnd; evaluation.enabled is true and evaluation.atEnd is false',
    ['evaluation.atEnd=false'],
    [],
  ],
])('%s=%s is used %s', async (key, value, why, idle, used) => {
  const assignment = `${key}=${value}`;
  const message = await said([assignment, ...idle]);
  expect(message).toContain(`${key} is ${value}, from --set ${assignment}, and is used ${why}`);
  expect(await said([assignment, ...used])).toBeNull();
});

it('a file may hold what is idle, and what asks for nothing may be typed', async () => {
  const loaded = await loadConfig({ assignments: ['training.plateauPatience=3', 'training.temperature=2'] });
  for (const origin of ['default', 'shared.yaml', '--sample']) {
    const origins = Object.fromEntries(Object.keys(loaded.origins).map(key => [key, origin])) as typeof loaded.origins;
    refuseIdleSettings({ ...loaded, origins }, [loaded.config], false);
  }
  const nothing = ['training.temperature=null', 'training.monitorLangs=[]', 'training.sizes={}'];
  expect(await said([...nothing, 'evaluation.enabled=false', 'evaluation.eachEpoch=false'])).toBeNull();
});

it('of several trainings one is enough that uses it', async () => {
  const loaded = await loadConfig({ assignments: ['training.plateauPatience=3'] });
  const { config } = loaded;
  const scheduled = (schedule: 'linear' | 'cosine' | 'plateau') => ({
    ...config,
    training: { ...config.training, schedule },
  });
  refuseIdleSettings(loaded, [scheduled('linear'), scheduled('plateau')], true);
  expect(() =>
    refuseIdleSettings(loaded, [scheduled('linear'), scheduled('cosine'), scheduled('linear')], true),
  ).toThrow('is used only with training.schedule plateau; training.schedule is linear or cosine.');
});

it('the conditions are those of the code that uses the settings', async () => {
  const isUsed = (key: Key, config: Config) =>
    conditions.filter(({ keys }) => keys.includes(key)).every(condition => condition.isUsed(config));
  const loaded = await loadConfig({});
  const { training, evaluation } = loaded.config;
  for (const patience of [null, 2]) {
    for (const schedule of ['linear', 'plateau'] as const) {
      for (const select of ['last', 'best', 'average'] as const) {
        for (const [enabled, atEnd, eachEpoch] of [0, 1, 2, 3, 4, 5, 6, 7].map(
          bits => [0, 1, 2].map(bit => ((bits >> bit) & 1) === 1) as [boolean, boolean, boolean],
        )) {
          const config = {
            ...loaded.config,
            training: { ...training, patience, schedule, select },
            evaluation: { ...evaluation, enabled, atEnd, eachEpoch },
          };
          expect(isUsed('training.monitor', config)).toBe(listens(config.training));
          expect(isUsed('evaluation.langs', config)).toBe(langsAtEnd(config).length > 0);
        }
      }
    }
  }
});

it('two configurations that differ in idle settings alone are the same without them', async () => {
  const without = async (...assignments: string[]) => withoutIdle((await loadConfig({ assignments })).config);
  const usual = await without();
  expect(await without('training.plateauPatience=3', 'training.accumulation=sum', 'training.temperature=2')).toEqual(
    usual,
  );
  expect(await without('training.plateauPatience=3', 'training.schedule=plateau')).not.toEqual(
    await without('training.schedule=plateau'),
  );
});

it('data that no language is of are refused, and so are corpora, where they are typed', async () => {
  const { config, origins } = await loadConfig({ assignments: ['data=folder'] });
  const of = { config: { ...config, corpora: { conll: {} } as unknown as Config['corpora'] }, origins };
  const typed = { ...of, origins: { ...origins, corpora: '--set corpora=...' } };
  const inFile = { ...of, origins: { ...origins, data: 'shared.yaml', corpora: 'shared.yaml' } };
  expect(() => refuseIdleData(typed, ['conll=de'])).toThrow(
    'data is folder, from --set data=folder, and is read for no language: the files of conll=de are those that corpora names.',
  );
  expect(() => refuseIdleData(typed, ['en', 'tr'])).toThrow(
    'corpora is given, from --set corpora=..., and no language is of one of them: en, tr; expected such as conll=en.',
  );
  refuseIdleData(typed, ['en', 'conll=de']);
  for (const langs of [['en'], ['conll=de'], []]) refuseIdleData(inFile, langs);
});
