import { inline, settingIn } from '../config/describe.js';
import { type Config, type Key, settings } from '../config/schema.js';
import { shown } from '../system/checked-json.js';
import { canonicalJson } from '../system/json.js';
import {
  type Arithmetic,
  absentAtDefault,
  addedSince,
  isCurrent,
  isOfTraining,
  type OldIdentity,
  type StageIdentity,
  settingsThatCount,
  valueIn,
} from './identity.js';
import { listeningOf } from './listening.js';

/** What differs between the stage in a folder and the stage that is to go there, as phrases; [] where nothing does. */
export function differences(there: StageIdentity | OldIdentity, now: StageIdentity): string[] {
  if (!isCurrent(there))
    return [...settingChanges(there.settings, now.settings), ...startChanges(there.start, now.start)];
  return [
    ...settingChanges(withoutEngine(there.settings), withoutEngine(now.settings)),
    ...contentChanges(there, now),
    ...arithmeticChanges(there.arithmetic, now.arithmetic),
    ...startChanges(there.start, now.start),
  ];
}

/**
 * What keeps a begun training from being gone on with as another: [] where the weights would be the same, and the scores after each epoch.
 * What is scored at the end may be something else.
 */
export function differencesInTraining(there: StageIdentity, now: StageIdentity): string[] {
  return there.key === now.key && canonicalJson(monitorOf(there)) === canonicalJson(monitorOf(now))
    ? []
    : differences(there, now);
}

/** Whether a training has the scores after each epoch that are wanted of it; it may have more. */
export function epochScoresFit(there: StageIdentity, wanted: StageIdentity): boolean {
  if (wanted.rows.validation.length === 0) return true;
  if (there.settings['evaluation.batchSize'] !== wanted.settings['evaluation.batchSize']) return false;
  const has = new Set(there.rows.validation.map(set => canonicalJson(set)));
  return wanted.rows.validation.every(set => has.has(canonicalJson(set)));
}

/** Whether what two runs of one training score at the end, and how, is the same. */
export function scoresTheSame(there: StageIdentity, now: StageIdentity): boolean {
  const of = ({ rows, settings }: StageIdentity) => canonicalJson([rows.test, settings['evaluation.batchSize']]);
  return of(there) === of(now);
}

/** How the settings of a configuration differ from those of an identity, as phrases; [] where they do not. */
export function settingDifferences(there: StageIdentity | OldIdentity, config: Config): string[] {
  const now = settingsThatCount(config);
  // What there was no setting for then is by default what it was.
  if (!isCurrent(there)) for (const key of addedSince) delete now[key];
  return settingChanges(there.settings, now);
}

/** The same of a configuration that no engine is chosen for yet: what that computes in does not count. */
export function askedDifferences(there: StageIdentity, config: Config): string[] {
  return settingChanges(withoutEngine(there.settings), withoutEngine(settingsThatCount(config)));
}

/**
 * How the settings of training of a configuration differ from those of an identity that may be another study's, as phrases. What says which
 * rows these are is left out: two studies may name the same rows otherwise.
 */
export function trainingDifferences(there: StageIdentity, config: Config): string[] {
  const now = settingsThatCount(config);
  const listens = listeningOf(config) !== null;
  const counts = (key: Key) =>
    isOfTraining(key) ||
    (listens &&
      ['training.monitor', 'training.patience', 'training.plateauPatience', 'training.plateauFactor'].includes(key)) ||
    (config.training.langs.length > 1 && key === 'training.temperature');
  const of = (all: StageIdentity['settings']) =>
    Object.fromEntries(Object.entries(all).filter(([key]) => counts(key as Key)));
  return settingChanges(of(there.settings), of(now));
}

/** How one configuration differs from another, in every setting, as phrases. */
export function configDifferences(there: Config, now: Config): string[] {
  const all = (config: Config) => Object.fromEntries([...settings.keys()].map(key => [key, settingIn(config, key)]));
  return settingChanges(all(there), all(now));
}

/** What the scores after each epoch depend on, beside the weights. */
function monitorOf({ rows: { validation }, settings }: StageIdentity): unknown {
  return validation.length === 0 ? [] : [validation, settings['evaluation.batchSize']];
}

function settingChanges(there: StageIdentity['settings'], now: StageIdentity['settings']): string[] {
  return (unionOfKeys(there, now) as Key[])
    .filter(key => canonicalJson(valueIn(there, key)) !== canonicalJson(valueIn(now, key)))
    .map(key => settingChange(key, there, now));
}

/** Settings come and go with the versions of panx. */
function settingChange(key: Key, there: StageIdentity['settings'], now: StageIdentity['settings']): string {
  if (absentAtDefault.has(key))
    return `${key} was ${shown(valueIn(there, key))} and is ${inline(valueIn(now, key))} now`;
  if (!Object.hasOwn(now, key))
    return `${/^[\w.]{1,80}$/.test(key) ? key : shown(key)} was ${shown(there[key])}, and there is no such setting now`;
  if (!Object.hasOwn(there, key)) return `${key} is ${inline(now[key])} now, and there was no such setting then`;
  const was = settings.get(key)?.accepts(there[key]) ? inline(there[key]) : shown(there[key]);
  return `${key} was ${was} and is ${inline(now[key])} now`;
}

/** What the engine was asked to be does not count, but what it was. */
function withoutEngine({ backend: _, precision: __, ...others }: StageIdentity['settings']): StageIdentity['settings'] {
  return others;
}

function contentChanges(there: StageIdentity, now: StageIdentity): string[] {
  const rows = (['training', 'validation', 'test'] as const).flatMap(which => rowChanges(there, now, which));
  const labels = canonicalJson(there.labels) === canonicalJson(now.labels) ? [] : ['the tags are not the same'];
  return [...new Set(rows), ...labels];
}

/** Rows of one name that are others now; where the names differ, settings do, and say so. */
function rowChanges(there: StageIdentity, now: StageIdentity, which: keyof StageIdentity['rows']): string[] {
  return now.rows[which].flatMap(({ name, sha256 }) => {
    const before = there.rows[which].find(set => set.name === name);
    return before === undefined || before.sha256 === sha256 ? [] : [`the rows of ${name} are not the same`];
  });
}

function arithmeticChanges(there: Arithmetic, now: Arithmetic): string[] {
  const [before, after] = [arithmeticText(there), arithmeticText(now)];
  return before === after ? [] : [`it was computed by ${before} and would be by ${after} now`];
}

/** "tensorflow-fused in bf16"; with its revision where that is not the first. */
function arithmeticText({ kind, precision, revision }: Arithmetic): string {
  return `${kind} in ${precision}${revision === 1 ? '' : ` (numerics revision ${revision})`}`;
}

/** How two starts differ, as phrases. */
export function startChanges(there: StageIdentity['start'], now: StageIdentity['start']): string[] {
  if ('checkpoint' in there && 'checkpoint' in now) {
    return there.checkpoint === now.checkpoint ? [] : ['the model that training starts from is not the same'];
  }
  if ('stage' in there && 'stage' in now && there.stage === now.stage) {
    return there.key === now.key ? [] : [`${now.stage}, which it starts from, is not the same`];
  }
  return [`it started from ${nameOf(there)} and starts from ${nameOf(now)} now`];
}

function nameOf(start: StageIdentity['start']): string {
  return 'stage' in start ? start.stage : 'the base model';
}

function unionOfKeys(a: object, b: object): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}
