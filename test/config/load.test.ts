// long because every way to give a setting, and every way to give it wrongly, is a row of one table of sentences.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panx-config-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('precedence and origin', () => {
  it('gives the defaults of the reference run', async () => {
    const { config, origins } = await loadConfig({});
    expect(config).toEqual({
      model: 'FacebookAI/xlm-roberta-base',
      data: 'google/xtreme',
      corpora: {},
      backend: 'auto',
      precision: 'auto',
      seed: 42,
      log: 'none',
      tokenization: { maxLength: 512, longRows: 'cut', emptyWords: 'drop', lowerCase: null },
      training: {
        langs: ['en'],
        size: null,
        sizes: {},
        fractions: {},
        subset: 'shuffled',
        dataSeed: 42,
        temperature: null,
        resplit: false,
        lengthBins: [0, 5, 10, 15, 20, 30, 40, 100],
        beyondBins: 'bin',
        epochs: 3,
        batchSize: 32,
        learningRate: 2e-5,
        weightDecay: 0.01,
        maxGradNorm: 1,
        schedule: 'linear',
        plateauPatience: 10,
        plateauFactor: 0.1,
        warmupSteps: 0,
        warmupRatio: null,
        gradientAccumulationSteps: 1,
        accumulation: 'mean',
        groupByLength: false,
        freeze: 'nothing',
        monitor: 'loss',
        monitorLangs: [],
        patience: null,
        select: 'last',
        newHead: false,
        maxSteps: null,
        dropout: null,
      },
      evaluation: { enabled: true, langs: [], atEnd: true, eachEpoch: true, batchSize: 32, limit: null },
      checkpoint: { everyMinutes: 5, everySteps: null },
      study: {
        protocol: 'cumulative',
        source: 'en',
        target: 'tr',
        sizes: [250, 500, 1000, 2000, 5000, 10000, 20000],
        train: [],
        score: [],
        seeds: 1,
        dataSeeds: 1,
        grid: {},
        exclude: [],
        metrics: { mode: 'default', average: 'micro' },
        keep: 'all',
      },
    });
    expect(new Set(Object.values(origins))).toEqual(new Set(['default']));
  });

  it('lets the extending file win over the extended, --set over both, and an option over --set', async () => {
    const base = await file('base.yaml', 'seed: 1\ntraining:\n  epochs: 2\n  batchSize: 8\n  dropout: 0.2\n');
    const top = await file('top.yaml', 'extends: base.yaml\ntraining:\n  epochs: 4\n  batchSize: 16\n  dropout: 0\n');
    const { config, origins } = await loadConfig({
      file: top,
      assignments: ['training.batchSize=64', 'training.dropout=0.3'],
      options: [{ key: 'training.dropout', value: null, origin: '--dropout' }],
    });
    expect(config.seed).toBe(1);
    expect(config.training).toMatchObject({ epochs: 4, batchSize: 64, dropout: null, maxGradNorm: 1 });
    expect(origins).toMatchObject({
      seed: base,
      'training.epochs': top,
      'training.batchSize': '--set training.batchSize=64',
      'training.dropout': '--dropout',
      'training.maxGradNorm': 'default',
    });
  });

  it('lets the last of two assignments to one key win', async () => {
    const { config } = await loadConfig({ assignments: ['seed=1', 'seed=2'] });
    expect(config.seed).toBe(2);
  });

  it.each([
    ['YAML', stringify],
    ['JSON', JSON.stringify],
  ] as const)('repeats a resolved configuration saved as %s', async (format, write) => {
    const first = await loadConfig({ assignments: ['training.learningRate=3e-6', 'training.langs=[tr, de]'] });
    const saved = await file(`saved.${format}`, write(first.config));
    expect((await loadConfig({ file: saved })).config).toEqual(first.config);
  });

  it('does not share its defaults with the caller', async () => {
    (await loadConfig({})).config.training.langs.push('de');
    expect((await loadConfig({})).config.training.langs).toEqual(['en']);
  });
});

