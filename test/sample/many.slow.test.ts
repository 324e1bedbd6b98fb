import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildCli, panx } from '../built-cli.js';

/** That the sample of eight languages can be learnt from, as a user would see it. */

const folder = mkdtempSync(join(tmpdir(), 'panx-many-'));
beforeAll(buildCli);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('learns German in eight short epochs; a little carries over to Afrikaans', () => {
  const out = join(folder, 'run');
  const settings = ['--epochs', '8', '--batch-size', '16', '--learning-rate', '5e-3'];
  const here = ['--backend', 'wasm', '--precision', 'fp32'];
  const trained = panx([
    'train',
    '--sample',
    '--lang',
    'de',
    '--eval-langs',
    'de,af',
    ...settings,
    ...here,
    '--set',
    'evaluation.eachEpoch=false',
    '--out',
    out,
  ]);
  expect(trained).toMatchObject({ code: 0 });
  expect(f1Of('de', trained.stdout)).toBeGreaterThan(0.5);
  expect(f1Of('af', trained.stdout)).toBeGreaterThan(0.1);
  const evaluated = panx(['evaluate', '--sample', '--model', join(out, 'checkpoint'), '--langs', 'af', ...here]);
  expect(evaluated).toMatchObject({ code: 0 });
  expect(f1Of('af', evaluated.stdout)).toBe(f1Of('af', trained.stdout));
});

/** The micro F1 of a language's test split, as it is printed. */
function f1Of(lang: string, stdout: string): number {
  return Number(new RegExp(`^${lang} test +micro F1 ([\\d.]+)`, 'm').exec(stdout)?.[1]);
}
