import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { announcedBytes, downloadWheels, pipReason } from '../../../src/engine/tensorflow/pip.js';
import type { PanxError } from '../../../src/errors.js';

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
      '[ "$4" = "" ] && exit 0',
      'case "$*" in *"--python-version 3.12"*) ;; *) echo "ERROR: No matching distribution found for x"; exit 1;; esac',
      'while [ "$1" != "--dest" ]; do shift; done',
      'echo wheel > "$2"/tensorflow_cpu-1-cp312-cp312-any.whl',
    ]);
    const wheels = await downloadWheels(['tensorflow-cpu==1'], join(folder, 'wheels'), () => {});
    expect(wheels).toEqual([join(folder, 'wheels', 'tensorflow_cpu-1-cp312-cp312-any.whl')]);
    expect(readdirSync(join(folder, 'wheels'))).toEqual(['tensorflow_cpu-1-cp312-cp312-any.whl']);
  });

  it('gives the reason of the first attempt, names what was wanted, and leaves nothing behind', async () => {
    python(['[ "$4" = "" ] && exit 0', 'echo "ERROR: No matching distribution found for x"; exit 1']);
    const error = (await downloadWheels(['x==1'], join(folder, 'wheels'), () => {}).catch(e => e)) as PanxError;
    expect(error.message).toBe('pip could not bring x==1: No matching distribution found for x');
    expect(error.hint).toContain('`panx setup`');
    expect(readdirSync(join(folder, 'wheels'))).toEqual([]);
  });

  it('does not try other Pythons where the reason has nothing to do with them', async () => {
    python(['[ "$4" = "" ] && exit 0', `echo call >> "${folder}/calls"`, 'echo "ERROR: disk quota exceeded"; exit 1']);
    await expect(downloadWheels(['x==1'], join(folder, 'wheels'), () => {})).rejects.toThrow('disk quota exceeded');
    expect(readdirSync(folder)).toContain('calls');
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe('call\n');
  });

  it('says that Python has no pip', async () => {
    python(['echo "python3: No module named pip"; exit 1']);
    await expect(downloadWheels(['x==1'], join(folder, 'wheels'), () => {})).rejects.toThrow(
      'python3 has no pip, which brings TensorFlow: python3: No module named pip',
    );
  });
});