describe('the syntax of --set', () => {
  it('reads YAML values, lists and sections', async () => {
    const { config } = await loadConfig({
      assignments: [
        'study.sizes=[10, 20]',
        'training.learningRate=5e-4',
        'evaluation.enabled=false',
        'training.size=null',
        'model=./a=b',
        'training={epochs: 1, langs: [no]}',
      ],
    });
    expect(config.study.sizes).toEqual([10, 20]);
    expect(config.evaluation.enabled).toBe(false);
    expect(config.model).toBe('./a=b');
    expect(config.training).toMatchObject({ learningRate: 5e-4, size: null, epochs: 1, langs: ['no'] });
  });

  it('gives single languages a value of their own, beside those that have one; a mapping takes the place of all', async () => {
    const path = await file('sizes.yaml', 'training:\n  sizes: {en: 9, tr: 8}\n');
    const of = async (...assignments: string[]) => (await loadConfig({ file: path, assignments })).config.training;
    expect((await of()).sizes).toEqual({ en: 9, tr: 8 });
    expect((await of('training.sizes.tr=250', 'training.sizes.de=1')).sizes).toEqual({ en: 9, tr: 250, de: 1 });
    expect((await of('training.sizes={de: 1}')).sizes).toEqual({ de: 1 });
    expect((await of('training.sizes={}')).sizes).toEqual({});
    expect((await of('training={fractions: {no: .059}}')).fractions).toEqual({ no: 0.059 });
  });

  it('gives single settings of the grid their values, beside those that have some; a mapping takes the place of all', async () => {
    const path = await file('grid.yaml', 'study:\n  grid: {model: [a, b], training.epochs: [1]}\n');
    const of = async (...assignments: string[]) => (await loadConfig({ file: path, assignments })).config.study.grid;
    expect(await of('study.grid.model=[c]')).toEqual({ model: ['c'], 'training.epochs': [1] });
    expect(await of('study.grid.training.learningRate=[1e-3]', 'study.grid.training.epochs=[2, 3]')).toEqual({
      ...{ model: ['a', 'b'], 'training.epochs': [2, 3], 'training.learningRate': [1e-3] },
    });
    expect(await of('study.grid={model: [c]}')).toEqual({ model: ['c'] });
    await expect(of('study.grid.model=c')).rejects.toThrow(
      /^study.grid is .*, from --set study.grid.model=c; expected a map/,
    );
    await expect(of('study.grid.model=')).rejects.toThrow(
      /^--set study.grid.model= gives "study.grid.model" no value;/,
    );
    await expect(of('study.grid.=[1]')).rejects.toThrow(/^study.grid has "", from --set/);
    await expect(of('study.grid.training.epoch=[1]')).rejects.toThrow(/did you mean training.epochs\?/);
  });

  it("takes what a study says of its rows as settings of its stages' training", async () => {
    const path = await file('rows.yaml', 'study:\n  rows: {fractions: {de: .629, it: .084}, dataSeed: 7}\n');
    const { config, origins } = await loadConfig({ file: path, assignments: ['study.rows.fractions.it=1'] });
    expect(config.training).toMatchObject({ fractions: { de: 0.629, it: 1 }, dataSeed: 7 });
    expect(origins['training.dataSeed']).toBe(path);
    expect((await loadConfig({ file: await file('no-rows.yaml', 'study:\n  rows:\n') })).config.training.sizes).toEqual(
      {},
    );
  });

  it('takes a section without settings as one that sets nothing', async () => {
    const path = await file('empty.yaml', 'training:\n  # epochs: 1\nseed: 7\n');
    const { config } = await loadConfig({ file: path });
    expect(config.seed).toBe(7);
    expect(config.training.epochs).toBe(3);
  });
});

