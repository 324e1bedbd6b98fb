import type { Command } from 'commander';

/**
 * Every command with its one-line meaning. The module behind a command (and with it Arrow, tokenizers, TensorFlow.js)
 * is imported only when that command is typed, so `panx --help` answers at once.
 */
export const commands: Record<string, CommandEntry> = {
  train: { summary: 'fine-tune a token classifier on PAN-X', load: () => import('./train.js') },
  sweep: {
    summary: 'run a cross-lingual curriculum and draw its learning curve',
    load: () => import('./sweep.js'),
  },
  run: {
    summary: 'run a study: stages that are trained once, tables and figures',
    load: () => import('./run.js'),
  },
  evaluate: {
    summary: 'score a checkpoint on the splits of one or more languages',
    load: () => import('./evaluate.js'),
  },
  analyze: {
    summary: 'say which errors a model makes, on which entities, and what they cost',
    load: () => import('./analyze.js'),
  },
  report: {
    summary: 'results and errors as one HTML page, or the sentences that a filter leaves',
    load: () => import('./report.js'),
  },
  compare: {
    summary: 'test whether two or more systems differ, language by language',
    load: () => import('./compare.js'),
  },
  verify: {
    summary: 'check a finished run against its checksums; with --rerun, repeat and compare it',
    load: () => import('./verify.js'),
  },
  check: {
    summary: 'check scores against minima, maxima and a baseline, for CI: exit code, JUnit XML, step summary',
    load: () => import('./check.js'),
  },
  status: { summary: 'say how far the stages of a study are', load: () => import('./status.js') },
  tables: {
    summary: 'print the tables of a study, also as Markdown, CSV or LaTeX',
    load: () => import('./tables.js'),
  },
  list: { summary: 'list the studies and the stages of a store', load: () => import('./list.js') },
  rm: {
    summary: 'remove a study; with --unused, what no study in the store needs',
    load: () => import('./rm.js'),
  },
  predict: { summary: 'tag sentences with a checkpoint', load: () => import('./predict.js') },
  data: {
    summary: 'look at a corpus, or convert it: data stats, show, convert',
    load: () => import('./data.js'),
  },
  tokenizers: {
    summary: 'compare tokenizers: subwords per word of a corpus, or of a sentence',
    load: () => import('./tokenizers.js'),
  },
  fetch: {
    summary: 'bring a model and data from the Hugging Face hub ahead of time',
    load: () => import('./fetch.js'),
  },
  init: { summary: 'write a randomly initialised checkpoint', load: () => import('./init.js') },
  encoders: { summary: 'list the encoders that can be fine-tuned', load: () => import('./encoders.js') },
  config: { summary: 'show every setting, its default and its range', load: () => import('./config.js') },
  stage: {
    summary: 'work on one stage of a study (what panx run --jobs begins)',
    load: () => import('./stage.js'),
  },
  completion: {
    summary: 'print what makes a shell complete panx',
    load: () => import('./completion.js'),
  },
  setup: { summary: 'provision the TensorFlow engine', load: () => import('./setup.js') },
  doctor: {
    summary: 'print what panx found on this machine, and what is wrong with it',
    load: () => import('./doctor.js'),
  },
};

export interface CommandEntry {
  summary: string;
  load: () => Promise<{ define(command: Command): void }>;
}

/** The command that `panx --help` does not list: another command begins it. */
export function isHidden(name: string): boolean {
  return name === 'stage';
}
