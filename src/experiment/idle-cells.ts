import { inline } from '../config/describe.js';
import type { Cell } from '../config/grid.js';
import {
  conditionOf,
  isTyped,
  refuseIdleData,
  refuseIdleSettings,
  whyIdle,
  withoutIdle,
} from '../config/idle-settings.js';
import type { LoadedConfig } from '../config/load.js';
import type { Key } from '../config/schema.js';
import { PanxError } from '../errors.js';
import { canonicalJson } from '../system/json.js';
import { isExcluded } from './exclusions.js';
import type { TrainRows } from './protocols/stage.js';
import { type PlannedRow, planStudy, splitsOfStudy } from './study-plan.js';

/**
 * Refuse of a study what would have no effect on any of its trainings: a setting that is typed and idle, and a grid of which two cells train the
 * same. Before a file is read: how many rows there are does not matter.
 *
 * @throws PanxError naming it, and as `planStudy` does
 */
export function refuseIdleStudy(loaded: LoadedConfig): void {
  const { config, origins } = loaded;
  const { stages, rows } = planStudy(config, manyRows);
  const trainings = stages.map(stage => stage.config);
  refuseIdleSettings(loaded, trainings, true);
  refuseIdleData(loaded, [
    ...new Set([...splitsOfStudy(config).map(([lang]) => lang), ...config.training.monitorLangs]),
  ]);
  refuseEqualCells(rows, origins['study.grid']);
  refuseIdleExclusions(loaded);
  for (const key of Object.keys(config.study.grid) as Key[]) {
    const idle = isTyped(origins['study.grid']) ? conditionOf(key, trainings, true) : null;
    if (idle === null) continue;
    throw new PanxError(
      `study.grid has ${key}, from ${origins['study.grid']}, which is used only ${whyIdle(idle, trainings)}.`,
      { hint: `Leave it out, or ${idle.instead}.`, exitCode: 2 },
    );
  }
}

/** As many rows as no study asks for. */
const manyRows: TrainRows = new Proxy({}, { get: () => 1e12 });

/** @throws PanxError where two cells differ only in settings that none of their trainings uses */
function refuseEqualCells(rows: readonly PlannedRow[], origin: string): void {
  const cells = new Map<string, PlannedRow[]>();
  for (const row of rows) {
    const place = canonicalJson([row.protocol, row.cell]);
    cells.set(place, [...(cells.get(place) ?? []), row]);
  }
  const seen = new Map<string, PlannedRow[]>();
  for (const cell of cells.values()) {
    const what = canonicalJson(cell.map(({ protocol, stage }) => [protocol, stage.id, withoutIdle(stage.config)]));
    const before = seen.get(what);
    if (before !== undefined) throw equalCells(before, cell, origin);
    seen.set(what, cell);
  }
}

function equalCells(one: readonly PlannedRow[], other: readonly PlannedRow[], origin: string): PanxError {
  const [a, b] = [one[0]!.cell, other[0]!.cell];
  const key = (Object.keys(a) as Key[]).find(name => canonicalJson(a[name]) !== canonicalJson(b[name]))!;
  const trainings = one.map(({ stage }) => stage.config);
  const idle = conditionOf(key, trainings, true)!;
  return new PanxError(
    `study.grid, from ${origin}, would train the same twice, with ${cellText(a)} and with ${cellText(b)}: ${key} is used only ${whyIdle(idle, trainings)}.`,
    { hint: 'Leave one of them out, of study.grid or by study.exclude.', exitCode: 2 },
  );
}

/** @throws PanxError where an entry of study.exclude names a combination that there is none of without it */
function refuseIdleExclusions({ config, origins }: LoadedConfig): void {
  const { exclude } = config.study;
  if (exclude.length === 0) return;
  const { rows } = planStudy({ ...config, study: { ...config.study, exclude: [] } }, manyRows);
  const idle = exclude.find(
    entry => !rows.some(row => isExcluded({ study: { ...config.study, exclude: [entry] } }, row)),
  );
  if (idle === undefined) return;
  throw new PanxError(
    `study.exclude has ${inline(idle)}, from ${origins['study.exclude']}, and no training of the study is of that combination.`,
    { hint: 'Leave it out.', exitCode: 2 },
  );
}

function cellText(cell: Cell): string {
  return Object.entries(cell)
    .map(([key, value]) => `${key} ${inline(value)}`)
    .join(', ');
}