describe('what is refused', () => {
  it.each([
    [
      'training.sizes.en=x',
      'training.sizes is {"en":"x"}, from --set training.sizes.en=x; expected a whole number of at least 1 for each of some languages, such as {tr: 250}, or {}.',
    ],
    ['training.sizes.EN=1', 'training.sizes is {"EN":1}, from --set training.sizes.EN=1; expected a whole number'],
    ['training.sizes.all=1', 'training.sizes is {"all":1}, from --set training.sizes.all=1; expected a whole number'],
    [
      'training.sizes.__proto__=1',
      'training.sizes is {"__proto__":1}, from --set training.sizes.__proto__=1; expected',
    ],
    ['training.sizes.en.x=1', 'training.sizes is {"en":{"x":1}}, from --set training.sizes.en.x=1; expected'],
    ['training.sizes=[1]', 'training.sizes is [1], from --set training.sizes=[1]; expected a whole number'],
    [
      'training.fractions.en=0',
      'training.fractions is {"en":0}, from --set training.fractions.en=0; expected a number above 0 and at most 1 for',
    ],
    [
      'training.temperature=0.9',
      'training.temperature is 0.9, from --set training.temperature=0.9; expected a number of at least 1, or null.',
    ],
    [
      'training.lengthBins=[0, 5, 5]',
      'training.lengthBins is [0,5,5], from --set training.lengthBins=[0, 5, 5]; expected a list of 2 to 1000 whole numbers',
    ],
    [
      'training.lengthBins=[5]',
      'training.lengthBins is [5], from --set training.lengthBins=[5]; expected a list of 2 to 1000 whole numbers',
    ],
    [
      'training.langs=[all, en]',
      'training.langs is ["all","en"], from --set training.langs=[all, en]; expected a list of different',
    ],
    ['study.source=all', 'study.source is "all", from --set study.source=all; expected a language code such as tr.'],
    ['study.rows.size=3', 'Unknown setting study.rows.size, from --set study.rows.size=3; did you mean training.size?'],
    ['study.rows=3', 'study.rows is 3, from --set study.rows=3; expected a section with fractions, subset, dataSeed,'],
  ])('--set %s', async (assignment, sentence) => {
    const refused = expect(loadConfig({ assignments: [assignment] })).rejects;
    await refused.toMatchObject({ message: expect.stringContaining(sentence), exitCode: 2 });
  });

  it.each([
    ['training.epoch=1', 'Unknown setting training.epoch, from --set training.epoch=1; did you mean training.epochs?'],
    ['epochs=1', 'Unknown setting epochs, from --set epochs=1; did you mean training.epochs?'],
    ['model.seed=1', 'model is {"seed":1}, from --set model.seed=1; expected text.'],
    [
      'learning_rate=1',
      'Unknown setting learning_rate, from --set learning_rate=1; did you mean training.learningRate?',
    ],
    ['quantumFlux=1', 'Unknown setting quantumFlux, from --set quantumFlux=1.'],
    ['__proto__.seed=1', 'Unknown setting __proto__, from --set __proto__.seed=1.'],
    ['epochs', '--set epochs is not an assignment; expected KEY=VALUE, such as training.epochs=1.'],
    [
      'training=3',
      'training is 3, from --set training=3; expected a section with langs, size, sizes, fractions, subset, dataSeed, temperature, resplit, lengthBins, beyondBins, epochs, batchSize, learningRate, weightDecay, maxGradNorm, schedule, plateauPatience, plateauFactor, warmupSteps, warmupRatio, gradientAccumulationSteps, accumulation, groupByLength, freeze, monitor, monitorLangs, patience, select, newHead, maxSteps, dropout.',
    ],
    ['seed="1', '--set seed="1 is not valid YAML: Missing closing "quote at line 1, column 3.'],
  ])('--set %s', async (assignment, sentence) => {
    await expect(loadConfig({ assignments: [assignment] })).rejects.toMatchObject({ message: sentence, exitCode: 2 });
  });

  it.each([
    ['seed', '-1', '-1', 'a whole number from 0 to 4294967295'],
    ['backend', 'cuda', '"cuda"', 'one of auto, tensorflow, wasm'],
    ['model', '""', '""', 'text'],
    ['model', '7', '7', 'text'],
    ['tokenization.maxLength', '2', '2', 'a whole number of at least 3'],
    ['tokenization.emptyWords', 'keep', '"keep"', 'drop or unk'],
    ['training.epochs', '-2.5', '-2.5', 'a number above 0 and at most 1000000'],
    ['training.epochs', 'three', '"three"', 'a number above 0 and at most 1000000'],
    ['training.size', '0', '0', 'a whole number of at least 1, or null'],
    ['training.learningRate', '0', '0', 'a float32 number above 0 and at most 1'],
    ['training.learningRate', '.inf', 'Infinity', 'a float32 number above 0 and at most 1'],
    ['training.learningRate', '.nan', 'NaN', 'a float32 number above 0 and at most 1'],
    ['training.dropout', '1', '1', 'a float32 number of at least 0 and below 1, or null'],
    ['training.langs', '[]', '[]', 'a list of different language codes such as [en, tr], or [all]'],
    ['training.langs', 'en', '"en"', 'a list of different language codes such as [en, tr], or [all]'],
    ['training.langs', '[en, en]', '["en","en"]', 'a list of different language codes such as [en, tr], or [all]'],
    ['study.target', '../x', '"../x"', 'a language code such as tr'],
    ['evaluation.enabled', 'yes', '"yes"', 'true or false'],
    [
      'study.sizes',
      '[500, 250]',
      '[500,250]',
      'a list of whole numbers of at least 1, each larger than the one before, such as [250, 500]',
    ],
  ])('%s=%s', async (key, value, found, expected) => {
    await expect(loadConfig({ assignments: [`${key}=${value}`] })).rejects.toThrow(
      `${key} is ${found}, from --set ${key}=${value}; expected ${expected}.`,
    );
  });

  it('two settings that say the same', async () => {
    await expect(loadConfig({ assignments: ['training.warmupSteps=3', 'training.warmupRatio=0.1'] })).rejects.toThrow(
      'training.warmupSteps is 3 (--set training.warmupSteps=3) and training.warmupRatio is 0.1 (--set training.warmupRatio=0.1); expected one of them.',
    );
    const { config } = await loadConfig({ assignments: ['training.warmupRatio=0', 'training.warmupSteps=0'] });
    expect(config.training).toMatchObject({ warmupSteps: 0, warmupRatio: 0 });
  });

  it('names the file that a wrong value came from, the extended one too', async () => {
    const base = await file('base.yaml', 'training: {epochs: 0}');
    const top = await file('top.yaml', 'extends: base.yaml');
    await expect(loadConfig({ file: top })).rejects.toThrow(
      `training.epochs is 0, from ${base}; expected a number above 0 and at most 1000000.`,
    );
  });

  it('an option with a wrong value, by the option name', async () => {
    const options = [{ key: 'training.epochs' as const, value: 'many', origin: '--epochs' }];
    await expect(loadConfig({ options })).rejects.toThrow(
      'training.epochs is "many", from --epochs; expected a number above 0 and at most 1000000.',
    );
  });

  it('a chain of files that ends in itself', async () => {
    const a = await file('a.yaml', 'extends: b.yaml');
    const b = await file('b.yaml', 'extends: ./a.yaml');
    await expect(loadConfig({ file: a })).rejects.toThrow(`${a} extends itself: ${a} -> ${b} -> ${a}.`);
  });

  it('a file that is absent, and says who asked for it', async () => {
    const missing = join(folder, 'none.yaml');
    await expect(loadConfig({ file: missing })).rejects.toThrow(
      `The configuration file ${missing} cannot be read: there is no such file.`,
    );
    const top = await file('top.yaml', 'extends: none.yaml');
    await expect(loadConfig({ file: top })).rejects.toThrow(
      `The configuration file ${missing} (which ${top} extends) cannot be read: there is no such file.`,
    );
    await writeFile(missing, 'seed: 1\n# \0\n');
    await expect(loadConfig({ file: top })).rejects.toThrow(
      `The configuration file ${missing} (which ${top} extends), line 2: byte 3 of the line is 0; expected text in UTF-8.`,
    );
  });

  it('a file that is not YAML, holds a list, or sets a key twice', async () => {
    const broken = await file('broken.yaml', 'training: {epochs: 1');
    await expect(loadConfig({ file: broken })).rejects.toThrow(`${broken} is not valid YAML: Flow map`);
    const list = await file('list.yaml', '- seed');
    await expect(loadConfig({ file: list })).rejects.toThrow(
      `${list} holds ["seed"]; expected settings, such as "seed: 42".`,
    );
    const twice = await file('twice.yaml', 'seed: 1\nseed: 2\n');
    await expect(loadConfig({ file: twice })).rejects.toThrow(
      `${twice} is not valid YAML: Map keys must be unique at line 2, column 1.`,
    );
    const two = await file('two.yaml', 'extends: [a, b]');
    await expect(loadConfig({ file: two })).rejects.toThrow(
      `extends is ["a","b"], from ${two}; expected the name of one other file.`,
    );
  });
});

