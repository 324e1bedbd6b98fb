import { join } from 'node:path';
import { type RunDirectory, runDirectory } from './directory.js';
import { markName } from './layouts.js';

/** The paths inside a store. No other file of panx names them. Keys are SHA-256 in hexadecimal. */
export interface StoreDirectory {
  root: string;
  mark: string;
  /** The run directory of a stage that was trained for a study. */
  stage(key: string): RunDirectory;
  /** Where the same stage is trained once more: for weights that were let go, or for scores after each epoch that it lacks. */
  again(key: string): RunDirectory;
  /** Says in which folder outside of the store a run of panx train or panx sweep is that stage. */
  registration(key: string): string;
  scoring(key: string): ScoringDirectory;
  /** Why a stage failed. */
  failure(key: string): string;
  /** What a process of its own is to do for a stage: studies that share it may ask for different things. */
  request(key: string, sha256: string): string;
  /** Says where the folder of a study lies that uses this store. */
  study(name: string): string;
  studies: string;
  /** Held by the process that scores a stage, or that lets weights go. */
  lock(name: string): string;
  /** A folder that was set aside because it is not any more what its run left. */
  setAside(key: string, number: number): string;
}

export function storeDirectory(root: string): StoreDirectory {
  return {
    root,
    mark: join(root, markName),
    stage: key => runDirectory(join(root, key)),
    again: key => runDirectory(join(root, 'again', key)),
    registration: key => join(root, `${key}.json`),
    scoring: key => scoringDirectory(join(root, key)),
    failure: key => join(root, 'failures', `${key}.json`),
    request: (key, sha256) => join(root, 'requests', `${key}-${sha256}.json`),
    study: name => join(root, 'studies', `${name}.json`),
    studies: join(root, 'studies'),
    lock: name => join(root, 'locks', `${name}.lock`),
    setAside: (key, number) => join(root, 'set-aside', `${key}-${number}`),
  };
}

/** The paths of one scoring of a stage. */
export interface ScoringDirectory {
  root: string;
  mark: string;
  /** What was scored, and the scores. */
  scores: string;
  /** A line for each row: see evaluation/predictions.ts. */
  predictions: string;
  /** Versions, device, when, and how long it took. */
  environment: string;
  /** SHA-256 of the scores and the predictions. */
  checksums: string;
}

export function scoringDirectory(root: string): ScoringDirectory {
  return {
    root,
    mark: join(root, markName),
    scores: join(root, 'scores.json'),
    predictions: join(root, 'predictions.jsonl.gz'),
    environment: join(root, 'environment.json'),
    checksums: join(root, 'checksums.json'),
  };
}

/** The paths of a study's own folder. */
export interface StudyDirectory {
  root: string;
  mark: string;
  /** The resolved study; given to panx run, it is the same study. */
  config: string;
  /** The names of its stages, their keys and those of their scorings. */
  stages: string;
  /** Of TensorBoard's event files; a folder for each stage. */
  tensorboard: string;
  lock: string;
}

export function studyDirectory(root: string): StudyDirectory {
  return {
    root,
    mark: join(root, markName),
    config: join(root, 'config.json'),
    stages: join(root, 'stages.json'),
    tensorboard: join(root, 'tensorboard'),
    lock: join(root, 'lock'),
  };
}
