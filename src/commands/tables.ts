import type { Command } from 'commander';
import { PanxError } from '../errors.js';
import { findStudy } from '../experiment/noted-studies.js';
import { storeToSearch } from '../experiment/store-contents.js';
import { readStudy } from '../experiment/study-folder.js';
import { tableOf } from '../experiment/study-on-disk.js';
import { withOwnStore } from '../experiment/study-store.js';
import { tableRecord } from '../reporting/render/json.js';
import { renderAs, type TableFormat, tableFormats } from '../reporting/render/render.js';
import { type StudyTableName, studyTableNames, tablesOf } from '../reporting/study-tables.js';
import { notice, print, terminalWidth } from '../system/console.js';
import { addFormat, type FormatOptions, formatOf, printJson } from './format.js';
import { everyPart, listOf } from './lists.js';
import { dataHelp, storeHelp } from './options.js';

interface TablesOptions extends FormatOptions<TableFormat> {
  tables?: string;
  store?: string;
  data?: string;
}

/** panx tables: the tables of a study, to read or to put into a paper. */
export function define(command: Command): void {
  command
    .argument('<study>', 'folder of a study, its name, or its YAML file')
    .option('--tables <names>', `which, with commas between: ${studyTableNames.join(', ')} (default: all)`, everyPart)
    .option('--store <folder>', storeHelp)
    .option('--data <folder>', `${dataHelp}; the table data reads it`);
  addFormat(command, tableFormats).action(printTables);
}

async function printTables(typed: string, options: TablesOptions): Promise<void> {
  const format = formatOf(options, 'table');
  const look = { width: terminalWidth(), level: 2 };
  const names = options.tables === undefined ? studyTableNames : listOf('--tables', options.tables).map(toName);
  if (format === 'csv' && names.length > 1) {
    throw new PanxError(`--format csv prints one table, and ${names.length} are asked for; expected one.`, {
      hint: `Choose one with --tables, such as --tables ${names[0]}.`,
      exitCode: 2,
    });
  }
  if (options.data !== undefined && !names.includes('data')) {
    throw new PanxError('--data is given without the table data, which alone reads the data; expected no --data.', {
      hint: 'Leave --data out, or add data to --tables.',
      exitCode: 2,
    });
  }
  const study = await findStudy(typed, await storeToSearch(options.store));
  const record = await withOwnStore(study, await readStudy(study), options.store);
  const tables = await tablesOf(study, await tableOf(study, record), names, options.data, record);
  if (format === 'json') {
    const records = tables.map(({ name, table }) => [name, tableRecord(table)]);
    printJson('tables', { tables: Object.fromEntries(records) });
    return;
  }
  // CSV has no place for notes. What a table lacks is among them.
  if (format === 'csv') for (const text of tables.flatMap(({ table }) => table.notes)) notice(text);
  print(tables.map(({ name, table }) => renderAs(format, table, { ...look, label: name })).join('\n'));
}

function toName(typed: string): StudyTableName {
  const name = studyTableNames.find(one => one === typed);
  if (name !== undefined) return name;
  throw new PanxError(`--tables names "${typed}", which is no table; expected ${studyTableNames.join(', ')}.`, {
    hint: 'Leave --tables out for all of them.',
    exitCode: 2,
  });
}
