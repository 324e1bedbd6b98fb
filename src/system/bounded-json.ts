import { PanxError } from '../errors.js';
import { readBounded } from './bounded-file.js';
import { reasonOf } from './files.js';
import { parseJson } from './json.js';
import { textOf } from './text.js';

/**
 * Read and parse a JSON file that others wrote and that should be small.
 *
 * @param most bytes of it; no more are read
 * @throws PanxError naming the file where it is absent, larger, no file, not UTF-8, not JSON, or nested too deeply
 */
export async function readBoundedJson(path: string, most: number): Promise<unknown> {
  const bytes = await readBounded(path, most).catch((error: unknown) => {
    throw new PanxError(`${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  });
  return parseJson(textOf(bytes, path), path);
}
