import { stringify } from 'csv-stringify/sync';

/**
 * Records as CSV, with their keys as its first line.
 *
 * A spreadsheet takes a cell that begins with = + - @ (or their wide forms, a tab or a line end before them) for a formula and runs it. Where such
 * a text comes from data, an apostrophe is put before it, which spreadsheets take for "this is text". Numbers stay numbers.
 * Source: OWASP, "CSV Injection".
 */
export function csvText(records: readonly Record<string, string | number | null>[]): string {
  return stringify([...records], { header: true, cast: { string: asText } });
}

function asText(cell: string): string {
  return /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(cell) ? `'${cell}` : cell;
}
