import { PanxError } from '../errors.js';
import { readBounded, utf8Text } from './bounded-file.js';
import { reasonOf } from './files.js';
import { parseJson } from './json.js';

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
  const text = utf8Text(bytes);
  if (text === undefined) throw new PanxError(`${path} is not valid JSON: it is not text in UTF-8.`);
  return parseJson(text, path);
}
