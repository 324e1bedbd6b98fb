import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Check } from '../../src/experiment/verify.js';
import { buildCli, panx, root } from '../built-cli.js';

let folder: string;
let made: string;
beforeAll(async () => {
  buildCli();
  folder = await mkdtemp(join(tmpdir(), 'panx-verify-command-'));
  made = join(folder, 'made');
  const settings = ['--size', '20', '--max-steps', '1', '--eval-limit', '5', '--set', 'evaluation.eachEpoch=false'];
  expect(panx(['train', '--sample', '--lang', 'en', '--out', made, ...settings]).code).toBe(0);
});
afterAll(() => rm(folder, { recursive: true }));

async function copy(): Promise<string> {
  const run = await mkdtemp(join(folder, 'copy-'));
  await cp(made, run, { recursive: true });
  return run;
}

it('says what it looked at, and ends with 0 where all holds', () => {
  const { code, stdout, stderr } = panx(['verify', made]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.split('\n')[0]).toBe(made);
  expect(stdout.match(/^ {2}✓ (\w+)/gm)).toEqual(
    ['outputs', 'results', 'settings', 'checkpoint', 'data', 'start'].map(subject => `  ✓ ${subject}`),
  );
});

it('ends with 1 where something does not hold, and says so as JSON too', async () => {
  const run = await copy();
  await writeFile(join(run, 'checksums.json'), '{}\n');
  const { code, stdout } = panx(['verify', run]);
  expect(code).toBe(1);
  expect(stdout).toContain(`  ✗ outputs     ${run}: checksums.json lacks config.json and lacks identity.json`);
  const json = panx(['verify', run, '--json']);
  expect(json.code).toBe(1);
  const [report] = JSON.parse(json.stdout) as { run: string; checks: Check[] }[];
  expect(report!.run).toBe(run);
  expect(report!.checks.map(({ holds }) => holds)).toEqual([false, true, true, true, true, true]);
});

it('repeats a run only where all else holds', async () => {
  expect(panx(['verify', made, '--rerun']).stdout).toContain('  ✓ rerun       9 files the same, byte for byte\n');
  const run = await copy();
  await rm(join(run, 'checkpoint', 'tokenizer.json'));
  expect(panx(['verify', run, '--rerun'])).toMatchObject({ code: 1, stdout: expect.not.stringContaining('rerun') });
});

it('refuses a folder for a repeated run where none is repeated', () => {
  const { code, stderr } = panx(['verify', made, '--out', join(folder, 'unused')]);
  expect(code).toBe(2);
  expect(stderr).toBe(
    'panx: --out is given without --rerun, so there is no repeated run to keep.\n  Add --rerun, or leave --out out.\n',
  );
});

it('prints nothing that steers a terminal', async () => {
  const run = await copy();
  await mkdir(join(run, '\x1b[2Jnotes'));
  await writeFile(join(run, 'checkpoint', '\x1b[31m'), '');
  await writeFile(join(run, 'metrics.json'), '{"\x1b[2J": \u009b}');
  const { code, stdout, stderr } = panx(['verify', run]);
  expect([code, stderr]).toEqual([1, '']);
  expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

it('keeps a line a line, whatever the names of folders hold', async () => {
  const run = join(folder, 'a run\n  ✓ rerun  all fine');
  const model = join(folder, 'a model\n  ✓ rerun  all fine');
  await cp(made, run, { recursive: true });
  await cp(join(root, 'sample', 'model'), model, { recursive: true });
  const { code, stdout } = panx(['verify', run, '--model', model]);
  expect(code).toBe(0);
  expect(stdout).toContain('/a run<U+000A>  ✓ rerun  all fine\n  ✓ outputs ');
  expect(stdout).toContain('/a model<U+000A>  ✓ rerun  all fine\n');
  expect(stdout).not.toMatch(/^ {2}✓ rerun/m);
});

it('says in one sentence that there is no run, and waits for nothing', async () => {
  const odd = join(folder, 'odd');
  await mkdir(join(odd, 'a', 'b'), { recursive: true });
  execFileSync('mkfifo', [join(odd, 'pipe')]);
  for (const path of ['/etc/passwd', '/nonexistent', '/proc', '/dev/zero', join(odd, 'pipe'), odd, join(odd, 'a')]) {
    const { code, stdout, stderr } = panx(['verify', path]);
    expect([path, code, stdout]).toEqual([path, 1, '']);
    expect(stderr).toMatch(/^panx: [^\n]+\.\n( {2}[^\n]+\n)?$/);
  }
});

it('reads no file that is larger than any of its kind', async () => {
  const run = await copy();
  for (const name of ['identity.json', 'events.jsonl', 'times.jsonl', 'metrics.json'])
    await truncate(join(run, name), 3_000_000_000);
  await rm(join(run, 'checksums.json'));
  const { code, stdout } = panx(['verify', run]);
  expect(code).toBe(1);
  expect(stdout).toContain('it is larger than 4,000,000 bytes');
});
