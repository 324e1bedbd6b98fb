import type { Command } from 'commander';
import { storePath } from '../experiment/store.js';
import { existingStore } from '../experiment/store-contents.js';
import { listStore } from '../experiment/store-listing.js';
import { print } from '../system/console.js';
import { addFormat, type FormatOptions, isJson, printJson } from './format.js';
import { listingText } from './list/listing-text.js';
import { storeHelp } from './options.js';

interface ListOptions extends FormatOptions {
  store?: string;
}

/** panx list: the studies and the stages of a store. */
export function define(command: Command): void {
  addFormat(command.option('--store <folder>', storeHelp)).action(async (options: ListOptions) => await list(options));
}

async function list(options: ListOptions): Promise<void> {
  const json = isJson(options);
  const path = storePath(options.store);
  const store = await existingStore(path);
  const listing = store === null ? { studies: [], stages: [], strangers: [], bytes: 0 } : await listStore(store);
  if (json) printJson('list', { store: path, ...listing });
  else if (store === null)
    print(`There is no store in ${path} (--store, PANX_STORE): nothing was trained into it yet.\n`);
  else print(listingText(path, listing));
}
