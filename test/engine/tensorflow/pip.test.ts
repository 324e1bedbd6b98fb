import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { announcedBytes, downloadWheels, pipReason } from '../../../src/engine/tensorflow/pip.js';
import type { PanxError } from '../../../src/errors.js';
import { makeWheel } from './wheel-fixture.js';

describe('announcedBytes', () => {
  it('adds up what pip says it downloads', () => {
    const output =
      'Collecting a\n  Downloading a-1.whl (273.8 MB)\nCollecting b\n  Downloading https://host/b-1.whl (12.5 kB)\n';
    expect(announcedBytes(output)).toBeCloseTo(273.8e6 + 12.5e3);
  });

  it('knows nothing before pip does', () => {
    expect(announcedBytes('Looking in indexes: ...\n')).toBeNull();
  });
});

describe('pipReason', () => {
  it('takes the last error', () => {
    const output = 'ERROR: Could not find a version\nERROR: No matching distribution found for x==1\n';
    expect(pipReason(output)).toBe('No matching distribution found for x==1');
  });

  it('says that the network is at fault where it is, since pip then also says that there is no such package', () => {
    const output =
      "WARNING: Retrying (...) after connection broken by 'NewConnectionError('...: Failed to establish a new connection: [Errno 111] Connection refused')'\nERROR: No matching distribution found for x==1\n";
    expect(pipReason(output)).toBe('its index cannot be reached (Failed to establish a new connection)');
  });
});

