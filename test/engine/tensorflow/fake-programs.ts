import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeWheel } from './wheel-fixture.js';

/**
 * A folder for PATH with a `python3` whose pip brings a small wheel made here, and a `g++` that writes what it was
 * asked to write. Each adds a line with its arguments to `calls`.
 */
export function makeFakePrograms(
  folder: string,
  wheel: Buffer = tinyTensorflow(),
): { bin: string; calls: () => string[] } {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  const wheelPath = join(folder, 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl');
  writeFileSync(wheelPath, wheel);
  const log = join(folder, 'calls');
  writeFileSync(log, '');
  const program = (name: string, lines: string[]) => {
    writeFileSync(join(bin, name), ['#!/bin/sh', ...lines, ''].join('\n'));
    chmodSync(join(bin, name), 0o755);
  };
  program('python3', [
    '[ "$4" = list ] && exit 0',
    `echo "$@" >> "${log}"`,
    'while [ "$1" != "--dest" ]; do shift; done',
    'sleep 0.2',
    `cp "${wheelPath}" "$2"/`,
  ]);
  program('g++', [
    '[ "$1" = "--version" ] && exit 0',
    `echo "$@" >> "${log}"`,
    'while [ "$1" != "-o" ]; do shift; done',
    'echo compiled > "$2"',
  ]);
  return {
    bin,
    calls: () =>
      readFileSync(log, 'utf8')
        .trim()
        .split('\n')
        .filter(line => line !== ''),
  };
}

/** A wheel with the files that panx takes from TensorFlow's, tiny. */
export function tinyTensorflow(options: { lie?: string } = {}): Buffer {
  return makeWheel(
    'tensorflow_cpu-2.21.0',
    {
      'tensorflow/libtensorflow_cc.so.2': 'library '.repeat(1000),
      'tensorflow/libtensorflow_framework.so.2': 'framework '.repeat(1000),
      'tensorflow/include/tensorflow/c/c_api.h': '#pragma once\n',
      'tensorflow/include/external/llvm/x.h': 'not kept',
      'tensorflow/__init__.py': 'not kept',
    },
    options,
  );
}
