import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { codeOf } from '../errors.js';

/**
 * The text of a file that should hold a line or two, such as a lock or an access token, whatever lies there: of a larger one the
 * first `most` bytes, undefined where there is none.
 *
 * @throws the system's error where it cannot be read; Error for what is no ordinary file. A pipe is not waited for.
 */
export async function readSmallFile(path: string, most = 1000): Promise<string | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const found = await file.stat();
      if (found.isDirectory()) throw Object.assign(new Error('EISDIR'), { code: 'EISDIR' });
      if (!found.isFile()) throw new Error('it is no ordinary file');
      const bytes = Buffer.alloc(most);
      const { bytesRead } = await file.read(bytes, 0, most, 0);
      return bytes.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
