import { stringify } from 'csv-stringify/sync';
import { visible } from '../system/visible.js';

/**
 * Records as CSV, with their keys as its first line.
 *
 * A spreadsheet takes a cell that begins with = + - @ (or their wide forms) for a formula and runs it. Where such a text comes from data, an
 * apostrophe is put before it, which spreadsheets take for "this is text". Numbers stay numbers. Line ends and control characters, among them a
 * tab before a formula, are shown as `visible` shows them.
 * Source: OWASP, "CSV Injection".
 */
export function csvText(records: readonly Record<string, string | number | null>[]): string {
  return stringify([...records], { header: true, cast: { string: asText } });
}

function asText(cell: string): string {
  const shown = visible(cell);
  return /^[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(shown) ? `'${shown}` : shown;
}
