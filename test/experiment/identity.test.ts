import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.js';
import { settings } from '../../src/config/schema.js';
import { differences, differencesInTraining, scoresTheSame } from '../../src/experiment/differences.js';
import {
  absentAtDefault,
  addedSince,
  type Contents,
  identitiesOf,
  identityOf,
  type StageIdentity,
} from '../../src/experiment/identity.js';
import { checkpointFiles } from '../../src/experiment/start-files.js';
import { planStudy } from '../../src/experiment/study-plan.js';
import { fakeContents } from './contents.js';

const rows = { en: 100, tr: 100 };
const contents = fakeContents(rows);
const otherModel = { ...contents, checkpoint: { 'model.safetensors': 'c1' } };

async function identities(assignments: string[], of = contents): Promise<Map<string, StageIdentity>> {
  const { config } = await loadConfig({ assignments: ['study.sizes=[10, 20]', ...assignments] });
  return identitiesOf(planStudy(config, rows).stages, of);
}

async function changedKeys(assignments: string[], of = contents): Promise<string[]> {
  const [before, after] = [await identities([]), await identities(assignments, of)];
  return [...before].filter(([id, { key }]) => key !== after.get(id)?.key).map(([id]) => id);
}

const all = ['phase-1-tr', 'phase-2-en', 'phase-3.1-tr-10', 'phase-3.2-tr-20'];

