import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import { listed, PanxError } from '../errors.js';
import { isDone, type SweepDirectory } from '../run/directory.js';
import { markName, sweepLayout } from '../run/layouts.js';
import { shown } from '../system/checked-json.js';
import { canonicalJson } from '../system/json.js';
import { settingDifferences, startChanges } from './differences.js';
import { differenceFrom } from './file-difference.js';
import { isCurrent, type OldIdentity, type StageIdentity, type StartIdentity, startKey } from './identity.js';
import { checkMark, notByPanx, otherThanFile } from './outputs.js';
import type { Stage } from './protocols/stage.js';
import {
  isConfigAsWritten,
  otherVersion,
  readEnvironment,
  readIdentity,
  readRunConfig,
  readSavedConfig,
  versionOf,
} from './records.js';
import { expectRows } from './results.js';
import { checkpointFiles } from './start-files.js';
import { isStageName, namesIn, stagesOf, tableOf } from './sweep-on-disk.js';
import type { SweepTable } from './table.js';
import { type Check, check } from './verify.js';

/** Draws the tables and figures of a sweep: their contents by the names of their files. */
export type DrawSweep = (table: SweepTable) => Promise<ReadonlyMap<string, string | Uint8Array>>;

/**
 * Look at what a sweep's folder holds beside its stages: whether its settings are those that they were trained with,
 * whether they are all there, and whether its tables and figures are those that their results make. The stages
 * themselves are looked at by `verifyRun`.
 *
 * @param draw what wrote the tables and figures
 */
export async function verifySweep(sweep: SweepDirectory, draw: DrawSweep): Promise<Check[]> {
  return [
    await check('settings', () => lookAtSettings(sweep)),
    await check('stages', () => lookAtStages(sweep)),
    await check('table', () => lookAtTable(sweep, draw)),
  ];
}

async function lookAtSettings(sweep: SweepDirectory): Promise<string> {
  const what = await otherThanFile(sweep.config);
  if (what !== null) throw new PanxError(`${sweep.config} ${what}.`);
  const config = await readSavedConfig(sweep.config);
  const stages = await stagesOf(sweep);
  const links = stages.filter(({ id }) => isLink(sweep.stage(id).root)).map(({ id }) => id);
  if (links.length > 0) throw new PanxError(`${sweep.root}: ${listed(links)} is a link; expected the folder of a run.`);
  const done = stages.filter(({ id }) => isDone(sweep.stage(id)));
  const base = done.find(({ startStage }) => startStage === null);
  if (base === undefined) throw new PanxError('no stage that starts from the base model is done');
  await checkMark(join(sweep.root, markName), 'sweep', await versionOf(sweep.stage(base.id)));
  const { startFrom } = await readEnvironment(sweep.stage(base.id));
  const contents = new Map<string, string>();
  for (const { id, config, startStage } of done) {
    const there = await readIdentity(sweep.stage(id));
    const start: StartIdentity =
      startStage === null
        ? { checkpoint: startKey(startFrom.files) }
        : { stage: startStage, key: (await readIdentity(sweep.stage(startStage))).key };
    const different = [
      ...settingDifferences(there, config),
      ...otherContents(there, config, contents),
      ...startChanges(there.start, start),
    ];
    if (there.id !== id) different.push(`it is ${there.id}`);
    if (different.length === 0) continue;
    const other = await otherVersion(sweep.stage(id));
    throw new PanxError(
      `${sweep.config} is not what the stages were trained with: in ${id} ${different.join('; ')}${other === null ? '' : ` (${other})`}`,
    );
  }
  await checkModelName(sweep, config, done);
  if (!(await isConfigAsWritten(sweep.config))) throw new PanxError(`${sweep.config} ${notByPanx}`);
  return "config.json is what the stages' identity.json say";
}

/**
 * What of the data and rows of a stage is not what the stages before it had under that name. Rows of one name are others where another data
 * seed or subset takes them, or where they were split again together with others.
 *
 * @param contents takes what they have
 */
function otherContents(
  identity: StageIdentity | OldIdentity,
  { training: { subset, dataSeed, resplit, langs } }: Config,
  contents: Map<string, string>,
): string[] {
  const rows = isCurrent(identity) ? Object.values(identity.rows).flat() : [];
  const how = canonicalJson([subset, dataSeed, resplit ? langs : null]);
  const named = [
    ...Object.entries(identity.data).map(([path, sum]) => [`the data file ${path} is`, sum, path] as const),
    ...rows.map(({ name, sha256 }) => [`the rows of ${name} are`, sha256, `${name} ${how}`] as const),
  ];
  return named.flatMap(([subject, sum, place]) => {
    const before = contents.get(place) ?? sum;
    contents.set(place, before);
    return before === sum ? [] : [`${subject} not the same`];
  });
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/**
 * A model's name is only a name: it must be one that a stage was trained with, or that of a folder with the same files.
 */
async function checkModelName(sweep: SweepDirectory, config: Config, done: readonly Stage[]): Promise<void> {
  const names = new Set<string>();
  for (const { id } of done) names.add((await readRunConfig(sweep.stage(id))).model);
  if (names.has(config.model)) return;
  const { start } = await readIdentity(sweep.stage(done.find(({ startStage }) => startStage === null)!.id));
  const sums = await checkpointFiles(config.model).catch(() => null);
  if (sums !== null && 'checkpoint' in start && startKey(sums) === start.checkpoint) return;
  throw new PanxError(
    `${sweep.config}: model is ${shown(config.model)}, and the stages were trained from ${[...names].map(shown).join(', ')}`,
  );
}

async function lookAtStages(sweep: SweepDirectory): Promise<string> {
  const stages = await stagesOf(sweep);
  const open = stages.filter(({ id }) => !isDone(sweep.stage(id))).map(({ id }) => id);
  if (open.length > 0) {
    throw new PanxError(`the sweep is not finished: ${open.join(', ')} ${open.length === 1 ? 'is' : 'are'} not done`);
  }
  for (const { id, samples } of stages) await expectRows(sweep.stage(id), id, samples, 'as the stage says');
  const others = (await namesIn(sweep.root)).filter(name => isStageName(name) && !stages.some(({ id }) => id === name));
  const known = [...sweepLayout.files, ...sweepLayout.folders.map(({ name }) => name), ...others];
  const strangers = (await namesIn(sweep.root)).filter(
    name => !known.includes(name) && !stages.some(({ id }) => id === name),
  );
  const more =
    (others.length === 0 ? '' : `; of another sweep, and not looked at: ${others.join(', ')}`) +
    (strangers.length === 0 ? '' : `; not panx's, and not looked at: ${strangers.map(shown).join(', ')}`);
  return `all ${stages.length} are done${more}`;
}

/** The tables and figures, drawn again from the results of the stages, are the files that are there. */
async function lookAtTable(sweep: SweepDirectory, draw: DrawSweep): Promise<string> {
  const table = await tableOf(sweep);
  const files = await draw(table);
  const wrong: string[] = [];
  for (const [name, content] of files) {
    const what = await differenceFrom(join(sweep.root, name), Buffer.from(content as string));
    if (what !== null) wrong.push(`${name} ${what}`);
  }
  if (wrong.length > 0) {
    const others = [];
    for (const { id } of await stagesOf(sweep)) others.push(await otherVersion(sweep.stage(id)));
    const other = others.find(version => version !== null);
    throw new PanxError(
      `drawn again from the stages' results: ${wrong.join('; ')}${other === undefined ? '' : ` (${other}, which may draw otherwise)`}`,
    );
  }
  return `${[...files.keys()].join(', ')} come out the same when they are drawn again from the stages' results`;
}
