import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { memoryFault, systemFault } from '../../src/system/faults.js';

/** What Node.js throws where a call to the system fails. */
const failed = (code: string, syscall: string, path?: string) =>
  Object.assign(new Error(`${code}: words of the system, ${syscall} '${path}'`), { code, syscall, errno: -1, path });
const withCode = (error: Error, code: string) => Object.assign(error, { code });

describe('an error of the system', () => {
  it.each([
    ['EMFILE', 'this process has as many files open as it may', 'ulimit -n'],
    ['ENFILE', 'the system has as many files open as it may', 'limits'],
    ['ENOMEM', 'memory ran out', 'limits'],
    ['EFBIG', 'the file would be larger than it may be', 'ulimit -f'],
    ['ENOSPC', 'no space left on the disk', 'Make room'],
    ['EDQUOT', "no space left in the user's share of the disk", 'Make room'],
    ['EIO', 'the device reports an error', undefined],
    ['EROFS', 'the file system is read-only', undefined],
    ['ELOOP', 'its links lead in a circle', undefined],
    ['ENAMETOOLONG', 'the name is too long', undefined],
    ['EACCES', 'permission denied', undefined],
    ['ENOTEMPTY', 'the folder is not empty', undefined],
    ['EXDEV', 'it lies on another disk', undefined],
  ])('%s is told in one sentence', (code, reason, hint) => {
    const told = systemFault(failed(code, 'open', '/a/b'));
    expect(told).toMatchObject({ name: 'PanxError', message: `/a/b: ${reason} (open).`, exitCode: 1 });
    if (hint === undefined) expect(told!.hint).toBeUndefined();
    else expect(told!.hint).toContain(hint);
  });

  it('names both paths of a call that has two, and none where it has none', () => {
    const renaming = Object.assign(failed('EXDEV', 'rename', '/a'), { dest: '/b' });
    expect(systemFault(renaming)!.message).toBe('/a -> /b: it lies on another disk (rename).');
    expect(systemFault(failed('EMFILE', 'pipe'))!.message).toBe(
      'The system: this process has as many files open as it may (pipe).',
    );
  });

  it('says what is meant where the working folder is gone', () => {
    expect(systemFault(failed('ENOENT', 'uv_cwd'))!.message).toBe(
      'The folder that panx was started in is not there any more.',
    );
  });
});

it.each([
  [
    withCode(new Error("Cannot find package 'x' imported from /a.js\nmore"), 'ERR_MODULE_NOT_FOUND'),
    /^A part of panx is missing: Cannot find package 'x' imported from \/a\.js$/,
  ],
  [
    withCode(new Error("Cannot find module 'x'\nRequire stack:\n- /a.js"), 'MODULE_NOT_FOUND'),
    /^A part of panx is missing: Cannot find module 'x'$/,
  ],
  [
    withCode(new Error('/x.node: file too short'), 'ERR_DLOPEN_FAILED'),
    /^A compiled part of panx cannot be loaded: \/x\.node: file too short$/,
  ],
  [
    withCode(new Error('Worker initialization failure: EMFILE'), 'ERR_WORKER_INIT_FAILED'),
    /^A thread cannot be started: /,
  ],
  [
    withCode(new RangeError('File size (3 GB) is greater than 2 GiB'), 'ERR_FS_FILE_TOO_LARGE'),
    /^A file is too large to be read: /,
  ],
  [new RangeError('Array buffer allocation failed'), /^There is not enough memory: Array buffer allocation failed\.$/],
  [new RangeError('Invalid typed array length: 9007199254740991'), /^There is not enough memory: /],
  [new RangeError('Invalid string length'), /^There is not enough memory: /],
  [
    new Error('Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[9,9] and type float on CPU'),
    /^There is not enough memory: OOM when allocating tensor with shape\[9,9\] and type float on CPU\.$/,
  ],
  [
    new Error('libtensorflow_cc.so.2: failed to map segment from shared object'),
    /^A compiled part cannot be loaded: libtensorflow_cc\.so\.2: failed to map segment from shared object\.$/,
  ],
  [new RangeError('WebAssembly.Memory(): could not allocate memory'), /^There is not enough memory: /],
])('%s is not a bug of panx', (error, sentence) => {
  const told = systemFault(error);
  expect(told).toMatchObject({ name: 'PanxError', exitCode: 1, cause: error });
  expect(told!.message).toMatch(sentence);
  expect(told!.message).not.toContain('\n');
});

it('names both reasons for which the loader maps nothing', () => {
  const { hint } = memoryFault(new Error('/cache/addon.node: failed to map segment from shared object'))!;
  expect(hint).toMatch(
    /^Where its disk is mounted noexec \(`mount` shows it\), set PANX_CACHE to a folder on another\. /,
  );
  expect(hint).toContain('Where memory is short, raise what limits this process');
});

it.each([
  new TypeError("Cannot read properties of undefined (reading 'x')"),
  new RangeError('Maximum call stack size exceeded'),
  withCode(new Error('no call of the system'), 'ENOENT'),
  withCode(new TypeError('The "path" argument must be of type string'), 'ERR_INVALID_ARG_TYPE'),
  new Error('Invalid TF_Status: 3\nMessage: Incompatible shapes'),
  'a text',
  null,
  undefined,
])('%s is one', error => expect(systemFault(error)).toBeNull());

it.each(['Invalid typed array length: 9007199254740991', 'Invalid array length', 'Invalid string length'])(
  '%s may come from a damaged file, and does not say that memory ran out',
  message => expect(memoryFault(new RangeError(message))).toBeNull(),
);

it('tells what Node.js really throws', () => {
  const thrown = (() => {
    try {
      return readFileSync('/no/such/file');
    } catch (error) {
      return error;
    }
  })();
  expect(systemFault(thrown)!.message).toBe('/no/such/file: no such file or folder (open).');
});