describe('the key of a training', () => {
  it('is one of its own for every stage', async () => {
    expect(new Set([...(await identities([])).values()].map(({ key }) => key)).size).toBe(4);
  });

  it.each([
    ...['model=elsewhere', 'data=elsewhere', 'checkpoint.everyMinutes=1', 'study.sizes=[10, 20, 30]'],
    'log=tensorboard',
    ...['evaluation.batchSize=8', 'evaluation.limit=5', 'evaluation.eachEpoch=false', 'backend=wasm'],
  ])('does not depend on %s', async assignment => {
    expect(await changedKeys([assignment])).toEqual([]);
  });

  it.each([
    ...['training.epochs=1', 'training.batchSize=8', 'training.dropout=0', 'training.groupByLength=true'],
    ...['training.accumulation=sum', 'training.maxSteps=3', 'training.warmupSteps=3', 'training.maxGradNorm=2'],
    ...['seed=1', 'tokenization.maxLength=64', 'tokenization.emptyWords=unk'],
  ])('changes in every stage under %s', async assignment => {
    expect(await changedKeys([assignment])).toEqual(all);
  });

  it('is what it was before there were settings that it leaves out at their default', async () => {
    const { config } = await loadConfig({});
    const { key, settings } = identityOf('train', config, fakeContents({ en: 30 }));
    expect(key).toBe('2c9efbd039df464addd47e607856fe470f86fdb15a81058ad7bd8e87f46a5228');
    expect(Object.keys(settings)).not.toContain('training.patience');
  });

  it.each([
    ...[
      'training.monitor=f1',
      'training.monitorLangs=[tr]',
      'training.plateauFactor=0.5',
      'training.plateauPatience=1',
    ],
  ])('does not depend on %s where nothing is listened to', async assignment => {
    expect(await changedKeys([assignment])).toEqual([]);
  });

  it.each([
    ...['training.patience=3', 'training.schedule=plateau', 'training.select=best', 'training.select=average'],
    'training.newHead=true',
  ])('changes in every stage under %s', async assignment => {
    expect(await changedKeys([assignment])).toEqual(all);
  });

  it('changes where training listens with what it listens to, how, and to how many rows', async () => {
    const changed = async (assignments: string[], contents = fakeContents(rows)) => {
      const [before, now] = [
        await identities(['training.patience=3']),
        await identities(['training.patience=3', ...assignments], contents),
      ];
      return all.filter(id => before.get(id)!.key !== now.get(id)!.key);
    };
    for (const assignment of [
      'training.monitor=f1',
      'training.patience=4',
      'evaluation.batchSize=8',
      'evaluation.limit=3',
    ]) {
      expect(await changed([assignment]), assignment).toEqual(all);
    }
    // Of phases that train on the target, its validation split is listened to already.
    expect(await changed(['training.monitorLangs=[tr]'])).toEqual(all.slice(1));
    expect(await changed(['training.plateauFactor=0.5', 'evaluation.eachEpoch=false', 'evaluation.limit=5'])).toEqual(
      [],
    );
    expect(await changed([], fakeContents(rows, ['tr/validation']))).toEqual(all.filter(id => id !== 'phase-2-en'));
    expect(await changed([], fakeContents(rows, ['en/test']))).toEqual([]);
  });

  it('changes with the model that training starts from, in the stages after it too', async () => {
    expect(await changedKeys([], otherModel)).toEqual(all);
  });

  it('changes with the training rows, of the language that has others and of what starts from it', async () => {
    expect(await changedKeys([], fakeContents(rows, ['tr/train']))).toEqual(all.filter(id => id !== 'phase-2-en'));
    expect(await changedKeys([], fakeContents(rows, ['en/train']))).toEqual(all.slice(1));
    expect(await changedKeys([], fakeContents(rows, ['en/test', 'tr/test', 'en/validation']))).toEqual([]);
  });

  it('changes with rows that come in another order, and not with how that order came about', async () => {
    const of = async (...assignments: string[]) => {
      const { config } = await loadConfig({ assignments: ['training.langs=[tr]', ...assignments] });
      return identityOf('train', config, contents).key;
    };
    const head = await of('training.subset=head', 'training.size=100');
    expect(await of('training.subset=head')).toBe(head); // All of 100 rows.
    expect(await of()).not.toBe(head);
    expect(await of('training.size=100')).not.toBe(await of());
  });

  it('says what rows are trained on by their content, and how several languages are mixed', async () => {
    const of = async (...assignments: string[]) => {
      const { config } = await loadConfig({ assignments: ['training.langs=[tr, en]', ...assignments] });
      return identityOf('train', config, contents).key;
    };
    const whole = await of();
    expect(await of('training.dataSeed=7', 'training.lengthBins=[0, 9]', 'training.fractions={tr: 1, en: 1}')).toBe(
      whole,
    );
    expect(await of('training.size=10')).toBe(await of('training.sizes={en: 10, tr: 10}'));
    expect(await of('training.size=10')).not.toBe(await of('training.size=10', 'training.dataSeed=7'));
    const others = [
      'training.sizes.tr=10',
      'training.fractions.tr=.5',
      'training.resplit=true',
      'training.temperature=1',
    ];
    const keys = await Promise.all([...others, 'training.temperature=2'].map(assignment => of(assignment)));
    expect(new Set([whole, ...keys]).size).toBe(6);
    expect(await of('training.langs=[tr]', 'training.temperature=2')).toBe(await of('training.langs=[tr]'));
  });

  it('does not depend on what a language is called, nor on the tag names being numbered otherwise in its rows', async () => {
    const { config } = await loadConfig({ assignments: ['training.langs=[en]'] });
    const renamed = { ...config, training: { ...config.training, langs: ['qq'] } };
    const asEn: Contents = { ...contents, contentOf: (_, split) => contents.contentOf('en', split) };
    expect(identityOf('train', renamed, asEn).key).toBe(identityOf('train', config, contents).key);
  });

  it.each([
    { kind: 'tensorflow-fused', precision: 'fp32', revision: 1 },
    { kind: 'wasm', precision: 'bf16', revision: 1 },
    { kind: 'wasm', precision: 'fp32', revision: 2 },
  ] as const)('is another under $kind in $precision, revision $revision', async arithmetic => {
    expect(await changedKeys([], { ...contents, arithmetic })).toEqual(all);
  });

  it('is another where the tags are in another order', async () => {
    const contentOf: Contents['contentOf'] = (lang, split) => {
      const { index, files } = contents.contentOf(lang, split);
      return { index: { ...index, labelNames: index.labelNames.toReversed() }, files };
    };
    expect(await changedKeys([], { ...contents, contentOf })).toEqual(all);
  });

  it('changes in the stages that start from another one under another protocol', async () => {
    expect(await changedKeys(['study.protocol=from-source'])).toEqual(['phase-3.2-tr-20']);
  });
});

it('identifies a training by itself by the same ingredients', async () => {
  const { config } = await loadConfig({});
  const { config: other } = await loadConfig({ assignments: ['training.epochs=1'] });
  const [there, same, now] = [config, config, other].map(of => identityOf('train', of, contents));
  expect(same).toEqual(there);
  expect(differences(there!, now!)).toEqual(['training.epochs was 3 and is 1 now']);
  const sweeps = await identities([]);
  expect(identityOf('train', curriculumConfig(config, 'en'), contents).key).toBe(sweeps.get('phase-2-en')!.key);
});

function curriculumConfig<C extends { training: { langs: string[] } }>(config: C, lang: string): C {
  return { ...config, training: { ...config.training, langs: [lang] } };
}

