import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkNode, type Diagnosis, render } from '../../src/commands/doctor.js';
import { findEngine } from '../../src/engine/tensorflow/installed-engine.js';
import { paintedText } from '../../src/system/console.js';
import { buildCli, panx } from '../built-cli.js';

const found = await findEngine();
const empty = mkdtempSync(join(tmpdir(), 'panx-doctor-'));
afterAll(() => rmSync(empty, { recursive: true, force: true }));

describe('panx doctor', () => {
  beforeAll(buildCli);
  // What a user has in the hub's cache is not what the test is about.
  const env = { HF_HOME: empty, HF_HUB_CACHE: '' };

  it.skipIf(!('engine' in found))('finds TensorFlow, and lets nothing of its log through', () => {
    const { stdout, stderr } = panx(['doctor'], env);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^panx \d+\.\d+\.\d+\n/);
    expect(stdout).toMatch(/✓ backend +tensorflow, libtensorflow \d+\.\d+\.\d+/);
    expect(stdout).toMatch(/✓ bf16 +(yes \(.+\); --precision auto is bf16|no: .+; --precision auto is fp32)\n/);
    expect(stdout).toMatch(/✓ tokenizer +the tokenizers engine loads and encodes/);
    expect(stdout).toMatch(/• model +FacebookAI\/xlm-roberta-base is not cached\n +→ .*panx fetch/);
  });

  it('without TensorFlow says that WebAssembly serves and why, and that this is no fault', () => {
    const cache = join(empty, 'none');
    const { stdout, stderr } = panx(['doctor'], { ...env, PANX_CACHE: cache, PANX_LIBTENSORFLOW: '' });
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /• backend +wasm \d+\.\d+\.\d+: TensorFlow is not set up\n +→ Run `panx setup` to bring it\.\n/,
    );
    expect(stdout).toContain('float32');
  });

  it('--json prints the same findings for programs', () => {
    const { stdout, code } = panx(['doctor', '--json'], {
      ...env,
      PANX_CACHE: join(empty, 'none'),
      PANX_LIBTENSORFLOW: '',
    });
    const diagnosis = JSON.parse(stdout) as Diagnosis;
    expect(diagnosis.engine).toMatchObject({ name: 'wasm' });
    expect(diagnosis.cache).toEqual({ path: join(empty, 'none'), bytes: 0 });
    expect(diagnosis.hardware.cores).toBeGreaterThanOrEqual(1);
    expect(diagnosis.findings.map(({ name }) => name)).toEqual([
      'node',
      'backend',
      'device',
      'bf16',
      'operations',
      'repeatable',
      'memory',
      'tokenizer',
      'cache',
      'sample',
      'model',
      'data',
    ]);
    expect(diagnosis.ok).toBe(diagnosis.findings.every(({ status }) => status !== 'problem'));
    expect(code).toBe(diagnosis.ok ? 0 : 1);
  });

  it('fails where the user points at a TensorFlow that is none', () => {
    const { stdout, code } = panx(['doctor'], { ...env, PANX_LIBTENSORFLOW: empty });
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ backend +wasm .*: PANX_LIBTENSORFLOW is .*, and there is no libtensorflow_cc/);
    expect(stdout).toMatch(/\d problems?\.\n$/);
  });

  it.skipIf(!('engine' in found))('says of a number of threads that TensorFlow would abort at what is wrong', () => {
    const { stdout, code } = panx(['doctor'], { ...env, TF_NUM_INTRAOP_THREADS: '-1' });
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ backend +TF_NUM_INTRAOP_THREADS is "-1", expected a whole number from 1 to 1024\.\n/);
    expect(stdout).toMatch(/✓ tokenizer /);
  });

  it('says which variables of the hub are refused, and all else that it finds', () => {
    const { stdout, stderr, code } = panx(['doctor'], {
      ...env,
      HF_ENDPOINT: 'x',
      HF_HUB_DOWNLOAD_TIMEOUT: '0',
      PANX_CACHE: join(empty, 'none'),
      PANX_LIBTENSORFLOW: '',
    });
    expect(code).toBe(1);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/✗ hub +HF_ENDPOINT is "x", not an address .*\n +→ Unset it/);
    expect(stdout).toMatch(
      /✗ hub +HF_HUB_DOWNLOAD_TIMEOUT is "0", expected a number of seconds above 0\.\n +→ Unset it/,
    );
    expect(stdout).toMatch(/• model +FacebookAI\/xlm-roberta-base is not cached/);
    expect(stdout).toMatch(/2 problems\.\n$/);
  });

  it('fails where the cache cannot be written', () => {
    writeFileSync(join(empty, 'file'), '');
    const { stdout, code } = panx(['doctor'], {
      ...env,
      PANX_CACHE: join(empty, 'file', 'cache'),
      PANX_LIBTENSORFLOW: '',
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ cache .*cannot be written/);
    expect(stdout).toContain('→ Set PANX_CACHE to a folder that you can write to.');
  });
});

it('refuses a Node.js that is too old', () => {
  expect(checkNode('18.20.4')).toMatchObject({ status: 'problem', remedy: 'Install Node.js 20 or newer.' });
  expect(checkNode('20.0.0').status).toBe('ok');
  expect(checkNode('24.1.0').status).toBe('ok');
});

describe('render', () => {
  const diagnosis: Diagnosis = {
    ok: false,
    panx: '1.2.3',
    node: '20.0.0',
    engine: null,
    hardware: { cpu: 'CPU', cores: 2, features: [], gpu: null, bf16: false, memoryBytes: 8e9 },
    cache: { path: '/c', bytes: 0 },
    hubCache: { path: '/h', bytes: 0 },
    findings: [
      { name: 'node', status: 'ok', found: '20.0.0' },
      { name: 'backend', status: 'problem', found: 'none loads', remedy: 'Run it.' },
      { name: 'model', status: 'note', found: 'not cached' },
    ],
  };

  it('puts the findings into a column and each remedy under its own', () => {
    expect(paintedText(render(diagnosis), false)).toBe(
      'panx 1.2.3\n\n  ✓ node     20.0.0\n  ✗ backend  none loads\n             → Run it.\n  • model    not cached\n\n1 problem.\n',
    );
  });

  it('colours on a terminal only', () => {
    expect(paintedText(render(diagnosis), true)).toContain('\x1b[31m✗\x1b[0m');
    expect(paintedText(render({ ...diagnosis, ok: true, findings: [] }), false)).toContain('Ready.');
  });
});
