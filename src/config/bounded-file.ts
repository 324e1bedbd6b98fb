import { type FileHandle, open, stat } from 'node:fs/promises';

/**
 * The bytes of a file that should be small. What a path leads to may be anything, so no more than `most` bytes are read of it (/dev/zero has no
 * end), and a pipe with a name, which may never be written to, is not waited for. Pipes of the shell, `<(...)` and /dev/stdin, are read.
 *
 * @throws Error with the reason as its message, to stand behind "cannot be read:", or with the system's code
 */
export async function readBounded(path: string, most: number): Promise<Buffer> {
  if ((await stat(path)).isFIFO() && !/^\/(dev|proc)\//.test(path)) throw new Error('it is a pipe, not a file');
  const file = await open(path, 'r');
  try {
    const bytes = await readUpTo(file, most + 1);
    if (bytes.length > most) throw new Error(`it is larger than ${most.toLocaleString('en-US')} bytes`);
    return bytes;
  } finally {
    await file.close();
  }
}

async function readUpTo(file: FileHandle, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let left = most; left > 0; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(left, 1 << 16)), 0, null, null);
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    left -= bytesRead;
  }
  return Buffer.concat(chunks);
}

/** The text of bytes, without the mark that some editors put first; undefined where they are not UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
