import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { PanxError } from '../errors.js';
import { findStudy } from '../experiment/noted-studies.js';
import { removeStudy } from '../experiment/remove-study.js';
import { storePath } from '../experiment/store.js';
import { existingStore, storeToSearch } from '../experiment/store-contents.js';
import { findUnused, removeUnused } from '../experiment/unused.js';
import { print } from '../system/console.js';
import { storeHelp } from './options.js';
import { removalText, studyText, unusedText } from './rm/removal-text.js';

interface RmOptions {
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
    .option('--store <folder>', storeHelp)
    .action(async (study: string | undefined, options: RmOptions) => await remove(study, options));
}

async function remove(typed: string | undefined, options: RmOptions): Promise<void> {
  if (typed === undefined && !options.unused) {
    throw new PanxError('panx rm is told nothing to remove.', {
      hint: 'Give a study, or --unused for what no study needs.',
      exitCode: 2,
    });
  }
  if (typed !== undefined) {
    if (options.unused) refuseWithoutAnswer(options);
    const store = await storeToSearch(options.store);
    const folder = await findStudy(typed, store);
    print(studyText(folder.root, await removeStudy(folder, store)));
  }
  if (options.unused) await clean(storePath(options.store), options);
}

async function clean(path: string, options: RmOptions): Promise<void> {
  const store = await existingStore(path);
  if (store === null) {
    print(`There is no store in ${path} (--store, PANX_STORE): nothing was trained into it yet.\n`);
    return;
  }
  const unused = await findUnused(store);
  print(unusedText(path, unused));
  if (unused.entries.length === 0) return;
  refuseWithoutAnswer(options);
  if (!options.yes && !(await isConfirmed('Remove all of this? [y/N] '))) {
    print('Nothing is removed.\n');
    return;
  }
  const removal = await removeUnused(store, unused.entries);
  print(removalText(removal));
  if (removal.left.length > 0) process.exitCode = 1;
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
