import { parseJson } from './json.js';
import { readGiven, refuseEmpty } from './stand-in.js';
import { textOf } from './text.js';

/**
 * Read and parse a JSON file that others wrote and that should be small.
 *
 * @param most bytes of it; no more are read
 * @throws PanxError naming the file where it is empty, not UTF-8, not JSON, or nested too deeply, or as `readGiven` does
 */
export async function readBoundedJson(path: string, most: number): Promise<unknown> {
  const bytes = await readGiven(path, most);
  refuseEmpty(path, bytes);
  return parseJson(textOf(bytes, path), path, 'Correct it, or copy or download the file again.');
}
