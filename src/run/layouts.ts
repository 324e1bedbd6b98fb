import type { Layout } from '../system/made.js';

/** The file that marks a folder as made by panx: see mark.ts. */
export const markName = 'panx.json';

/** The files in which transformers looks for a tokenizer, and which go along with a model. */
export const tokenizerFiles = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'sentencepiece.bpe.model',
  'vocab.json',
  'merges.txt',
] as const;

/** A model's folder as panx writes it. */
export const modelLayout: Layout = {
  files: [markName, 'config.json', 'model.safetensors', ...tokenizerFiles],
  folders: [],
};

/** One training state: see training/state.ts. */
export const stepLayout: Layout = { files: ['model.safetensors', 'state.json'], folders: [] };

/** The folder of training states. */
export const stateLayout: Layout = { files: [], folders: [{ name: /^step-\d+$/, layout: stepLayout }] };

export const lockLayout: Layout = { files: ['holder.json'], folders: [] };

export const runLayout: Layout = {
  // Results first: a run that is half removed must not look finished.
  files: [
    ...['metrics.json', 'checksums.json', 'events.jsonl', 'times.jsonl', 'trace.json', 'environment.json'],
    ...['identity.json', 'config.json', markName],
  ],
  folders: [
    { name: 'state', layout: stateLayout },
    { name: 'checkpoint', layout: modelLayout },
    { name: 'lock', layout: lockLayout },
  ],
};

/** A sweep's folder, less its stages, which are run directories. */
export const sweepLayout: Layout = {
  files: [
    ...['sweep.json', 'sweep.csv', 'sweep.md', 'sweep-times.csv', 'learning-curve.svg', 'learning-curve.png'],
    ...['config.json', markName],
  ],
  folders: [
    { name: 'lock', layout: lockLayout },
    // Steps that --dry-run measures.
    { name: 'timing', layout: runLayout },
  ],
};
