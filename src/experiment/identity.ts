import { settingIn } from '../config/describe.js';
import { type Config, type Key, schema, settings } from '../config/schema.js';
import type { NamedRows } from '../data/row-sets.js';
import type { Engine } from '../engine/engine.js';
import { type EngineKind, engineKind, numericsRevision } from '../engine/numerics.js';
import type { Precision } from '../engine/precision.js';
import {
  anything,
  arrayOf,
  integer,
  object,
  oneOf,
  record,
  type Shape,
  sha256Text,
  text,
} from '../system/checked-json.js';
import { type Checksums, checksumsShape, sha256 } from '../system/checksums.js';
import { canonicalJson, isObject } from '../system/json.js';
import { namedRowsOf, type SplitContents, splitsOf } from './inputs.js';
import { listeningOf } from './listening.js';
import type { Stage, StageSegments } from './protocols/stage.js';

/** The contents that an experiment works on, and what computes. */
export interface Contents {
  /** Files of the checkpoint that it starts from, by name: see `checkpointFiles`. */
  checkpoint: Checksums;
  /** The same of each model of a study of several, by the names that the settings have for them. */
  checkpoints?: ReadonlyMap<string, Checksums>;
  /** Every split that is trained on or scored. */
  contentOf: (lang: string, split: string) => SplitContents;
  /** Of a study whose rows are split. */
  segments?: StageSegments;
  arithmetic: Arithmetic;
}

/** What two computations must have in common for their bytes to be comparable at all. */
export interface Arithmetic {
  kind: EngineKind;
  precision: Precision;
  /** Raised whenever the kind computes other bytes: see engine/numerics.ts. */
  revision: number;
}

/** The arithmetic of an engine in a precision. */
export function arithmeticOf(engine: Engine & { precision: Precision }): Arithmetic {
  const kind = engineKind(engine);
  return { kind, precision: engine.precision, revision: numericsRevision[kind] };
}

export const arithmeticShape: Shape<Arithmetic> = object({
  kind: oneOf('tensorflow-fused', 'tensorflow-plain', 'wasm'),
  precision: oneOf('fp32', 'bf16'),
  revision: integer({ min: 1 }),
});

/** All that determines what a run computes; written as identity.json beside its results. */
export interface StageIdentity {
  id: string;
  /** The key of the training: see `keyOf`. Stages of one key have the same weights. */
  key: string;
  /** SHA-256 over the names and contents of a checkpoint's files; or the stage whose checkpoint it is. */
  start: StartIdentity;
  /** The rows that are trained on, one set after the other, and those that are scored after each epoch and at the end. */
  rows: { training: NamedRows[]; validation: NamedRows[]; test: NamedRows[] };
  /** The tag names, in the order of their ids. */
  labels: readonly string[];
  arithmetic: Arithmetic;
  /** The settings that the run was asked for with; less those that no result depends on. */
  settings: Partial<Record<Key, unknown>>;
  /** The data files that were read: see `filesInside`. */
  data: Checksums;
}

export type StartIdentity = { checkpoint: string } | { stage: string; key: string };

/** What panx 0.2 and older wrote: no rows, and a key over the files of all data and the settings of scoring too. */
export type OldIdentity = Pick<StageIdentity, 'id' | 'key' | 'settings' | 'data' | 'start'>;

/** A name that becomes a folder's. */
const stageId = text({ pattern: /^(?!\.)[\w.=-]{1,80}$/, expected: 'the name of a stage' });

const baseStart = object({ checkpoint: sha256Text });
const stageStart = object({ stage: stageId, key: sha256Text });
const startShape: Shape<StartIdentity> = value =>
  isObject(value) && 'stage' in value ? stageStart(value) : baseStart(value);
const namedRows = arrayOf(object({ name: text(), sha256: sha256Text }));

/** Settings are looked at where they are compared: another version of panx has others. */
const oldShape: Shape<OldIdentity> = object({
  id: stageId,
  key: sha256Text,
  settings: record(anything),
  data: checksumsShape,
  start: startShape,
});

