import * as fs from 'node:fs';
import { Worker } from 'node:worker_threads';
import * as zlib from 'node:zlib';
import { PanxError } from '../errors.js';
import type { OpenFile, SealedPart } from './tensor-source.js';
import { crc32 } from './zip.js';

/**
 * Compare the parts of weight files with the checksums that the files have of them, in a thread: 1 GB/s, where Node.js counts CRC-32 itself.
 *
 * @throws PanxError naming file and part of one that was changed
 */
export async function checkSealed(files: readonly Pick<OpenFile, 'path' | 'sealed'>[]): Promise<void> {
  const looks = files.filter(({ sealed }) => sealed.length > 0).map(({ path, sealed }) => ({ path, sealed }));
  if (looks.length === 0) return;
  const here = () => look(looks, fs, zlib, crc32);
  const bytes = looks.flatMap(({ sealed }) => sealed).reduce((sum, part) => sum + part.bytes, 0);
  // What a thread cannot read gives the system's own error here. To start one takes longer than a small model does.
  const changed = bytes < 1 << 24 ? here() : await lookInThread(looks).catch(here);
  if (changed === null) return;
  throw new PanxError(`${changed.path} is damaged: ${changed.name} has not the checksum that the file has of it.`, {
    hint: 'Copy or download the file again.',
  });
}

interface Look {
  path: string;
  sealed: readonly SealedPart[];
}

type Changed = { path: string; name: string } | null;

function lookInThread(looks: readonly Look[]): Promise<Changed> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { eval: true, workerData: looks });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread ended without an answer')));
  });
}

/** Goes to a thread as text, so it names nothing from outside. @param own counts where Node.js does not (before 20.15) */
function look(
  looks: readonly Look[],
  { closeSync, openSync, readSync }: Pick<typeof fs, 'closeSync' | 'openSync' | 'readSync'>,
  { crc32: native }: Partial<Pick<typeof zlib, 'crc32'>>,
  own: (bytes: Uint8Array, before?: number) => number,
): Changed {
  const count = native ?? own;
  const piece = new Uint8Array(1 << 20);
  for (const { path, sealed } of looks) {
    const fd = openSync(path, 'r');
    try {
      for (const { name, begin, bytes, crc32: expected } of sealed) {
        let sum = 0;
        for (let position = begin; position < begin + bytes; ) {
          const length = readSync(fd, piece, 0, Math.min(piece.length, begin + bytes - position), position);
          if (length === 0) break;
          sum = count(piece.subarray(0, length), sum);
          position += length;
        }
        if (sum !== expected) return { path, name };
      }
    } finally {
      closeSync(fd);
    }
  }
  return null;
}

/** As text, since a thread starts from a file of JavaScript, and tests run from TypeScript. */
const program = `
const fs = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
parentPort.postMessage((${look})(workerData, fs, require('node:zlib'), ${crc32}));
`;
