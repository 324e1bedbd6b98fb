import { inline } from '../config/describe.js';
import { type Cell, cellsOf, withCell } from '../config/grid.js';
import type { Config, ProtocolName } from '../config/schema.js';
import type { SplitName } from '../data/splits.js';
import { PanxError } from '../errors.js';
import { sha256 } from '../system/checksums.js';
import { canonicalJson } from '../system/json.js';
import { totalSteps } from '../training/schedule.js';
import { checkExclusions, isExcluded, nothingLeft } from './exclusions.js';
import { listeningOf } from './listening.js';
import { isMatrix, protocolOf } from './protocols/protocol.js';
import type { Stage, StageSegments, TrainRows } from './protocols/stage.js';
import { endSplitOf, sizeOf } from './row-settings.js';

/**
 * The axes of a study: its protocols, the cells of its grid, its seeds and its data seeds. They multiply, but for what it excludes. A stage starts from the stage of its
 * own seed, data seed and cell. What two points of the axes have in common is one stage: the English model of two protocols, or a stage that
 * takes all rows, for all data seeds.
 */
export interface StudyPlan {
  /** Each once, each after the one that it starts from. */
  stages: Stage[];
  /** Rows of its tables: the stages of one protocol and cell that differ in their seeds alone. */
  rows: PlannedRow[];
  /** How many stages there would be if nothing were shared. */
  asked: number;
}

export interface PlannedRow {
  protocol: ProtocolName;
  /** The settings of its cell of the grid. */
  cell: Cell;
  /** As its protocol has it: without the seed in its name. */
  stage: Stage;
  trainings: PlannedTraining[];
}

/** One of the trainings whose mean stands in a row. */
export interface PlannedTraining {
  /** Name of the stage. */
  id: string;
  seed: number;
  /** null of a stage that takes no subset, and starts from none that does. */
  dataSeed: number | null;
}

/**
 * @param segments of the stages whose rows are split; without them their steps are those of whole rows
 * @throws PanxError where a size does not fit the data, and as `checkStudy` does
 */
export function planStudy(config: Config, trainRows: TrainRows, segments: StageSegments = {}): StudyPlan {
  return withSegments(planRows(config, trainRows), segments);
}

/** The plan of a study whose rows stay whole. */
function planRows(config: Config, trainRows: TrainRows): StudyPlan {
  checkStudy(config);
  const { seeds, dataSeeds, cells, protocols } = axesOf(config);
  const suffixes = cellSuffixes(cells);
  const made = new Map<string, Stage>();
  const ids = new Set<string>();
  const rows = new Map<string, PlannedRow>();
  const langs = scoredLangs(config);
  let asked = 0;
  for (const protocol of protocols) {
    for (const [c, cell] of cells.entries()) {
      for (const [seed, dataSeed] of seeds.flatMap(one => dataSeeds.map(other => [one, other] as const))) {
        const here = new Map<string, { id: string; hasDataSeed: boolean }>();
        for (const stage of protocolOf(protocol).stages(configAt(config, cell, seed, dataSeed), trainRows)) {
          if (isExcluded(config, { protocol, cell, stage })) continue;
          asked++;
          const start = stage.startStage === null ? null : here.get(stage.startStage)!;
          const takesSubset = dependsOnDataSeed(stage.config);
          const hasDataSeed = takesSubset || (start?.hasDataSeed ?? false);
          const training = { ...stage.config.training, dataSeed: takesSubset ? dataSeed : dataSeeds[0]! };
          const own = { ...stage.config, training, evaluation: { ...stage.config.evaluation, langs } };
          const what = canonicalJson({ config: own, start: start?.id ?? null });
          const axes = [
            suffixes[c]!,
            seeds.length > 1 ? `-seed-${seed}` : '',
            dataSeeds.length > 1 && hasDataSeed ? `-data-${dataSeed}` : '',
          ].join('');
          let one = made.get(what);
          if (one === undefined) {
            const id = newId(ids, stage.id, protocol, axes);
            one = { ...stage, id, startStage: start?.id ?? null, config: own };
            made.set(what, one);
          }
          here.set(stage.id, { id: one.id, hasDataSeed });
          const place = `${protocol} ${c} ${stage.id}`;
          if (!rows.has(place)) rows.set(place, { protocol, cell, stage, trainings: [] });
          const { trainings } = rows.get(place)!;
          if (trainings.some(({ id }) => id === one.id)) continue;
          trainings.push({ id: one.id, seed, dataSeed: hasDataSeed ? dataSeed : null });
        }
      }
    }
  }
  if (made.size === 0) throw nothingLeft();
  refuseMany(made.size, langs.length);
  return { stages: [...made.values()], rows: [...rows.values()], asked };
}

/** The plan as training goes, which visits segments: a row of the table has the mean of its trainings. */
function withSegments(plan: StudyPlan, segments: StageSegments): StudyPlan {
  const stages = plan.stages.map((stage): Stage => {
    const own = Object.hasOwn(segments, stage.id) ? segments[stage.id]! : null;
    return own === null ? stage : { ...stage, segments: own, steps: totalSteps(own, stage.config.training) };
  });
  const stepsOf = new Map(stages.map(({ id, steps }) => [id, steps]));
  const rows = plan.rows.map(row => {
    const sum = row.trainings.reduce((steps, { id }) => steps + stepsOf.get(id)!, 0);
    return { ...row, stage: { ...row.stage, steps: Math.round(sum / row.trainings.length) } };
  });
  return { ...plan, stages, rows };
}