const currentShape: Shape<StageIdentity> = object({
  id: stageId,
  key: sha256Text,
  start: startShape,
  rows: object({ training: namedRows, validation: namedRows, test: namedRows }),
  labels: arrayOf(text()),
  arithmetic: arithmeticShape,
  settings: record(anything),
  data: checksumsShape,
});

export const identityShape: Shape<StageIdentity | OldIdentity> = value =>
  isObject(value) && 'rows' in value ? currentShape(value) : oldShape(value);

/** Settings that a run may lack: panx 0.2 had none of them, and 0.3 not all from its beginning. */
export const addedSince: readonly Key[] = [
  ...([
    'corpora',
    'log',
    'training.schedule',
    'training.warmupRatio',
    'training.freeze',
    'evaluation.atEnd',
    'study.train',
    'study.score',
    'study.seeds',
    'study.dataSeeds',
    'study.grid',
    'study.metrics.mode',
    'study.metrics.average',
    'study.keep',
    'study.exclude',
  ] as const),
];

/**
 * Settings that identities and keys leave out where they stand at their default: what was trained before there was such a setting keeps its key.
 */
export const absentAtDefault: ReadonlySet<Key> = new Set<Key>([
  'tokenization.lowerCase',
  'tokenization.longRows',
  'training.sizes',
  'training.fractions',
  'training.dataSeed',
  'training.temperature',
  'training.resplit',
  'training.lengthBins',
  'training.beyondBins',
  'training.plateauPatience',
  'training.plateauFactor',
  'training.monitor',
  'training.monitorLangs',
  'training.patience',
  'training.select',
  'training.newHead',
]);

/** Whether an identity says what panx needs of it today. */
export function isCurrent(identity: StageIdentity | OldIdentity): identity is StageIdentity {
  return 'rows' in identity;
}

/** The identity of every stage of a curriculum. */
export function identitiesOf(stages: readonly Stage[], contents: Contents): Map<string, StageIdentity> {
  const identities = new Map<string, StageIdentity>();
  for (const { id, config, startStage } of stages) {
    const before = startStage === null ? undefined : identities.get(startStage)!;
    const start = before === undefined ? startOf(config, contents) : { stage: before.id, key: before.key };
    identities.set(id, identify(id, config, contents, start));
  }
  return identities;
}

/** The id of a training by itself. */
export const trainId = 'train';

/** The identity of a training that starts from a checkpoint and not from another stage. */
export function identityOf(id: string, config: Config, contents: Contents): StageIdentity {
  return identify(id, config, contents, startOf(config, contents));
}

function identify(id: string, config: Config, contents: Contents, start: StartIdentity): StageIdentity {
  const { contentOf, arithmetic } = contents;
  const ingredients = {
    start,
    rows: namedRowsOf(config, contentOf),
    labels: contentOf(config.training.langs[0]!, 'train').index.labelNames,
    arithmetic,
    settings: settingsThatCount(config),
  };
  const files = splitsOf(config).map(([lang, split]) => contentOf(lang, split).files);
  return { id, key: keyOf(ingredients), ...ingredients, data: Object.assign({}, ...files) };
}

/**
 * The key of a training: SHA-256 of what its weights depend on, by content: where it starts, the rows in their order, the settings of
 * tokenizing and training, the seed and the arithmetic. Nothing of scoring, no path and no name is in it; neither are the number of threads
 * nor the level of the CPU's instructions.
 */
export function keyOf({
  start,
  rows,
  labels,
  arithmetic,
  settings,
}: Pick<StageIdentity, 'start' | 'rows' | 'labels' | 'arithmetic' | 'settings'>): string {
  const ofTraining = Object.entries(settings).filter(([key]) => isOfTraining(key as Key));
  const monitor = whatItListensTo({ rows, settings });
  return sha256(
    canonicalJson({
      ...(monitor === null ? {} : { monitor }),
      start: 'stage' in start ? { key: start.key } : start,
      rows: rows.training.map(set => set.sha256),
      mixed: mixedAs(rows.training.length, settings['training.temperature']),
      labels,
      arithmetic,
      settings: Object.fromEntries(ofTraining),
    }),
  );
}

