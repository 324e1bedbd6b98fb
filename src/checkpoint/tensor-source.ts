import { type FileHandle, open, stat } from 'node:fs/promises';
import { codeOf, PanxError } from '../errors.js';
import { reasonOf } from '../system/files.js';
import { refuseEmpty, refuseStandIn, telling } from '../system/stand-in.js';
import { readBytes } from './file-bytes.js';
import { takeTheWhole } from './quantised.js';
import type { Dtype, HeaderEntry } from './safetensors-header.js';
import { readRows, readTensor } from './tensor-io.js';

/** What a file says about a tensor. Only F32, F16, BF16 and F64 can be read; others may lie in the file unread. */
export interface TensorInfo {
  name: string;
  dtype: Dtype;
  shape: number[];
}

/** The tensors of a checkpoint, read from its files one by one on demand. */
export interface TensorSource {
  tensors: Map<string, TensorInfo>;
  /** Names of what the files hold beside tensors: only torch files do. */
  notTensors: readonly string[];
  /** All values of a tensor, row-major, as float32. */
  read(name: string): Promise<Float32Array>;
  /** The rows (slices along the first axis) asked for, in the order asked for, as float32; into an array of their size, where one is given. */
  readRows(name: string, rows: Int32Array, into?: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/** A weight file that is open, with what it says of its tensors. */
export interface OpenFile {
  path: string;
  handle: FileHandle;
  /** In the order of the data. */
  entries: HeaderEntry[];
  notTensors: string[];
  /** Parts whose checksums the file has: a zip archive has that of each storage. */
  sealed: SealedPart[];
}

export interface SealedPart {
  name: string;
  begin: number;
  bytes: number;
  crc32: number;
}

/** Where a tensor's bytes lie. */
export interface Place {
  file: OpenFile;
  entry: HeaderEntry;
}

/**
 * Open a file into `files`, so that the caller can close it whatever happens here.
 *
 * @param describe reads what it says of its tensors
 * @throws PanxError where it cannot be read, or as `describe` does
 */
export async function openFile(
  path: string,
  files: OpenFile[],
  describe: (file: OpenFile, size: number) => Promise<Omit<OpenFile, 'path' | 'handle'>>,
): Promise<OpenFile> {
  try {
    // A pipe would not even be opened before someone writes to it.
    if (!(await stat(path)).isFile()) throw new PanxError(`${path} cannot be read: it is no file.`);
    const file: OpenFile = { path, handle: await open(path, 'r'), entries: [], notTensors: [], sealed: [] };
    files.push(file);
    const { size } = await file.handle.stat();
    const start = Buffer.alloc(Math.min(size, telling));
    await readBytes(file, start, 0);
    refuseEmpty(path, start);
    refuseStandIn(path, start);
    return Object.assign(file, await describe(file, size));
  } catch (error) {
    throw codeOf(error) === undefined ? error : new PanxError(`${path} cannot be read: ${reasonOf(error)}.`);
  }
}

/** @param places of the tensors, under the names that they are asked for by */
export function tensorSource(places: ReadonlyMap<string, Place>, files: OpenFile[]): TensorSource {
  const place = (name: string): Place => {
    const found = places.get(name);
    if (found === undefined) throw new PanxError(`${files.map(file => file.path).join(', ')} holds no tensor ${name}.`);
    const { dtype } = found.entry;
    if (isRead(dtype)) return found;
    throw notRead(`${found.file.path} holds ${name} as ${dtype}`);
  };
  return {
    tensors: new Map([...places].map(([name, { entry }]) => [name, { name, dtype: entry.dtype, shape: entry.shape }])),
    notTensors: files.flatMap(file => file.notTensors),
    read: async name => {
      const { file, entry } = place(name);
      return await readTensor(file, entry);
    },
    readRows: async (name, rows, into) => {
      const { file, entry } = place(name);
      return await readRows(file, entry, rows, into);
    },
    close: () => closeAll(files),
  };
}

/** Whether values of this type are read. */
export function isRead(dtype: Dtype): boolean {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16' || dtype === 'F64';
}

/** The error for values of another type. @param found the begin of its sentence */
export function notRead(found: string): PanxError {
  return new PanxError(`${found}; panx reads F32, F16, BF16 and F64.`, { hint: takeTheWhole });
}

export async function closeAll(files: OpenFile[]): Promise<void> {
  for (const file of files.splice(0)) await file.handle.close();
}