describe('a value that is not there', () => {
  it.each([
    [
      'training.size=',
      'training.size is empty, from --set training.size=; expected a whole number of at least 1, or null.',
    ],
    ['training.size= ', 'training.size is empty, from --set training.size= ;'],
    ['training.size=#5', 'training.size is empty, from --set training.size=#5;'],
    ['training={size: , epochs: 1}', 'training.size is empty, from --set training={size: , epochs: 1};'],
    ['training={size}', 'training.size is empty, from --set training={size};'],
    ['seed=', 'seed is empty, from --set seed=; expected a whole number from 0 to 4294967295.'],
    ['model=', 'model is empty, from --set model=; expected text.'],
    ['training=', '--set training= gives "training" no value; expected KEY=VALUE, such as training.epochs=1.'],
    ['training.epochs.x=', '--set training.epochs.x= gives "training.epochs.x" no value;'],
    ['study.sizes=[250, "", 500]', 'study.sizes is [250,"",500], from --set study.sizes=[250, "", 500];'],
  ])('--set %s', async (assignment, sentence) => {
    await expect(loadConfig({ assignments: [assignment] })).rejects.toMatchObject({
      message: expect.stringContaining(sentence) as string,
      exitCode: 2,
    });
  });

  it('is told apart from null, which is written where it is meant', async () => {
    const nothing = await file('nothing.yaml', 'training:\n  epochs: 1\n  size:\n');
    await expect(loadConfig({ file: nothing })).rejects.toMatchObject({
      message: `training.size is empty, from ${nothing}; expected a whole number of at least 1, or null.`,
      hint: 'Write null where it is meant. Where a shell variable was to give the value, it is not set.',
    });
    const written = await file('null.yaml', 'training: {size: null, dropout: ~}\nevaluation:\n');
    expect((await loadConfig({ file: written })).config.training).toMatchObject({ size: null, dropout: null });
    expect((await loadConfig({ assignments: ['training.size=null'] })).config.training.size).toBeNull();
    const base = await file('base-of-none.yaml', 'extends:\n');
    await expect(loadConfig({ file: base })).rejects.toThrow(`extends is empty, from ${base}; expected the name of`);
  });
});

