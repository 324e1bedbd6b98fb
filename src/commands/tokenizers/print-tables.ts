import { renderAs } from '../../reporting/render/render.js';
import type { Table } from '../../reporting/table.js';
import { print } from '../../system/console.js';

/** Print tables one after the other. */
export function printTables(tables: readonly Table[], format: 'table'): void {
  print(tables.map(table => renderAs(format, table, { width: process.stdout.columns })).join('\n'));
}
