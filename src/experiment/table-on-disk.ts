import { arrayOf, integer, readJsonAs, record, type Shape } from '../system/checked-json.js';
import { isObject } from '../system/json.js';
import type { SweepTable } from './table.js';

/** What a table on disk says that nothing else does: of a folder that another version of panx may have written. */
export interface ToldTable {
  /** The version that counted its scores; null where it does not say. */
  panx: string | null;
  /** How its figures are drawn. */
  figures: SweepTable['figures'];
  /** Rows of the train splits, by language; null where it does not say. */
  trainRows: Record<string, number> | null;
  rows: { phase: string | null; samples: number; steps: number | null; status: unknown }[];
  /** Names of the stages that failed. */
  failed: string[];
}

/** A table.json or sweep.json; null where there is none that can be read. */
export async function readToldTable(path: string): Promise<ToldTable | null> {
  return await readJsonAs(path, toldShape).catch(() => null);
}

/** The same table, as the version of panx counted it, and drew it, that wrote the one on disk. */
export async function asCountedBy(path: string, table: SweepTable): Promise<SweepTable> {
  const told = await readToldTable(path);
  if (told === null) return table;
  return {
    ...table,
    figures: told.figures,
    conditions: { ...table.conditions, panx: told.panx ?? table.conditions.panx },
  };
}

const counts = record(integer({ min: 1 }));
const rowShape: Shape<ToldTable['rows'][number] & { failed: string[] }> = value => {
  const { phase, samples, steps, status, trainings } = isObject(value) ? value : {};
  const failed = (Array.isArray(trainings) ? trainings : []).flatMap((training: unknown) =>
    isObject(training) && training.status === 'failed' && typeof training.stage === 'string' ? [training.stage] : [],
  );
  return {
    ...{ phase: typeof phase === 'string' ? phase : null, samples: integer({ min: 1 })(samples) },
    ...{ steps: typeof steps === 'number' ? steps : null, status, failed },
  };
};

/** Read loosely: a table has grown with the versions of panx. */
const toldShape: Shape<ToldTable> = value => {
  const { conditions, figures, trainRows, rows } = isObject(value) ? value : {};
  const panx = isObject(conditions) ? conditions.panx : null;
  const read = arrayOf(rowShape)(rows);
  return {
    panx: typeof panx === 'string' && /^\d+\.\d+\.\d+[\w.+-]{0,40}$/.test(panx) ? panx : null,
    figures: figures === 2 ? 2 : 1,
    trainRows: trainRows === undefined ? null : counts(trainRows),
    rows: read.map(({ failed: _, ...row }) => row),
    failed: read.flatMap(({ failed }) => failed),
  };
};