it('names what differs', async () => {
  const there = await identities([]);
  const differ = async (id: string, assignments: string[], of = contents) =>
    differences(there.get(id)!, (await identities(assignments, of)).get(id)!);
  expect(await differ('phase-1-tr', [])).toEqual([]);
  expect(await differ('phase-1-tr', ['training.epochs=1', 'training.dropout=0.2'])).toEqual([
    'training.epochs was 3 and is 1 now',
    'training.dropout was null and is 0.2 now',
  ]);
  expect(await differ('phase-1-tr', [], otherModel)).toEqual(['the model that training starts from is not the same']);
  expect(await differ('phase-1-tr', [], fakeContents(rows, ['tr/train', 'en/test']))).toEqual([
    'the rows of tr/train are not the same',
    'the rows of en/test are not the same',
  ]);
  expect(await differ('phase-3.1-tr-10', [], fakeContents(rows, ['en/train']))).toEqual([
    'phase-2-en, which it starts from, is not the same',
  ]);
  expect(await differ('phase-3.2-tr-20', ['study.protocol=from-source'])).toEqual([
    'it started from phase-3.1-tr-10 and starts from phase-2-en now',
  ]);
  const arithmetic = { kind: 'tensorflow-fused', precision: 'bf16', revision: 2 } as const;
  expect(await differ('phase-1-tr', [], { ...contents, arithmetic })).toEqual([
    'it was computed by wasm in fp32 and would be by tensorflow-fused in bf16 (numerics revision 2) now',
  ]);
});

it('lets a training be gone on with for other scores at the end, and not for others after each epoch', async () => {
  const of = async (...assignments: string[]) => {
    const { config } = await loadConfig({ assignments: ['training.langs=[en]', ...assignments] });
    return identityOf('train', config, contents);
  };
  const there = await of();
  expect(differencesInTraining(there, await of('evaluation.langs=[en, tr]'))).toEqual([]);
  expect(scoresTheSame(there, await of('evaluation.langs=[en, tr]'))).toBe(false);
  expect(differencesInTraining(there, await of('evaluation.atEnd=false'))).toEqual([]);
  expect(differencesInTraining(there, await of('evaluation.eachEpoch=false'))).toEqual([
    'evaluation.eachEpoch was true and is false now',
  ]);
  expect(differencesInTraining(there, await of('evaluation.batchSize=8'))).not.toEqual([]);
  const without = await of('evaluation.eachEpoch=false');
  expect(differencesInTraining(without, await of('evaluation.eachEpoch=false', 'evaluation.limit=3'))).toEqual([]);
  expect(scoresTheSame(without, there)).toBe(true);
});

it('hashes the files of a checkpoint that make the model, and no others', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'panx-identity-'));
  try {
    await writeFile(join(folder, 'config.json'), '{}');
    await writeFile(join(folder, 'model.safetensors'), 'weights');
    const before = await checkpointFiles(folder);
    expect(Object.keys(before)).toEqual(['config.json', 'model.safetensors']);
    await writeFile(join(folder, 'README.md'), 'words');
    await writeFile(join(folder, 'pytorch_model.bin'), 'a copy of the weights that is not read');
    expect(await checkpointFiles(folder)).toEqual(before);
    await writeFile(join(folder, 'model.safetensors'), 'other weights');
    expect(await checkpointFiles(folder)).not.toEqual(before);
    await rm(join(folder, 'model.safetensors'));
    expect(Object.keys(await checkpointFiles(folder))).toEqual(['config.json', 'pytorch_model.bin']);
  } finally {
    await rm(folder, { recursive: true });
  }
  await expect(checkpointFiles(folder)).rejects.toThrow(
    `The checkpoint folder ${folder} cannot be read: no such file or folder.`,
  );
});

it('a setting that is added is one that the runs before it may lack: they are taken, verified and gone on with', () => {
  const always = [
    ...['model', 'data', 'backend', 'precision', 'seed', 'tokenization.maxLength', 'tokenization.emptyWords'],
    ...['langs', 'size', 'subset', 'epochs', 'batchSize', 'learningRate', 'weightDecay'].map(key => `training.${key}`),
    ...['maxGradNorm', 'warmupSteps', 'gradientAccumulationSteps', 'accumulation'].map(key => `training.${key}`),
    ...['groupByLength', 'maxSteps', 'dropout'].map(key => `training.${key}`),
    ...['enabled', 'langs', 'eachEpoch', 'batchSize', 'limit'].map(key => `evaluation.${key}`),
    ...['checkpoint.everyMinutes', 'checkpoint.everySteps'],
    ...['protocol', 'source', 'target', 'sizes'].map(key => `study.${key}`),
  ];
  expect([...settings.keys()].filter(key => !addedSince.includes(key) && !absentAtDefault.has(key))).toEqual(always);
});