/** What can be checked of a study before a file is read or fetched. @throws PanxError, exit code 2 */
export function checkStudy(config: Config): void {
  const { seeds, dataSeeds, cells, protocols } = axesOf(config);
  const points = protocols.length * cells.length * seeds.length * dataSeeds.length;
  if (points > mostPoints) {
    throw new PanxError(
      `The study's protocols, cells, seeds and data seeds multiply to ${points}; expected at most ${mostPoints}.`,
      { hint: 'Make several studies: they share their stages.', exitCode: 2 },
    );
  }
  const { resplit, size, sizes } = config.training;
  if (resplit && dataSeeds.length > 1 && (size !== null || Object.keys(sizes).length > 0)) {
    throw new PanxError(
      'Sizes are given with training.resplit and several data seeds; expected one data seed, or all rows: other rows are split otherwise.',
      { hint: 'Leave out study.dataSeeds (--data-seeds), or training.size and training.sizes.', exitCode: 2 },
    );
  }
  for (const protocol of protocols) protocolOf(protocol).check(config);
  checkExclusions(config);
  if (config.study.train.length > 0 && !protocols.some(isMatrix)) {
    throw new PanxError(
      `study.train is ${inline(config.study.train)}, and the protocol ${protocols.join(', ')} trains on source and target; expected it to be left out.`,
      {
        hint: 'Sets of languages are trained on by the protocols mixtures and zero-shot (study.protocol).',
        exitCode: 2,
      },
    );
  }
}

const mostPoints = 10_000;

/** stages.json is to stay below 4 MB, beyond which no JSON of panx is read. @throws PanxError */
function refuseMany(stages: number, langs: number): void {
  const most = Math.floor(4_000_000 / (300 + 120 * langs));
  if (stages <= most) return;
  throw new PanxError(
    `The study has ${stages} stages, each scored on ${langs} languages; expected at most ${most} of these.`,
    { hint: 'Make several studies: they share their stages.', exitCode: 2 },
  );
}

/** The values of every axis, in order. @throws PanxError where seeds go beyond the largest */
export function axesOf({ study, seed, training }: Config): {
  protocols: ProtocolName[];
  cells: Cell[];
  seeds: number[];
  dataSeeds: number[];
} {
  return {
    protocols: [study.protocol].flat(),
    cells: cellsOf(study.grid),
    seeds: seedsOf('seed', study.seeds, seed),
    dataSeeds: seedsOf('training.dataSeed', study.dataSeeds, training.dataSeed),
  };
}

/** So many from the first one on, or those of a list. */
function seedsOf(key: string, asked: number | number[], first: number): number[] {
  if (Array.isArray(asked)) return asked;
  const last = first + asked - 1;
  if (last < 2 ** 32) return Array.from({ length: asked }, (_, i) => first + i);
  throw new PanxError(`${asked} seeds from ${key} ${first} on would end at ${last}; expected at most ${2 ** 32 - 1}.`, {
    hint: `Choose a smaller ${key}, or list the seeds.`,
    exitCode: 2,
  });
}

/** The models that its stages start from, by the names that the settings have for them. */
export function modelsOf(config: Config): string[] {
  return [...new Set(cellsOf(config.study.grid).map(cell => withCell(config, cell).model))];
}

/** The splits that a study reads. A corpus without a validation split does for one that scores nothing after its epochs. */
export function splitsOfStudy(config: Config): [lang: string, split: SplitName][] {
  const { protocols, cells } = axesOf(config);
  const asked = protocols.flatMap(protocol => protocolOf(protocol).splitsToRead(config));
  const { evaluation } = config;
  const isValidated =
    (evaluation.enabled && evaluation.eachEpoch) ||
    cells
      .map(cell => withCell(config, cell))
      .some(one => listeningOf(one) !== null || endSplitOf(one) === 'validation');
  const read = isValidated ? asked : asked.filter(([, split]) => split !== 'validation');
  return [...new Map(read.map(split => [split.join('/'), split])).values()];
}

/** The languages whose test splits every stage is scored on. */
export function scoredLangs(config: Config): string[] {
  return [...new Set(axesOf(config).protocols.flatMap(protocol => protocolOf(protocol).scoredLangs(config)))];
}

function configAt(config: Config, cell: Cell, seed: number, dataSeed: number): Config {
  return withCell({ ...config, seed, training: { ...config.training, dataSeed } }, cell);
}

/** Whether the rows of a stage depend on its data seed. */
function dependsOnDataSeed({ training }: Config): boolean {
  if (training.resplit) return true;
  return training.subset === 'shuffled' && training.langs.some(lang => sizeOf(training, lang) !== null);
}

/** What the names of a cell's stages end with: its values, or its number where they are long; nothing where there is one cell. */
function cellSuffixes(cells: readonly Cell[]): string[] {
  if (cells.length === 1) return [''];
  const named = cells.map(cell =>
    Object.entries(cell)
      .map(([key, value]) => `-${key.split('.').at(-1)}-${inline(value)}`)
      .join('')
      .replaceAll(/[^\w.-]/g, '_'),
  );
  const isShort = named.every(suffix => suffix.length <= 40) && new Set(named).size === named.length;
  return isShort ? named : cells.map((_, i) => `-cell-${i + 1}`);
}

/** A name that no other stage has: the first of two protocols that call their stages alike keeps the plain one. */
function newId(ids: Set<string>, name: string, protocol: ProtocolName, axes: string): string {
  const candidates = [`${name}${axes}`, `${name}-${protocol}${axes}`].map(shortened);
  const id = candidates.find(candidate => !ids.has(candidate));
  if (id === undefined) throw new Error(`two stages are called ${candidates[1]}`);
  ids.add(id);
  return id;
}

/** At most 80 characters: it becomes a folder's name. */
function shortened(id: string): string {
  return id.length <= 80 ? id : `${id.slice(0, 71)}-${sha256(id).slice(0, 8)}`;
}
