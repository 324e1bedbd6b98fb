import { listed } from '../../errors.js';
import type { RemovedStudy } from '../../experiment/remove-study.js';
import type { Removal, Unused, UnusedEntry } from '../../experiment/unused.js';
import { renderTerminal } from '../../reporting/render/terminal.js';
import { column, plainTable } from '../../reporting/table.js';
import { formatBytes } from '../../system/console.js';
import { visible } from '../../system/visible.js';
import { shortPath } from '../short-path.js';

/** What became of a study that was to be removed. */
export function studyText(folder: string, { wasThere, left, wasNoted, stages }: RemovedStudy): string {
  const lines = [
    wasThere
      ? `The study in ${folder} is removed${wasNoted ? '.' : '; no store noted it.'}`
      : `${folder} is not there; the store does not note it any more.`,
  ];
  if (left.length > 0) lines.push(`Left in the folder, since panx did not make it: ${listed(left)}.`);
  if (stages !== null) {
    const { count, unshared } = stages;
    lines.push(
      `Of its ${count} stages, the store has ${unshared} that no other study uses` +
        (unshared === 0 ? '.' : '; panx rm --unused removes what no study needs.'),
    );
  }
  return `${lines.map(visible).join('\n')}\n`;
}

/** What no study needs, with its sizes, and what is left alone. */
export function unusedText(path: string, { entries, left }: Unused): string {
  const lines =
    entries.length === 0
      ? [`The store ${visible(path)} holds nothing that no study needs.`]
      : [
          `No study in the store ${visible(path)} needs:`,
          entriesText(entries),
          `${formatBytes(bytesOf(entries))} in all.`,
        ];
  return `${[...lines, ...leftLines(left)].join('\n')}\n`;
}

function entriesText(entries: readonly UnusedEntry[]): string {
  const columns = [column('what'), column('size', 'bytes'), column('where')];
  const rows = entries.map(({ kind, bytes, path }) => [kind, bytes, shortPath(path)]);
  return renderTerminal(plainTable(columns, rows), { width: Number.POSITIVE_INFINITY }).trimEnd();
}

/** What was freed, and what could not be removed. */
export function removalText({ removed, left }: Removal): string {
  const count = removed.length === 1 ? '1 thing is' : `${removed.length} things are`;
  return `${[`${count} removed, ${formatBytes(bytesOf(removed))} freed.`, ...leftLines(left)].join('\n')}\n`;
}

function leftLines(left: Unused['left']): string[] {
  return left.map(({ path, why }) => visible(`Left alone: ${shortPath(path)} ${why}${/\.$/.test(why) ? '' : '.'}`));
}

function bytesOf(entries: readonly UnusedEntry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0);
}
