import { type FileHandle, open, stat } from 'node:fs/promises';

/**
 * The bytes of a file that should be small. What a path leads to may be anything, so no more than `most` bytes are read of it (/dev/zero has no
 * end), and a pipe with a name, which may never be written to, is not waited for. Pipes of the shell, `<(...)` and /dev/stdin, are read.
 *
 * @throws Error with the reason as its message, to stand behind "cannot be read:", or with the system's code
 */
export async function readBounded(path: string, most: number): Promise<Buffer> {
  const found = await stat(path);
  if (found.isFIFO() && !/^\/(dev|proc)\//.test(path)) throw new Error('it is a pipe, not a file');
  if (found.isFile() && found.size > most) throw tooLarge(most);
  const file = await open(path, 'r');
  try {
    const bytes = await readUpTo(file, most + 1, found.isFile() ? found.size + 1 : 0);
    if (bytes.length > most) throw tooLarge(most);
    return bytes;
  } finally {
    await file.close();
  }
}

/** Made only when it is thrown: the first number that is formatted takes 12 ms. */
function tooLarge(most: number): Error {
  return new Error(`it is larger than ${most.toLocaleString('en-US')} bytes`);
}

/** @param likely how many there are, as far as that is known */
async function readUpTo(file: FileHandle, most: number, likely: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let left = most; left > 0; ) {
    const room = Math.min(left, Math.max(chunks.length === 0 ? likely : 0, 1 << 16));
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(room), 0, null, null);
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    left -= bytesRead;
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}
