import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { PanxError } from '../../src/errors.js';
import { readBoundedJson } from '../../src/system/bounded-json.js';
import { readGiven, refuseEmpty, refuseStandIn, startOf, textAtBegin } from '../../src/system/stand-in.js';

const folder = await mkdtemp(join(tmpdir(), 'panx-stand-in-'));
afterAll(() => rm(folder, { recursive: true }));

const oid = '4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393';
const lfs = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 1112201288\n`;

describe('what lies in the place of a file', () => {
  it.each<[string, string | Buffer, string, string]>([
    [
      'a pointer of Git LFS',
      lfs,
      'a Git LFS pointer, and not the file of 1.1 GB that it stands for.',
      'git lfs pull in some',
    ],
    [
      'a pointer with an extension',
      lfs.replace('oid', 'ext-0-x sha256:00\noid'),
      'a Git LFS pointer, and not',
      'git lfs pull',
    ],
    ['a pointer of the first Git LFS', lfs.replace('git-lfs', 'hawser'), 'a Git LFS pointer, and not', 'git lfs pull'],
    [
      'a pointer that was cut',
      lfs.slice(0, 40),
      'a Git LFS pointer, and not the file that it stands for.',
      'git lfs pull',
    ],
    [
      'a pointer of git-annex',
      `/annex/objects/SHA256E-s1112201288--${oid}.bin\n`,
      'a git-annex pointer',
      'git annex get in some',
    ],
    [
      'a link of git-annex as text',
      '../../.git/annex/objects/aa/bb/SHA256E-s1--x',
      'a git-annex pointer',
      'git annex get',
    ],
    [
      'a page',
      '<!DOCTYPE html>\n<html><title>Sign in</title></html>',
      'a web page (HTML or XML)',
      'download the file again',
    ],
    ['a page behind a mark and spaces', '\ufeff \r\n<HTML lang="en">', 'a web page', 'download the file again'],
    [
      'the error of a file store',
      '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
      'a web page',
      'again',
    ],
    ['gzip', gzipSync('{}'), 'packed by gzip; expected the file itself.', 'gunzip < some/model.bin > NEW'],
    ['zstd', Buffer.from('28b52ffd2000', 'hex'), 'packed by zstd', 'unzstd'],
    ['xz', Buffer.from('fd377a585a000004', 'hex'), 'packed by xz', 'unxz'],
    ['bzip2', Buffer.from('425a683931415926535900', 'hex'), 'packed by bzip2', 'bunzip2'],
  ])('%s', (_, content, sentence, hint) => {
    const refusal = thrown(() => refuseStandIn('some/model.bin', Buffer.from(content)));
    expect(refusal.message).toContain(`some/model.bin is ${sentence}`);
    expect(refusal.hint).toContain(hint);
  });

  it.each<[string, string | Buffer]>([
    ['JSON', '{"version": "https://git-lfs"}'],
    ['a sentence', 'version https://example.org\n'],
    ['words and tags', '<\tO\nhtml\tO\n>\tO\n'],
    ['marked-up text', '<s>\tO\n<body>'],
    ['parquet', Buffer.from('PAR1')],
    ['nothing', ''],
  ])('is not %s', (_, content) => {
    expect(() => refuseStandIn('x', Buffer.from(content))).not.toThrow();
  });

  it('is told wherever a file is read', async () => {
    const path = join(folder, 'config.json');
    await writeFile(path, lfs);
    for (const read of [readGiven, readBoundedJson]) {
      await expect(read(path, 1000)).rejects.toMatchObject({
        message: `${path} is a Git LFS pointer, and not the file of 1.1 GB that it stands for.`,
        hint: `Run git lfs pull in ${folder}, or download the file.`,
      });
    }
    await writeFile(path, '');
    await expect(readBoundedJson(path, 1000)).rejects.toThrow(`${path} is empty: it has no byte.`);
    expect(await readGiven(path, 1000)).toHaveLength(0);
    expect(() => refuseEmpty(path, Buffer.alloc(1))).not.toThrow();
  });
});

it('the begin of a file is read, however long it is', async () => {
  const path = join(folder, 'long');
  await writeFile(path, Buffer.alloc(10_000, 'a'));
  expect(await startOf(path)).toHaveLength(512);
  await writeFile(path, 'short');
  expect((await startOf(path)).toString()).toBe('short');
  const inside = join(folder, 'folder');
  await mkdir(inside);
  await expect(startOf(inside)).rejects.toThrow(`${inside} cannot be read: it is a folder, not a file.`);
});

it.each<[string, string, string | null]>([
  ['an answer of a server', 'Entry not found', '"Entry not found"'],
  [
    'a long one',
    'Access to this model is restricted. '.repeat(10),
    '"Access to this model is restricted. Access to this model is …"',
  ],
  ['JSON', '{"error":"Invalid username or password."}', '"{\\"error\\":\\"Invalid username or password.\\"}"'],
  ['a few bytes', 'PAR1', null],
  ['bytes that are no text', 'PAR1\x15\x04\x15\x10', null],
])('text at the begin: %s', (_, content, expected) => {
  expect(textAtBegin(Buffer.from(content))).toBe(expected);
});

function thrown(work: () => void): PanxError {
  try {
    work();
  } catch (error) {
    if (error instanceof PanxError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