describe('numbers', () => {
  it.each([
    ['seed', '9007199254740993', '9007199254740993'],
    ['training.size', '9007199254740993', '9007199254740993'],
    ['training.size', '1_000', '"1_000"'],
    ['training.size', '2024-01-01', '"2024-01-01"'],
    ['training.size', '.inf', 'Infinity'],
    ['training.size', '1e400', 'Infinity'],
    ['training.learningRate', '1e-50', '1e-50'],
    ['training.learningRate', '1e-40', '1e-40'],
    ['training.weightDecay', '1e-60', '1e-60'],
    ['training.maxGradNorm', '1e-320', '1e-320'],
    ['training.maxGradNorm', '1e308', '1e+308'],
    ['training.dropout', '0.99999999', '0.99999999'],
    ['training.dropout', '1e-50', '1e-50'],
    ['study.sizes', '[1, 9007199254740993]', '[1,"9007199254740993"]'],
  ])('%s=%s is refused, not rounded', async (key, value, found) => {
    await expect(loadConfig({ assignments: [`${key}=${value}`] })).rejects.toMatchObject({
      message: expect.stringContaining(`${key} is ${found}, from --set ${key}=${value}; expected a`) as string,
      exitCode: 2,
    });
  });

  it('are taken in every form that YAML has for them', async () => {
    const assignments = ['seed=-0', 'training.size=0x10', 'training.epochs=1e3', 'training.dropout=0.9999999'];
    const { config } = await loadConfig({ assignments: [...assignments, 'training.maxGradNorm=1e9'] });
    expect(Object.is(config.seed, 0)).toBe(true);
    expect(config.training).toMatchObject({ size: 16, epochs: 1000, dropout: 0.9999999, maxGradNorm: 1e9 });
  });
});

