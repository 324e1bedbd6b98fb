import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { listed, PanxError } from '../errors.js';
import { isDone, type RunDirectory, runDirectory, type SweepDirectory, sweepDirectory } from '../run/directory.js';
import {
  type ScoringDirectory,
  type StudyDirectory,
  scoringDirectory,
  studyDirectory,
} from '../run/store-directory.js';
import {
  arrayOf,
  integer,
  number,
  object,
  oneOf,
  orNull,
  readJsonAs,
  record,
  type Shape,
  text,
} from '../system/checked-json.js';
import { reasonOf } from '../system/files.js';
import { type Phase, phaseNumber, stageId } from './protocols/curriculum.js';
import { protocolOf } from './protocols/protocol.js';
import type { Stage } from './protocols/stage.js';
import { readMetrics, readSavedConfig } from './records.js';
import { metricOf, readResult } from './results.js';
import { runsOfStudy } from './study-on-disk.js';
import { doneRow, plannedRow, type SweepRow, type SweepTable } from './table.js';

/** What there is to verify in a folder: a run, a scoring of the store, or a sweep or a study with the runs of its stages. */
export type Found =
  | { run: RunDirectory }
  | { sweep: SweepDirectory; stages: RunDirectory[] }
  | { study: StudyDirectory; stages: RunDirectory[] }
  | { scoring: ScoringDirectory };

/**
 * Find out what a folder holds. A run or a sweep of which a file is gone is recognised by the others.
 *
 * @throws PanxError where it holds none
 */
export async function findRuns(folder: string): Promise<Found> {
  const names = await namesIn(folder);
  const { identity, metrics, events, environment } = runDirectory(folder);
  const scoring = scoringDirectory(folder);
  if (existsSync(scoring.predictions) || existsSync(scoring.scores)) return { scoring };
  if ([identity, metrics, events, environment].some(path => existsSync(path))) return { run: runDirectory(folder) };
  const study = studyDirectory(folder);
  if (existsSync(study.stages)) return { study, stages: await runsOfStudy(study) };
  const sweep = sweepDirectory(folder);
  const stages = names.filter(isStageName);
  if (stages.length > 0 || existsSync(join(folder, 'sweep.json'))) {
    const asked = await stagesOf(sweep).catch(() => null);
    const order = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true });
    return { sweep, stages: (asked?.map(({ id }) => id) ?? stages.sort(order)).map(id => sweep.stage(id)) };
  }
  const inside = names.filter(name => existsSync(runDirectory(join(folder, name)).identity));
  throw new PanxError(`${folder} holds no run: neither identity.json nor stages of a sweep or a study are there.`, {
    hint:
      inside.length === 0
        ? 'Give the folder that panx train, panx sweep or panx run wrote (--out).'
        : `Give the folder of one run; in this one are ${listed(inside, 10)}.`,
  });
}

/** The table that the stages on disk and the settings of the sweep make. @throws PanxError where one of their files is none */
export async function tableOf(sweep: SweepDirectory): Promise<SweepTable> {
  const config = await readSavedConfig(sweep.config);
  const { source, target, protocol } = config.study;
  const told = await readJsonAs(join(sweep.root, 'sweep.json'), tableShape).catch(() => null);
  const rows: SweepRow[] = [];
  const metrics = new Set<string>();
  for (const stage of await stagesOf(sweep)) {
    const [run, row] = [sweep.stage(stage.id), plannedRow(stage, protocolOf(config).scoredLangs(config))];
    if (isDone(run)) {
      const result = await readResult(run);
      metrics.add(result.metrics.metric ?? metricOf(config));
      rows.push(doneRow(row, result));
    } else {
      // Whether it failed, nothing else says.
      const failed = told?.rows.find(({ phase }) => phase === phaseNumber(stage.phase))?.status === 'failed';
      rows.push(failed ? { ...row, status: 'failed' } : row);
    }
  }
  return {
    source,
    target,
    protocol,
    metric: [...metrics][0] ?? metricOf(config),
    model: config.model,
    rows,
  };
}

/** sweep.json, where a stage is not done: then it alone says how that came, and how many rows it was to have. */
const tableShape: Shape<{ rows: { phase: string; samples: number; status: string }[] }> = object({
  source: text(),
  target: text(),
  protocol: text(),
  metric: text(),
  model: text(),
  rows: arrayOf(
    object({
      phase: text(),
      label: text(),
      samples: integer({ min: 1 }),
      steps: integer({ min: 1 }),
      f1: record(orNull(number({ min: 0, max: 1 }))),
      status: oneOf('done', 'failed', 'not run'),
    }),
  ),
});

/** The stages that the settings of a sweep ask for. @throws PanxError where they are none, or ask for what cannot be */
export async function stagesOf(sweep: SweepDirectory): Promise<Stage[]> {
  const config = await readSavedConfig(sweep.config);
  const { source, target, sizes } = config.study;
  if (sizes.length > mostSizes) {
    throw new PanxError(
      `${sweep.config} asks for ${sizes.length} sizes; a sweep of at most ${mostSizes} can be verified.`,
    );
  }
  const told = await readJsonAs(join(sweep.root, 'sweep.json'), tableShape).catch(() => null);
  const rowsOf = async (phase: Phase, lang: string) => {
    const run = sweep.stage(stageId(phase, lang, null));
    if (isDone(run)) return (await readMetrics(run)).rows;
    return told?.rows.find(row => row.phase === phaseNumber(phase))?.samples ?? sizes.at(-1)!;
  };
  try {
    const [ofTarget, ofSource] = [
      await rowsOf({ trains: 'target' }, target),
      await rowsOf({ trains: 'source' }, source),
    ];
    return protocolOf(config).stages(config, { [target]: ofTarget, [source]: ofSource });
  } catch (error) {
    throw error instanceof PanxError ? new PanxError(`${sweep.config}: ${error.message}`, { cause: error }) : error;
  }
}

/** Each is looked at; nobody trains so many. */
const mostSizes = 1000;

export function isStageName(name: string): boolean {
  return /^phase-\d[\w.=-]*$/.test(name);
}

export async function namesIn(folder: string): Promise<string[]> {
  try {
    if (!statSync(folder).isDirectory())
      throw new PanxError(`${folder} is not a folder; expected that of a run or a sweep.`);
    return await readdir(folder);
  } catch (error) {
    if (error instanceof PanxError) throw error;
    throw new PanxError(`${folder === '' ? '""' : folder} cannot be read: ${reasonOf(error)}.`, {
      hint: 'Give the folder that panx train or panx sweep wrote (--out).',
      cause: error,
    });
  }
}
