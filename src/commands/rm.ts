import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { PanxError } from '../errors.js';
import { findStudy } from '../experiment/noted-studies.js';
import { type RemovedStudy, removeStudy } from '../experiment/remove-study.js';
import { storePath } from '../experiment/store.js';
import { existingStore, type Stranger, storeToSearch } from '../experiment/store-contents.js';
import { findUnused, removeUnused, type UnusedEntry } from '../experiment/unused.js';
import { noticeLines, print } from '../system/console.js';
import { addFormat, type FormatOptions, isJson, printJson } from './format.js';
import { storeHelp } from './options.js';
import { removalText, studyText, unusedText } from './rm/removal-text.js';

interface RmOptions extends FormatOptions {
  store?: string;
  unused?: boolean;
  yes?: boolean;
}

/** panx rm: remove a study, and what no study needs. */
export function define(command: Command): void {
  command
    .argument('[study]', 'folder of a study, its name, or its YAML file')
    .option('--unused', 'remove everything from the store that no study noted there needs, after a question')
    .option('--yes', 'remove it without the question')
    .option('--store <folder>', storeHelp);
  addFormat(command).action(async (study: string | undefined, options: RmOptions) => await remove(study, options));
}

async function remove(typed: string | undefined, options: RmOptions): Promise<void> {
  const json = isJson(options);
  if (typed === undefined && !options.unused) {
    throw new PanxError('panx rm is told nothing to remove.', {
      hint: 'Give a study, or --unused for what no study needs.',
      exitCode: 2,
    });
  }
  let study: (RemovedStudy & { folder: string }) | null = null;
  if (typed !== undefined) {
    if (options.unused) refuseWithoutAnswer(options);
    const store = await storeToSearch(options.store);
    const folder = await findStudy(typed, store);
    study = { folder: folder.root, ...(await removeStudy(folder, store)) };
    if (!json) print(studyText(folder.root, study));
  }
  const unused = options.unused ? await clean(storePath(options.store), options, json) : null;
  if (json) printJson('rm', { study, unused });
}

/** What became of the things in a store that no study needs, for programs. */
interface Cleaning {
  store: string;
  /** What was found that no study needs. */
  found: Entry[];
  /** What of that is removed. */
  removed: Entry[];
  /** What is left alone, and why. */
  left: Stranger[];
}

async function clean(path: string, options: RmOptions, json: boolean): Promise<Cleaning> {
  const tell = json ? () => {} : print;
  const store = await existingStore(path);
  if (store === null) {
    tell(`There is no store in ${path} (--store, PANX_STORE): nothing was trained into it yet.\n`);
    return { store: path, found: [], removed: [], left: [] };
  }
  const unused = await findUnused(store);
  const kept = { store: path, found: unused.entries.map(entryOf), removed: [], left: unused.left };
  tell(unusedText(path, unused));
  if (unused.entries.length === 0) return kept;
  refuseWithoutAnswer(options);
  // Who is asked sees what for, also where stdout is for a program.
  if (json && !options.yes) noticeLines(unusedText(path, unused));
  if (!options.yes && !(await isConfirmed('Remove all of this? [y/N] '))) {
    tell('Nothing is removed.\n');
    return kept;
  }
  const removal = await removeUnused(store, unused.entries);
  tell(removalText(removal));
  if (removal.left.length > 0) process.exitCode = 1;
  return { ...kept, removed: removal.removed.map(entryOf), left: [...unused.left, ...removal.left] };
}

type Entry = Pick<UnusedEntry, 'kind' | 'key' | 'path' | 'bytes'>;

function entryOf({ kind, key, path, bytes }: UnusedEntry): Entry {
  return { kind, key, path, bytes };
}

function refuseWithoutAnswer({ yes }: RmOptions): void {
  if (yes || process.stdin.isTTY) return;
  throw new PanxError('Nothing is removed from the store: there is no terminal to ask on.', {
    hint: 'Add --yes to remove it without a question.',
    exitCode: 2,
  });
}

/** Whether the answer is yes. Ctrl-C, and the end of what is typed, are no. */
async function isConfirmed(question: string): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  return await new Promise(resolve => {
    prompt.on('SIGINT', () => prompt.close());
    prompt.on('close', () => resolve(false));
    prompt.question(question, answer => {
      resolve(/^\s*y(es)?\s*$/i.test(answer));
      prompt.close();
    });
  });
}
