import { arrow } from '../arrow.js';
import { withParquetDecoder } from './parquet-decoder.js';
import { footerBytes } from './parquet-footer.js';

/**
 * What Hugging Face's library says of the columns. It may stand in Arrow's schema alone; where that has types that are not known here, in the
 * footer. What else is wrong with the file shows when it is decoded.
 */
export async function descriptionIn(bytes: Buffer): Promise<string | undefined> {
  const footer = footerAlone(bytes);
  if (footer === undefined) return undefined;
  const inSchema = async () =>
    await withParquetDecoder(footer.length, ({ readSchema }) =>
      arrow.tableFromIPC(readSchema(footer).intoIPCStream()).schema.metadata.get('huggingface'),
    ).catch(() => undefined);
  const found = await inSchema();
  if (found !== undefined) return found;
  hideArrowSchema(footer);
  return await inSchema();
}

/**
 * Rename Arrow's own schema in the footer, so that nobody finds it. What it says beyond the types of parquet is not needed: large lists, views, list
 * views and dictionaries are all stored as the same lists of strings or integers, and the decoder does not know them all.
 */
export function hideArrowSchema(bytes: Buffer): void {
  const start = footerStart(bytes);
  const at = start === undefined ? -1 : bytes.indexOf(arrowKey, start);
  if (at >= 0) bytes.write('arrow', at + 1, 'latin1');
}

/** The key under which it stands, with its length before it. */
const arrowKey = Buffer.from('\x0cARROW:schema', 'latin1');

/** A parquet file of nothing but the footer of this one. */
function footerAlone(bytes: Buffer): Buffer | undefined {
  const start = footerStart(bytes);
  return start === undefined ? undefined : Buffer.concat([Buffer.from('PAR1'), bytes.subarray(start)]);
}

/** Undefined where there is none: the file is damaged, and the decoder says how. */
function footerStart(bytes: Buffer): number | undefined {
  try {
    return Math.max(0, bytes.length - 8 - footerBytes(bytes));
  } catch {
    return undefined;
  }
}
