import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildCli } from '../../built-cli.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
let consumer: string;

// A project of someone else's, with panx among its packages.
beforeAll(() => {
  buildCli();
  consumer = mkdtempSync(join(tmpdir(), 'panx-consumer-'));
  mkdirSync(join(consumer, 'node_modules'));
  symlinkSync(root, join(consumer, 'node_modules', 'panx'));
  writeFileSync(join(consumer, 'package.json'), '{ "type": "module" }');
});
afterAll(() => consumer && rmSync(consumer, { recursive: true, force: true }));

const program = `
import { classificationReport, f1Score, PanxError, precisionScore, reportText, type SeqevalOptions } from 'panx/seqeval';

const yTrue = [['B-PER', 'I-PER', 'O', 'B-LOC']];
const yPred = [['I-PER', 'I-PER', 'O', 'B-ORG']];
const strict: SeqevalOptions = { scheme: 'IOB2' };
let refused = false;
try {
  precisionScore([['O']], [[]]);
} catch (error) {
  refused = error instanceof PanxError;
}
const report: string = reportText(classificationReport(yTrue, yPred), 4);
console.log(JSON.stringify({ f1: f1Score(yTrue, yPred), strict: f1Score(yTrue, yPred, strict), refused, report }));
`;

it("is imported, with its types, as another project's code would", () => {
  writeFileSync(join(consumer, 'program.ts'), program);
  const options = ['--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,dom', '--strict', '--types', ''];
  const compiled = run([join(root, 'node_modules/typescript/bin/tsc'), ...options, 'program.ts']);
  expect(compiled.stdout + compiled.stderr).toBe('');
  const { stdout, stderr } = run(['program.js']);
  expect(stderr).toBe('');
  const { report, ...rest } = JSON.parse(stdout) as { report: string };
  expect(rest).toEqual({ f1: 0.5, strict: 0, refused: true });
  expect(report).toContain('   micro avg     0.5000    0.5000    0.5000         2\n');
});

it('needs no package and nothing of Node.js', () => {
  const seen = new Set<string>();
  const outside = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const code = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
    for (const [, specifier] of code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g)) {
      if (specifier!.startsWith('.')) visit(resolve(dirname(file), specifier!));
      else outside.add(specifier!);
    }
  };
  visit(join(root, 'dist/evaluation/seqeval/seqeval.js'));
  expect([...outside]).toEqual([]);
  expect(seen.size).toBeGreaterThan(5);
  writeFileSync(join(consumer, 'load.js'), "await import('panx/seqeval'); console.log(Math.round(performance.now()));");
  writeFileSync(join(consumer, 'nothing.js'), 'console.log(Math.round(performance.now()));');
  // A busy machine must not make a test fail, so it is told and not asserted.
  console.info(
    `node with panx/seqeval: ${run(['load.js']).stdout.trim()} ms; alone: ${run(['nothing.js']).stdout.trim()} ms`,
  );
});

it('is all that panx exports', () => {
  writeFileSync(join(consumer, 'whole.js'), "import 'panx';");
  expect(run(['whole.js']).stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
});

function run(args: string[]): { stdout: string; stderr: string } {
  return spawnSync(process.execPath, args, { cwd: consumer, encoding: 'utf8' });
}