/** How the languages of a training share its epochs; of one language there is nothing to mix. */
function mixedAs(languages: number, temperature: unknown): unknown {
  return languages === 1 || temperature === undefined || temperature === null ? 'one after the other' : { temperature };
}

/** What a training listens to, and how; null where no score matters to its weights. */
function whatItListensTo({ rows, settings }: Pick<StageIdentity, 'rows' | 'settings'>): unknown {
  const training = Object.fromEntries(
    Object.keys(schema.training).map(name => [name, valueIn(settings, `training.${name}` as Key)]),
  ) as Config['training'];
  const listening = listeningOf({ training });
  if (listening === null) return null;
  const heard = rows.validation.filter(({ name }) => listening.splits.some(({ lang }) => name.startsWith(`${lang}/`)));
  const { monitor, patience, schedule, plateauPatience, plateauFactor } = training;
  return {
    rows: heard.map(({ sha256 }) => sha256),
    metric: monitor,
    batchSize: settings['evaluation.batchSize'],
    patience,
    ...(schedule === 'plateau' ? { plateauPatience, plateauFactor } : {}),
  };
}

/** The value of a setting in an identity, which leaves some out at their default. */
export function valueIn(of: StageIdentity['settings'], key: Key): unknown {
  return Object.hasOwn(of, key) || !absentAtDefault.has(key) ? of[key] : settings.get(key)!.default;
}

/** The key of an identity that panx 0.2 or older wrote. */
export function oldKeyOf({ settings, data, start }: OldIdentity): string {
  return sha256(canonicalJson({ settings, data, start }));
}

/** Settings that count where a training listens, and only there: see `whatItListensTo`. */
const ofMonitor: ReadonlySet<Key> = new Set<Key>([
  'training.plateauPatience',
  'training.plateauFactor',
  'training.monitor',
  'training.monitorLangs',
  'training.patience',
]);

/** Whether the weights depend on a setting as such: what it makes of the rows, the rows themselves say. */
export function isOfTraining(key: Key): boolean {
  if (ofRows.has(key) || ofMonitor.has(key)) return false;
  return key === 'seed' || key.startsWith('tokenization.') || key.startsWith('training.');
}

/** Settings that say which rows are trained on, and how these are mixed. */
const ofRows: ReadonlySet<Key> = new Set([
  ...(['training.langs', 'training.size', 'training.sizes', 'training.fractions', 'training.subset'] as const),
  ...(['training.dataSeed', 'training.temperature'] as const),
  ...(['training.resplit', 'training.lengthBins', 'training.beyondBins'] as const),
]);

/** SHA-256 over the names and contents of a checkpoint's files. */
export function startKey(checkpoint: Checksums): string {
  const lines = Object.entries(checkpoint).map(([name, sum]) => `${name} ${sum}`);
  return sha256(lines.sort().join('\n'));
}

function startOf({ model }: Config, { checkpoint, checkpoints }: Contents): StartIdentity {
  return { checkpoint: startKey(checkpoints?.get(model) ?? checkpoint) };
}

/** The settings that a result may depend on: model, data and corpora count by content, the study's own by what they make of a stage. */
export function settingsThatCount(config: Config): Partial<Record<Key, unknown>> {
  const counting = [...settings.keys()].filter(
    key =>
      !['model', 'data', 'corpora', 'log'].includes(key) && !key.startsWith('study.') && !key.startsWith('checkpoint.'),
  );
  return Object.fromEntries(
    counting
      .map(key => [key, settingIn(config, key)] as const)
      .filter(([key, value]) => !absentAtDefault.has(key) || !isDefault(key, value)),
  );
}

function isDefault(key: Key, value: unknown): boolean {
  return canonicalJson(value) === canonicalJson(settings.get(key)!.default);
}
