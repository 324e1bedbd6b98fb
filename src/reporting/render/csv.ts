import { stringify } from 'csv-stringify/sync';
import { visible } from '../../system/visible.js';
import { type Cell, isInterval, isSummary, type Table } from '../table.js';

/**
 * A table as CSV (RFC 4180, with LF): the keys of its columns, then a line for each row, with every digit. What is missing is empty. A column
 * with summaries is three, `f1`, `f1_sd` and `f1_n`, one with intervals too: `f1`, `f1_low`, `f1_high`. Title, facts and notes are left out; the
 * signature stands in each line, so that several files can be put together.
 *
 * A spreadsheet takes a cell that begins with = + - @ (or their wide forms) for a formula and runs it. Where such a text comes from data, an
 * apostrophe is put before it, which spreadsheets take for "this is text". Numbers stay numbers. Line ends and control characters, among them a
 * tab before a formula, are shown as `visible` shows them.
 * Source: OWASP, "CSV Injection".
 */
export function renderCsv({ columns, rows, signature }: Table): string {
  const parts = columns.flatMap(({ key }, i): Part[] => {
    const cells = rows.map(row => row[i]!);
    return [
      { key, of: row => mainValue(row[i]!) },
      ...(cells.some(isSummary)
        ? [
            { key: `${key}_sd`, of: (row: Row) => (isSummary(row[i]!) ? row[i].sd : null) },
            { key: `${key}_n`, of: (row: Row) => (isSummary(row[i]!) ? row[i].n : null) },
          ]
        : []),
      ...(cells.some(isInterval)
        ? [
            { key: `${key}_low`, of: (row: Row) => (isInterval(row[i]!) ? row[i].low : null) },
            { key: `${key}_high`, of: (row: Row) => (isInterval(row[i]!) ? row[i].high : null) },
          ]
        : []),
    ];
  });
  if (signature !== undefined) parts.push({ key: 'signature', of: () => signature });
  return stringify([parts.map(({ key }) => key), ...rows.map(row => parts.map(({ of }) => of(row)))], {
    cast: { string: asText },
  });
}

type Row = readonly Cell[];

interface Part {
  key: string;
  of(row: Row): string | number | null;
}

function mainValue(cell: Cell): string | number | null {
  if (isSummary(cell)) return cell.mean;
  return isInterval(cell) ? cell.value : cell;
}

function asText(cell: string): string {
  const shown = visible(cell);
  return /^[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(shown) ? `'${shown}` : shown;
}
