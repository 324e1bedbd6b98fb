import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { PanxError } from '../errors.js';

/** A file that is read at offsets; the path is for messages. */
export interface ReadableFile {
  path: string;
  handle: FileHandle;
}

/** Node.js refuses single reads and writes of 2 GB and more. */
export const longestTransfer = 1 << 30;

/** Fill `into` from the file at `position`. @throws PanxError where the file ends before. */
export async function readBytes(file: ReadableFile, into: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const length = Math.min(longestTransfer, into.length - done);
    const { bytesRead } = await file.handle.read(into, done, length, position + done);
    if (bytesRead === 0) throw endedEarly(file, position + done);
    done += bytesRead;
  }
}

/** The same without waiting: see `readRows`. */
export function readBytesNow(file: ReadableFile, into: Uint8Array, position: number): void {
  for (let done = 0; done < into.length; ) {
    const length = Math.min(longestTransfer, into.length - done);
    const bytesRead = readSync(file.handle.fd, into, done, length, position + done);
    if (bytesRead === 0) throw endedEarly(file, position + done);
    done += bytesRead;
  }
}

function endedEarly(file: ReadableFile, position: number): PanxError {
  return new PanxError(`${file.path} became shorter while it was read: it has no byte ${position} any more.`);
}
