import { open, rename, rm } from 'node:fs/promises';
import { codeOf } from '../errors.js';
import { cannotWrite } from '../system/files.js';
import { telling } from '../system/stand-in.js';
import { temporaryNeighbour } from '../system/temporary.js';
import { readBytes } from './file-bytes.js';
import { refuseNonFinite } from './finite.js';
import { elementsOf, formatHeader, headerLength, parseHeader } from './safetensors-header.js';
import { bytesOfValues, writeBytes } from './tensor-io.js';
import { closeAll, type OpenFile, openFile, type TensorSource, tensorSource } from './tensor-source.js';

/**
 * A tensor to be written; `data` is called when its turn comes, so that only one is in memory at a time: whole, or piece by piece. A piece need
 * hold only until the next is asked for.
 */
export interface TensorToWrite {
  name: string;
  shape: number[];
  data: () => Float32Array | AsyncGenerator<Float32Array>;
}

/** Open one safetensors file. @throws PanxError naming it where it cannot be read, is truncated or corrupt. */
export async function openSafetensors(path: string): Promise<TensorSource> {
  const files: OpenFile[] = [];
  try {
    const file = await openFile(path, files, readSafetensorsHeader);
    return tensorSource(new Map(file.entries.map(entry => [entry.name, { file, entry }])), files);
  } catch (error) {
    await closeAll(files);
    throw error;
  }
}

/**
 * Write tensors as float32 to a safetensors file, in the order given, one tensor in memory at a time. The file appears
 * under its name only when it is whole and on the disk.
 *
 * @throws PanxError naming `path` where it cannot be written, and the tensor where a value is not finite.
 */
export async function writeSafetensors(
  path: string,
  tensors: TensorToWrite[],
  metadata: Record<string, string> = { format: 'pt' }, // transformers refuses a file without it
): Promise<void> {
  const temporary = temporaryNeighbour(path);
  try {
    const file = await open(temporary, 'wx');
    try {
      await writeBytes(file, formatHeader(tensors, metadata));
      for (const tensor of tensors) {
        let values = 0;
        for await (const piece of piecesOf(tensor)) {
          const written = values;
          const holder = { ...tensor, subject: 'The weights are not saved', hint: diverged };
          refuseNonFinite(piece, holder, at => written + at);
          await writeBytes(file, bytesOfValues(piece));
          values += piece.length;
        }
        if (values !== elementsOf(tensor.shape)) {
          throw new Error(`${tensor.name} [${tensor.shape.join(', ')}] was given ${values} values`);
        }
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw codeOf(error) === undefined ? error : cannotWrite(path, error);
  }
}

/** Weights that panx writes and did not read as such come from its training. */
const diverged =
  'Training has diverged: use a lower learning rate (--learning-rate) or a warm-up (--set training.warmupSteps=100).';

/** A tensor's data, one piece after the other. */
export async function* piecesOf(tensor: TensorToWrite): AsyncGenerator<Float32Array> {
  const data = tensor.data();
  if (data instanceof Float32Array) yield data;
  else yield* data;
}

/** What a safetensors file says of its tensors, checked whole. @throws PanxError naming what is wrong with it */
export async function readSafetensorsHeader(file: OpenFile, size: number): Promise<Omit<OpenFile, 'path' | 'handle'>> {
  const start = Buffer.alloc(Math.min(telling, size));
  await readBytes(file, start, 0);
  const json = Buffer.alloc(headerLength(file.path, start, size));
  await readBytes(file, json, 8);
  return { entries: parseHeader(file.path, json, size), notTensors: [], sealed: [] };
}
