import type { Layout } from '../system/made.js';
import { modelFile, tokenizerFiles } from './model-files.js';

/** The file that marks a folder as made by panx: see mark.ts. */
export const markName = 'panx.json';

/** A model's folder as panx writes it. */
export const modelLayout: Layout = {
  files: [markName, modelFile.config, modelFile.weights, ...tokenizerFiles],
  folders: [],
};

/** One training state: see training/state.ts. */
export const stepLayout: Layout = { files: ['model.safetensors', 'state.json'], folders: [] };

/** The folder of training states. */
export const stateLayout: Layout = { files: [], folders: [{ name: /^step-\d+$/, layout: stepLayout }] };

/** TensorBoard looks for files that have "tfevents" in their name. */
export const eventFileName = 'events.out.tfevents.panx';

/** The event file of a run, for TensorBoard. */
export const eventFileLayout: Layout = { files: [eventFileName], folders: [] };

/** The event files of a study or a sweep: a folder for each stage, with its name. */
export const eventFilesLayout: Layout = {
  files: [],
  folders: [{ name: /^(?!\.)[\w.=-]{1,80}$/, layout: eventFileLayout }],
};

export const lockLayout: Layout = { files: ['holder.json'], folders: [] };

export const runLayout: Layout = {
  // Results first: a run that is half removed must not look finished.
  files: [
    ...['metrics.json', 'checksums.json', 'events.jsonl', 'times.jsonl', 'trace.json', 'environment.json'],
    ...['identity.json', 'config.json', 'report.html', markName],
  ],
  folders: [
    { name: 'state', layout: stateLayout },
    { name: 'checkpoint', layout: modelLayout },
    { name: 'tensorboard', layout: eventFileLayout },
    { name: 'lock', layout: lockLayout },
  ],
};

/** A sweep's folder, less its stages, which are run directories. */
export const sweepLayout: Layout = {
  files: [
    ...['sweep.json', 'sweep.csv', 'sweep.md', 'sweep-scores.csv', 'sweep-times.csv'],
    ...['learning-curve.svg', 'learning-curve.png', 'training-curves.svg', 'training-curves.png'],
    ...['report.html', 'config.json', markName],
  ],
  folders: [
    { name: 'tensorboard', layout: eventFilesLayout },
    { name: 'lock', layout: lockLayout },
    // Steps that --dry-run measures.
    { name: 'timing', layout: runLayout },
  ],
};

/** A scoring of a stage, in the store. Checksums first: one that is half removed must not look done. */
export const scoringLayout: Layout = {
  files: ['checksums.json', 'scores.json', 'predictions.jsonl.gz', 'environment.json', markName],
  folders: [],
};

/** A study's folder: its stages lie in the store. */
export const studyLayout: Layout = {
  files: [
    ...['stages.json', 'table.json', 'table.csv', 'table.md', 'scores.csv', 'times.csv'],
    ...['learning-curve.svg', 'learning-curve.png', 'training-curves.svg', 'training-curves.png'],
    ...['report.html', 'config.json', markName],
  ],
  folders: [
    { name: 'tensorboard', layout: eventFilesLayout },
    { name: 'lock', layout: lockLayout },
  ],
};

/** A store, less its stages and scorings, which are found by their keys. */
export const storeLayout: Layout = { files: [markName], folders: [] };

/**
 * A corpus that `panx data convert` wrote: a folder for each language, with files of its splits.
 *
 * @param langFolders their names
 * @param files names in them
 */
export function corpusLayout(langFolders: readonly string[], files: readonly string[]): Layout {
  return { files: [markName], folders: langFolders.map(name => ({ name, layout: { files, folders: [] } })) };
}
