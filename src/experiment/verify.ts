import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { type Checksums, changesSince, changesText } from '../run/checksums.js';
import { isDone, type RunDirectory, runDirectory, sweepDirectory } from '../run/directory.js';
import { type RunEvent, readEvents } from '../run/events.js';
import { readJson } from '../run/files.js';
import { type Environment, engineDifference } from './environment.js';
import { differences, identityOf, type StageIdentity } from './identity.js';
import type { StageMetrics, StageRequest, StageResult } from './stage.js';
import type { SweepTable } from './table.js';

/** One thing about a finished run that was looked at. */
export interface Check {
  /** outputs, settings, data, start, rerun, table */
  subject: string;
  holds: boolean;
  found: string;
}

/** Where the data and the model lie now, where they were moved since the run. */
export interface Places {
  data?: string;
  model?: string;
}

/** The run directories under a folder: itself, or the stages of a sweep in the order of their phases; [] where there are none. */
export async function runsIn(folder: string): Promise<RunDirectory[]> {
  if (existsSync(runDirectory(folder).identity)) return [runDirectory(folder)];
  const names = existsSync(folder) ? await readdir(folder) : [];
  return names
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map(name => sweepDirectory(folder).stage(name))
    .filter(run => existsSync(run.identity));
}

/** Compare what a run made and what it was made from with the checksums that it recorded. Nothing is trained. */
export async function verifyRun(run: RunDirectory, places: Places): Promise<Check[]> {
  if (!isDone(run)) return [{ subject: 'outputs', holds: false, found: 'the run is not finished' }];
  const { startFrom, dataDir, environment, identity } = await recordsOf(run, places);
  return [
    await checkFiles('outputs', run.root, await readJson<Checksums>(run.checksums), 'as the run left them'),
    checkSettings(identity, await configOf(run), environment),
    await checkFiles('data', dataDir, environment.data.files, `in ${dataDir}`),
    await checkFiles('start', startFrom, environment.startFrom.files, `in ${startFrom}`),
  ];
}

/**
 * Repeat a run in another folder, and compare everything it makes with what the run made, byte for byte.
 *
 * @param train trains a stage: `runStage`
 * @throws what training throws
 */
export async function repeatRun(
  run: RunDirectory,
  places: Places,
  again: RunDirectory,
  train: (request: StageRequest) => Promise<StageResult>,
): Promise<Check> {
  const { startFrom, dataDir, environment, identity } = await recordsOf(run, places);
  const config = await configOf(run);
  await train({
    config,
    startFrom,
    startFiles: environment.startFrom.files,
    dataDir,
    out: again.root,
    identity,
    resume: false,
    label: `${basename(run.root)} again`,
  });
  const [there, now] = [await readJson<Checksums>(run.checksums), await readJson<Checksums>(again.checksums)];
  const different = [...new Set([...Object.keys(there), ...Object.keys(now)])].filter(
    path => there[path] !== now[path],
  );
  if (different.length === 0) {
    return { subject: 'rerun', holds: true, found: `${countOf(now)} the same, byte for byte` };
  }
  const reasons = [
    await firstDifference(run, again),
    engineDifference(environment.engine, (await readJson<Environment>(again.environment)).engine),
  ].filter(reason => reason !== null);
  const why = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
  return { subject: 'rerun', holds: false, found: `${different.join(', ')} not the same${why}` };
}

/** Check that a sweep's table holds the scores of its stages. */
export async function verifyTable(folder: string, runs: readonly RunDirectory[]): Promise<Check> {
  const path = join(folder, 'sweep.json');
  if (!existsSync(path)) return { subject: 'table', holds: false, found: `${path} is missing` };
  const { rows } = await readJson<SweepTable>(path);
  const wrong: string[] = [];
  for (const row of rows.filter(({ status }) => status === 'done')) {
    const run = runs.find(({ root }) => basename(root).startsWith(`phase-${row.phase}-`));
    const metrics = run !== undefined && isDone(run) ? await readJson<StageMetrics>(run.metrics) : undefined;
    const agrees = Object.entries(row.f1).every(([lang, f1]) => metrics?.test[lang]?.f1 === f1);
    if (!agrees) wrong.push(`phase ${row.phase}`);
  }
  if (wrong.length > 0)
    return { subject: 'table', holds: false, found: `${wrong.join(', ')} not as its metrics.json says` };
  return { subject: 'table', holds: true, found: `${rows.length} rows, as the stages' metrics.json say` };
}

/** The folders that a run was made from, as they lie now. @throws PanxError where its records cannot be read */
export async function readFrom(run: RunDirectory, places: Places): Promise<{ startFrom: string; dataDir: string }> {
  return await recordsOf(run, places);
}

interface Records {
  environment: Environment;
  identity: StageIdentity;
  startFrom: string;
  dataDir: string;
}

async function recordsOf(run: RunDirectory, places: Places): Promise<Records> {
  const environment = await readJson<Environment>(run.environment);
  const identity = await readJson<StageIdentity>(run.identity);
  // A stage starts from its neighbour, wherever the sweep's folder lies now.
  const startFrom =
    'stage' in identity.start
      ? sweepDirectory(dirname(run.root)).stage(identity.start.stage).checkpoint
      : (places.model ?? environment.startFrom.folder);
  return { environment, identity, startFrom, dataDir: places.data ?? environment.data.folder };
}

async function configOf(run: RunDirectory): Promise<Config> {
  return (await loadConfig({ file: run.config })).config;
}

async function checkFiles(subject: string, folder: string, sums: Checksums, where: string): Promise<Check> {
  if (!existsSync(folder)) return { subject, holds: false, found: `${folder} is not there` };
  const changes = changesText(await changesSince(folder, sums));
  if (changes !== null) return { subject, holds: false, found: `${folder}: ${changes}` };
  return { subject, holds: true, found: `${countOf(sums)} ${where}` };
}

function checkSettings(identity: StageIdentity, config: Config, { startFrom }: Environment): Check {
  const contents = { checkpoint: startFrom.files, data: identity.data };
  const now = { ...identityOf(identity.id, config, contents) };
  const different = differences(identity, 'stage' in identity.start ? { ...now, start: identity.start } : now);
  if (different.length > 0) return { subject: 'settings', holds: false, found: different.join('; ') };
  return { subject: 'settings', holds: true, found: 'config.json and environment.json are what identity.json says' };
}

/** Where two runs part, in words: the first event that differs. */
async function firstDifference(run: RunDirectory, again: RunDirectory): Promise<string | null> {
  const [there, now] = [await readEvents(run.events), await readEvents(again.events)];
  const at = there.findIndex((event, i) => JSON.stringify(event) !== JSON.stringify(now[i]));
  if (at < 0) return there.length === now.length ? null : `${there.length} events then, ${now.length} now`;
  return `${nameOf(there[at]!)} is the first to differ (loss ${there[at]!.loss} then, ${now[at]?.loss ?? 'none'} now)`;
}

function nameOf(event: RunEvent): string {
  return event.event === 'step'
    ? `step ${event.step}`
    : `the score of ${event.lang} ${event.split} at step ${event.step}`;
}

function countOf(sums: Checksums): string {
  const count = Object.keys(sums).length;
  return `${count} ${count === 1 ? 'file' : 'files'}`;
}