describe('downloadWheels', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'panx-pip-'));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  function python(lines: string[]): void {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'python3'), ['#!/bin/sh', ...lines, ''].join('\n'));
    chmodSync(join(bin, 'python3'), 0o755);
    vi.stubEnv('PATH', `${bin}${delimiter}${process.env.PATH}`);
  }

  it('asks for the wheel of another Python where the running one has none', async () => {
    python([
      '[ "$4" = list ] && exit 0',
      'case "$*" in *"--python-version 3.12"*) ;; *) echo "ERROR: No matching distribution found for x"; exit 1;; esac',
      'while [ "$1" != "--dest" ]; do shift; done',
      'echo wheel > "$2"/tensorflow_cpu-1-cp312-cp312-any.whl',
    ]);
    const wheels = await downloadWheels(['tensorflow-cpu==1'], join(folder, 'wheels'), () => {});
    expect(wheels).toEqual([join(folder, 'wheels', 'tensorflow_cpu-1-cp312-cp312-any.whl')]);
    expect(readdirSync(join(folder, 'wheels'))).toEqual(['tensorflow_cpu-1-cp312-cp312-any.whl']);
  });

  it('gives the reason of the first attempt, names what was wanted, and leaves nothing behind', async () => {
    python(['[ "$4" = list ] && exit 0', 'echo "ERROR: No matching distribution found for x"; exit 1']);
    const error = (await downloadWheels(['x==1'], join(folder, 'wheels'), () => {}).catch(e => e)) as PanxError;
    expect(error.message).toBe('pip could not bring x==1: No matching distribution found for x');
    expect(error.hint).toContain('`panx setup`');
    expect(readdirSync(join(folder, 'wheels'))).toEqual([]);
  });

  it('does not try other Pythons where the reason has nothing to do with them', async () => {
    python([
      '[ "$4" = list ] && exit 0',
      `echo call >> "${folder}/calls"`,
      'echo "ERROR: disk quota exceeded"; exit 1',
    ]);
    await expect(downloadWheels(['x==1'], join(folder, 'wheels'), () => {})).rejects.toThrow('disk quota exceeded');
    expect(readdirSync(folder)).toContain('calls');
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe('call\n');
  });

  const noPip = 'echo "python3: No module named pip"; exit 1';

  it('says that Python has no pip', async () => {
    python([noPip]);
    vi.stubEnv('PATH', join(folder, 'bin'));
    await expect(downloadWheels(['x==1'], join(folder, 'wheels'), () => {})).rejects.toThrow(
      `${join(folder, 'bin', 'python3')} has no pip, which brings TensorFlow: python3: No module named pip`,
    );
  });

  it('takes the next Python of PATH where that of a virtual environment has no pip', async () => {
    python(['[ "$4" = list ] && exit 0', 'echo "ERROR: asked"; exit 1']);
    mkdirSync(join(folder, 'venv'));
    writeFileSync(join(folder, 'venv', 'python3'), `#!/bin/sh\n${noPip}\n`, { mode: 0o755 });
    vi.stubEnv('PATH', [join(folder, 'venv'), process.env.PATH].join(delimiter));
    await expect(downloadWheels(['x==1'], join(folder, 'wheels'), () => {})).rejects.toThrow(
      'pip could not bring x==1: asked',
    );
  });

  it('says what pip finds wrong with its own settings', async () => {
    python(['echo "ERROR: Configuration file could not be loaded."; exit 1']);
    await expect(downloadWheels(['x==1'], join(folder, 'wheels'), () => {})).rejects.toMatchObject({
      message: 'pip, which brings TensorFlow, does not start: Configuration file could not be loaded.',
      hint: expect.stringMatching(/python3 -m pip config debug` shows its files\) and run `panx setup` again\.$/),
    });
  });

  describe('with the pip of this machine, from a folder', () => {
    beforeEach(() => {
      for (const name of Object.keys(process.env)) if (/^PIP_/.test(name)) vi.stubEnv(name, undefined);
      const files = { 'tiny.py': '', 'tiny-1.0.dist-info/WHEEL': 'Wheel-Version: 1.0\nTag: py3-none-any\n' };
      const wheel = makeWheel('tiny-1.0', files, { metadata: 'Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n' });
      mkdirSync(join(folder, 'index'));
      writeFileSync(join(folder, 'index', 'tiny-1.0-py3-none-any.whl'), wheel);
    });

    const disturbing = () => ({
      'require-virtualenv': '1',
      'require-hashes': '1',
      'python-version': '2.7',
      platform: 'win32',
      abi: 'none',
      implementation: 'pp',
      'no-binary': ':all:',
      constraint: '/no/such/constraints.txt',
      requirement: '/no/such/requirements.txt',
      target: '/no/such',
      prefix: '/no/such',
      user: '1',
      'dry-run': '1',
      quiet: '3',
      log: join(folder, 'log'),
    });
    const needed = () => ({ 'no-index': '1', 'find-links': join(folder, 'index') });
    const brought = () => downloadWheels(['tiny==1.0'], join(folder, 'wheels'), () => {});

    it('is disturbed by no variables of pip and of Python', async () => {
      for (const [name, value] of Object.entries({ ...disturbing(), ...needed() })) {
        vi.stubEnv(`PIP_${name.replaceAll('-', '_').toUpperCase()}`, value);
      }
      vi.stubEnv('PIP_CONFIG_FILE', '/dev/null');
      vi.stubEnv('PYTHONHOME', '/no/such');
      writeFileSync(join(folder, 'index', 'random.py'), 'raise SystemExit("this is not the module of Python")\n');
      vi.stubEnv('PYTHONPATH', join(folder, 'index'));
      expect(await brought()).toEqual([join(folder, 'wheels', 'tiny-1.0-py3-none-any.whl')]);
      expect(readdirSync(folder)).not.toContain('log');
    });

    it('is disturbed by no file of settings', async () => {
      const lines = (settings: object) => Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
      writeFileSync(
        join(folder, 'pip.conf'),
        ['[global]\n', ...lines(needed()), ...lines(disturbing()), '[download]\n', ...lines(disturbing())].join(''),
      );
      vi.stubEnv('PIP_CONFIG_FILE', join(folder, 'pip.conf'));
      expect(await brought()).toEqual([join(folder, 'wheels', 'tiny-1.0-py3-none-any.whl')]);
      expect(readdirSync(folder)).not.toContain('log');
    });
  });
});
