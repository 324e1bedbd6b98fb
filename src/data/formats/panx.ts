/**
 * PAN-X as google/xtreme lays it out: a folder `PAN-X.<lang>` for each language, with parquet files `<split>-00000-of-00001.parquet` whose
 * columns are tokens and ner_tags.
 */

const prefix = 'PAN-X.';

/** The folder of a language. */
export function folderOf(lang: string): string {
  return `${prefix}${lang}`;
}

/** The language whose folder has that name; null where it is none. */
export function langOf(folder: string): string | null {
  return folder.startsWith(prefix) ? folder.slice(prefix.length) : null;
}

/** Whether a file of a language's folder is one of a split. */
export function isOfSplit(name: string, split: string): boolean {
  return name.startsWith(`${split}-`) && name.endsWith('.parquet');
}

/** The tags in the order of their ids, where a file does not name them: IOB2 over persons, organisations and places. */
export const panxLabels: readonly string[] = ['O', 'B-PER', 'I-PER', 'B-ORG', 'I-ORG', 'B-LOC', 'I-LOC'];
