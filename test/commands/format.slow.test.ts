import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diagnose } from '../../src/commands/doctor.js';
import { formatOf, identified, isJson, schemaVersions } from '../../src/commands/format.js';
import { tableJson } from '../../src/reporting/sweep.js';
import { buildCli, panx, root } from '../built-cli.js';
import { exampleTable } from '../reporting/example.js';
import { tableOfSeeds } from '../reporting/seeds.js';
import { expectDocument, expectSchema, schemaNames, schemaOf } from '../schemas.js';

const folder = mkdtempSync(join(tmpdir(), 'panx-format-'));
const store = join(folder, 'store');
const at = (name: string) => join(folder, name);
const quick = ['--max-steps', '4', '--learning-rate', '0.003', '--eval-limit', '40'];

beforeAll(buildCli);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a command prints with --format json, which its schema describes, and all that it prints on stdout. */
function json<T = Record<string, unknown>>(schema: string, ...args: string[]): T {
  const { code, stdout, stderr } = panx([...args, '--format', 'json'], { PANX_STORE: store });
  expect(stderr).not.toContain('panx:');
  expect(code).toBe(0);
  return expectDocument<T>(schema, stdout);
}

interface Scored {
  types: Record<string, { f1: { mean: number } }>;
}

describe('the schemas', () => {
  it('are those that panx knows, and each document says which it is of', () => {
    expect(schemaNames.sort()).toEqual(Object.keys(schemaVersions).sort());
    for (const [name, version] of Object.entries(schemaVersions)) {
      expect(JSON.stringify(schemaOf(name))).toContain(`"const":"${name}/${version}"`);
      expect(schemaOf(name).$id).toBe(`urn:panx:schema:${name}:${version}`);
    }
  });

  it('describe every field, and allow no other', () => {
    const flaws: string[] = [];
    const look = (schema: unknown, place: string) => {
      if (typeof schema !== 'object' || schema === null) return;
      const { type, properties, additionalProperties, required, ...others } = schema as Record<string, unknown>;
      if (properties !== undefined) {
        if (additionalProperties !== false || required === undefined) flaws.push(`${place} is not closed`);
        for (const [name, field] of Object.entries(properties as Record<string, Record<string, unknown>>)) {
          if (typeof field.description !== 'string' && field.$ref === undefined)
            flaws.push(`${place}.${name} is not described`);
          look(field, `${place}.${name}`);
        }
      }
      look(additionalProperties, `${place}.*`);
      for (const [key, part] of Object.entries(others)) look(part, `${place}/${key}`);
    };
    for (const name of schemaNames) look(schemaOf(name), name);
    expect(flaws).toEqual([]);
  });

  it('have an example each in the manual, which is as they say', () => {
    const manual = readFileSync(join(root, 'docs/json.md'), 'utf8');
    const examples = [...manual.matchAll(/\(schemas\/([a-z-]+)\.json\)[^`]*?```json\n(.*?)```/gs)];
    expect(examples.map(([, name]) => name!).sort()).toEqual(schemaNames);
    for (const [, name, text] of examples) expectSchema(name!, JSON.parse(text!));
  });
});

describe('--format json prints one document that its schema describes', () => {
  it('panx train', () => {
    const args = ['train', '--sample', '--lang', 'en', ...quick, '--patience', '2', '--out', at('run'), '--profile'];
    const { metrics, run } = json('train', ...args);
    expect(run).toBe(at('run'));
    expect(metrics).toEqual(JSON.parse(readFileSync(at('run/metrics.json'), 'utf8')));
  });

  it('panx evaluate, and its --out has the same', () => {
    const args = ['evaluate', '--sample', '--model', at('run/checkpoint'), '--langs', 'en,tr', '--metrics', 'strict'];
    const report = json('evaluate', ...args, '--ci', '--ci-samples', '100', '--out', at('report.json'), '--profile');
    expect(JSON.parse(readFileSync(at('report.json'), 'utf8'))).toEqual(report);
    expect(report).toMatchObject({ schema: 'evaluate/1', panx: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    json('evaluate', 'evaluate', '--sample', '--model', at('run/checkpoint'), '--langs', 'tr', '--split', 'validation');
  });

  it('panx check', () => {
    json('check', 'check', at('run'), '--min', 'en.f1=0', '--max', 'en.loss=9');
    // A run of panx train keeps no predictions.
    const { code, stderr } = panx(['check', at('run'), '--min', 'en.PER.f1=0'], { PANX_STORE: store });
    expect(code).toBe(2);
    expect(stderr).toContain('has no en.PER.f1: there are no predictions to count it from.');
    json('check', 'check', at('report.json'), '--max-drop', 'en.f1=0', '--against', at('report.json'));
  });

  it('panx predict, a line for each sentence', () => {
    const args = ['predict', '--model', at('run/checkpoint'), '--text', 'Ada', '--text', 'in London', '--json'];
    const lines = panx(args).stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) expectSchema('predict', JSON.parse(line));
  });

  it('panx run, panx analyze, panx compare, panx report, panx tables, panx status, panx list, panx verify and panx rm', () => {
    const study = { protocol: 'from-source', source: 'en', target: 'tr', sizes: [50], seeds: 2 };
    const settings = {
      model: 'sample/model',
      data: 'sample/data',
      training: { maxSteps: 4 },
      evaluation: { limit: 40 },
      study,
    };
    writeFileSync(at('small.yaml'), JSON.stringify(settings));
    const run = ['run', at('small.yaml'), '--out', at('study')];
    const plan = json<{ stages: { state: string }[]; steps: number }>('plan', ...run, '--dry-run');
    expect(new Set(plan.stages.map(({ state }) => state))).toEqual(new Set(['to train']));
    const { schema: _, panx: __, folder: ___, store: ____, ...table } = json('run', ...run);
    expect(table).toEqual(JSON.parse(readFileSync(at('study/table.json'), 'utf8')));
    const after = json<typeof plan>('plan', ...run, '--dry-run');
    expect(after.stages.map(({ state }) => state)).toEqual(plan.stages.map(() => 'done'));
    expect(after.steps).toBe(0);
    const checks = ['--min', 'tr.f1=0', '--min', 'tr.PER.f1=0', '--max', 'tr.loss=9'];
    const { conditions } = json<{ conditions: object[] }>('check', 'check', at('study/phase-1-tr'), ...checks);
    const [row] = table.rows as { f1: Record<string, number>; scores: Record<string, Scored> }[];
    const [ofAll, ofType] = [row!.f1.tr, row!.scores.tr!.types.PER!.f1.mean];
    expect(conditions).toMatchObject([{ n: 2, value: ofAll }, { n: 2, value: ofType }, { n: 2 }]);
    json('analyze', 'analyze', at('study/phase-1-tr'), '--top', '3');
    json('compare', 'compare', at('study/phase-1-tr'), at('study/phase-2-en'), '--trials', '100');
    json('tables', 'tables', at('study'));
    json('report', 'report', at('study'), '--out', at('report.html'));
    writeFileSync(at('rows.jsonl'), '{"gold": ["B-PER", "O"], "predicted": ["O", null]}\n');
    json('analyze', 'analyze', at('rows.jsonl'));
    json('status', 'status', at('study'));
    json('list', 'list');
    json('verify', 'verify', at('study'));
    json('rm', 'rm', at('study'));
    const { unused } = json<{ unused: { found: unknown[]; removed: unknown[] } }>('rm', 'rm', '--unused', '--yes');
    expect(unused.removed).toEqual(unused.found);
    expect(unused.removed).not.toEqual([]);
  });

  it('panx sweep', () => {
    const sweep = ['sweep', '--sample', '--sizes', '50', ...quick, '--out', at('sweep')];
    json('plan', ...sweep, '--dry-run');
    const { schema: _, panx: __, folder: ___, ...table } = json('sweep', ...sweep);
    expect(table).toEqual(JSON.parse(readFileSync(at('sweep/sweep.json'), 'utf8')));
    json('plan', ...sweep, '--dry-run');
    json('verify', 'verify', at('sweep'));
  });

  it('panx data stats, show and convert', () => {
    json('data-stats', 'data', 'stats', '--sample');
    const example = ['data', 'show', '--sample', '--row', '3'];
    expect(json('data-show', ...example).subwords).toBeNull();
    expect(json('data-show', ...example, '--tokens').subwords).not.toBeNull();
    const convert = ['data', 'convert', '--sample', '--splits', 'test', '--out'];
    expect(json('data-convert', ...convert, at('parquet'), '--to', 'parquet').settings).toEqual({
      data: at('parquet'),
    });
    const { settings } = json('data-convert', ...convert, at('conll'), '--to', 'conll');
    // What it says reads the corpus back.
    writeFileSync(at('conll.yaml'), JSON.stringify(settings));
    json('data-stats', 'data', 'stats', '--config', at('conll.yaml'), '--langs', 'converted=en', '--splits', 'test');
  });

  it('panx tokenizers', () => {
    const models = ['--model', 'sample/model', '--model', 'sample/many/model'];
    expect(json('tokenizers', 'tokenizers', '--data', 'sample/data', ...models, '--top', '3').words).toBeNull();
    expect(json('tokenizers', 'tokenizers', ...models, '--text', 'Ada ran').languages).toBeNull();
  });

  it('panx config, doctor, encoders, fetch and init', () => {
    const { settings } = json<{ settings: { key: string; value: unknown; from: string }[] }>(
      'config',
      'config',
      '--epochs',
      '7',
    );
    expect(settings.find(({ key }) => key === 'training.epochs')).toMatchObject({ value: 7, from: '--epochs' });
    expectDocument('doctor', panx(['doctor', '--json']).stdout);
    json('encoders', 'encoders');
    json('fetch', 'fetch', '--sample');
    expect(json('init', 'init', '--size', 'tiny', '--sample', '--out', at('model'))).toMatchObject({
      bytes: 4 * 260_487,
    });
  });
});

describe('what does not come about here is described too', () => {
  it('a table with stages that failed, and with seeds', () => {
    for (const table of [exampleTable(), tableOfSeeds()]) {
      const folders = { folder: 'results/a', store: 'results/store' };
      expectSchema('run', identified('run', { ...folders, ...tableJson(table, 'study') }));
      expectSchema('sweep', identified('sweep', { folder: folders.folder, ...tableJson(table, 'sweep') }));
    }
  });

  it('a machine with a GPU, and one on which nothing computes', async () => {
    const diagnosis = await diagnose();
    const gpu = { name: 'NVIDIA H200', driver: '570.1', memoryBytes: 1.5e11, computeCapability: 9 };
    const engine = { ...diagnosis.engine!, device: gpu.name, threads: null };
    for (const one of [
      { ...diagnosis, engine, hardware: { ...diagnosis.hardware, gpu } },
      { ...diagnosis, engine: null, ok: false },
    ]) {
      expectSchema('doctor', identified('doctor', one));
    }
  });
});

describe('an error', () => {
  it('is one sentence on stderr, and nothing is on stdout', () => {
    const { code, stdout, stderr } = panx(['evaluate', '--sample', '--model', at('none'), '--langs', 'en', '--json']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^panx: --model \S+none: there is no such folder\.\n {2}.+\n$/);
  });

  it('is --export beside it: that writes lines of its own', () => {
    const { code, stderr } = panx(['report', at('rows.jsonl'), '--export', 'jsonl', '--json']);
    expect(code).toBe(2);
    expect(stderr).toContain('--format json and --export are both given; expected one of them.');
  });

  it('says which formats there are', () => {
    const { code, stderr } = panx(['list', '--format', 'xml']);
    expect(code).toBe(2);
    expect(stderr).toContain("argument 'xml' is invalid. Allowed choices are table, json.");
    expect(panx(['data', 'stats', '--format', 'xml']).stderr).toContain('Allowed choices are table, csv, json.');
  });
});

describe('formatOf', () => {
  it('takes --json for --format json', () => {
    expect(formatOf({}, 'table')).toBe('table');
    expect(formatOf({ json: true }, 'table')).toBe('json');
    expect(formatOf({ json: true, format: 'json' }, 'table')).toBe('json');
    expect(formatOf<'table' | 'csv'>({ format: 'csv' }, 'table')).toBe('csv');
    expect(isJson({ format: 'json' })).toBe(true);
  });

  it('refuses --json beside another format', () => {
    expect(() => formatOf({ json: true, format: 'table' }, 'table')).toThrow(
      '--json and --format table are both given; expected one of them.',
    );
    const { code, stderr } = panx(['config', '--markdown', '--json']);
    expect(code).toBe(2);
    expect(stderr).toContain('--markdown and --format json are both given; expected one of them.');
  });
});

it('every command that prints a result takes both', () => {
  const silent = ['setup', 'stage', 'help', 'completion'];
  const commands = [...panx(['--help']).stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!);
  expect(commands).toContain('check');
  for (const name of commands.filter(one => !silent.includes(one))) {
    for (const one of name === 'data' ? ['stats', 'show', 'convert'].map(sub => [name, sub]) : [[name]]) {
      const help = panx([...one, '--help']).stdout;
      expect(help, name).toContain('--format <format>');
      expect(help, name).toMatch(/--json +short for --format json/);
    }
  }
});
