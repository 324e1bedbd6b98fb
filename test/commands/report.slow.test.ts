import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { parseSignature } from '../../src/reporting/signature.js';
import { buildCli, panx } from '../built-cli.js';

let folder: string;
let study: string;
let store: string;

beforeAll(() => {
  buildCli();
  folder = mkdtempSync(join(tmpdir(), 'panx-report-study-'));
  [study, store] = [join(folder, 'study'), join(folder, 'store')];
  writeFileSync(
    join(folder, 'study.yaml'),
    `study: {protocol: cumulative, sizes: [50, 200], seeds: 2}
training: {epochs: 2, learningRate: 1e-3, batchSize: 16}
evaluation: {limit: 120}
`,
  );
  const run = panx(['run', join(folder, 'study.yaml'), '--sample', '--out', study, '--store', store]);
  expect(run.code).toBe(0);
});

const report = (...args: string[]) => panx(['report', ...args, '--store', store]);

it('writes the report of a study into its folder, which is a study as before', () => {
  const first = report(study);
  expect(first.code).toBe(0);
  expect(first.stdout).toMatch(/report\.html: \d+\.\d kB, 240 sentences of phase-3\.2-tr-200-seed-\d+\n$/);
  expect(first.stderr).toContain('Of 4 stages its stage has the best mean F1 on the test split');
  const page = readFileSync(join(study, 'report.html'), 'utf8');
  expect(page).toContain('Which errors cost most');
  expect(page).toContain('<caption>EN → TR curriculum</caption>');
  expect(page).toContain('Signature, for comparing tables: <code>F1|data:PAN-X|split:test');
  expect(page).toContain('alt="Learning curve');
  expect(page).toContain('rows that the model was trained on.');
  report(study);
  expect(readFileSync(join(study, 'report.html'), 'utf8')).toBe(page);
  const verified = panx(['verify', study]);
  expect(verified.stdout).toContain('come out the same');
  expect(verified.code).toBe(0);
});

it('shows other stages, and one stage alone', () => {
  const two = report(study, '--stages', 'phase-1-tr,phase-2-en', '--lang', 'tr', '--out', join(folder, 'two.html'));
  expect(two.stdout).toMatch(/240 sentences of phase-1-tr-seed-\d+, phase-2-en-seed-\d+\n$/);
  const one = report(join(study, 'phase-2-en'), '--out', join(folder, 'one.html'));
  expect(one.stdout).toMatch(/240 sentences of study\/phase-2-en\n$/);
  expect(one.stderr).toContain('study/phase-2-en has 2 trainings; this is study/phase-2-en-seed-');
  const [, signature] = /<code>(F1[^<]*)<\/code>/.exec(readFileSync(join(folder, 'one.html'), 'utf8'))!;
  expect(parseSignature(signature!)).toMatchObject({ split: 'test', protocol: ['train'], n: [120], seeds: 1 });
  const wrong = report(study, '--stages', 'phase-1-rt');
  expect(wrong.stderr).toContain(
    '--stages names "phase-1-rt", which is no trained stage of study; did you mean phase-1-tr?',
  );
  expect(wrong.code).toBe(2);
});

it('exports by language and by what was seen in training', () => {
  const rows = (...filter: string[]) => {
    const { stdout, code } = report(study, '--export', 'jsonl', ...filter);
    expect(code).toBe(0);
    return stdout
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line));
  };
  const all = rows('--lang', 'tr');
  expect(all).toHaveLength(120);
  const seen = (entity: { seen?: string }) => entity.seen === 'same type';
  const unfiltered = rows('--lang', 'tr', '--seen', 'same-type');
  expect(unfiltered.length).toBeGreaterThan(0);
  expect(unfiltered.length).toBeLessThan(120);
  for (const { entities } of unfiltered) expect(entities.some(seen)).toBe(true);
});

it('is removed with its study', () => {
  report(study);
  const copy = panx(['rm', study, '--store', store, '--yes']);
  expect(copy.code).toBe(0);
  expect(existsSync(join(study, 'report.html'))).toBe(false);
});
