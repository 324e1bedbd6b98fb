import { type ExportFormat, exported } from '../export-formats.js';
import type { Listed, PageData } from '../page-data.js';
import { element } from './elements.js';

/** Save sentences as a file, a line each. */
export function save(format: ExportFormat, sentences: readonly Listed[], { name, sets }: PageData): void {
  const lines = sentences.map(({ set, sentence }) => `${JSON.stringify(exported(format, sentence, sets[set]!))}\n`);
  const link = element('a', '');
  link.href = URL.createObjectURL(new Blob(lines, { type: 'application/x-ndjson' }));
  link.download = `${name}-${format === 'prodigy' ? 'prodigy' : 'sentences'}.jsonl`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