describe('files that are none', () => {
  const cannot = (path: string, reason: string) => `The configuration file ${path} cannot be read: ${reason}.`;

  it('a folder, a device without end, a pipe, a large file', async () => {
    await expect(loadConfig({ file: folder })).rejects.toThrow(cannot(folder, 'it is a folder, not a file'));
    await expect(loadConfig({ file: '/dev/zero' })).rejects.toThrow(
      cannot('/dev/zero', 'it is larger than 65,536 bytes'),
    );
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(loadConfig({ file: pipe })).rejects.toThrow(cannot(pipe, 'it is a pipe, not a file'));
    const large = await file('large.yaml', '#'.repeat(65_537));
    await expect(loadConfig({ file: large })).rejects.toThrow(cannot(large, 'it is larger than 65,536 bytes'));
    const sparse = await file('sparse.yaml', '');
    await truncate(sparse, 2 ** 33);
    await expect(loadConfig({ file: sparse })).rejects.toThrow(cannot(sparse, 'it is larger than 65,536 bytes'));
    expect((await loadConfig({ file: '/dev/null' })).config.seed).toBe(42);
  });

  it('text in another encoding', async () => {
    for (const [name, bytes, fault] of [
      ['utf16.yaml', Buffer.from('\ufeffseed: 1', 'utf16le'), ' begins with the mark of UTF-16'],
      ['latin.yaml', Buffer.from('model: é', 'latin1'), ', line 1: byte 8 of the line, 0xE9, is not UTF-8'],
    ] as const) {
      const path = join(folder, name);
      await writeFile(path, bytes);
      const error = await loadConfig({ file: path }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ exitCode: 2 });
      expect((error as Error).message).toContain(`The configuration file ${path}${fault}`);
    }
  });

  it('a chain of extends without end', async () => {
    for (let i = 0; i < 30; i++) await file(`${i}.yaml`, `extends: ${i + 1}.yaml`);
    await expect(loadConfig({ file: join(folder, '0.yaml') })).rejects.toThrow(
      `${join(folder, '0.yaml')} extends a file that extends another, and so on, more than 20 times.`,
    );
  });
});

describe('keys', () => {
  it.each([
    ['__proto__=1', 'Unknown setting __proto__,'],
    ['constructor=1', 'Unknown setting constructor,'],
    ['toString=1', 'Unknown setting toString,'],
    ['training.constructor=1', 'Unknown setting training.constructor,'],
    ['training={__proto__: {epochs: 1}}', 'Unknown setting training.__proto__,'],
    ['training.=1', 'Unknown setting training.,'],
    ['.=1', 'Unknown setting ,'],
    [`${'a.'.repeat(50_000)}a=1`, 'Unknown setting "a.a.a'],
    [`training.epochs${'.a'.repeat(50_000)}=1`, 'Unknown setting "training.epochs.a'],
    [`${'x'.repeat(60_000)}=1`, 'Unknown setting "xxxx'],
    [`model=[${'[],'.repeat(20_000)}]`, 'model is [[],[],[]'],
  ])('%.40s', async (assignment, sentence) => {
    const error: unknown = await loadConfig({ assignments: [assignment] }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: expect.stringContaining(sentence) as string, exitCode: 2 });
    expect((error as Error).message.length).toBeLessThan(400);
  });

  it('of a prototype, in a file', async () => {
    const path = await file('proto.yaml', '__proto__: {seed: 1}\n');
    await expect(loadConfig({ file: path })).rejects.toThrow(`Unknown setting __proto__, from ${path}.`);
  });
});
