import { excerpt, nearest, PanxError } from '../errors.js';
import type { Setting } from './kinds.js';
import { type Config, type Key, settings } from './schema.js';

/** One combination of a grid's values: what a study is asked for once more with other settings. {} where there is no grid. */
export type Cell = Partial<Record<Key, unknown>>;

/** Every combination of a grid's values, the last setting's changing first. */
export function cellsOf(grid: Readonly<Record<string, readonly unknown[]>>): Cell[] {
  return Object.entries(grid).reduce<Cell[]>(
    (cells, [key, values]) => cells.flatMap(cell => values.map(value => ({ ...cell, [key]: value }))),
    [{}],
  );
}

/** The configuration of a cell. */
export function withCell(config: Config, cell: Cell): Config {
  return Object.entries(cell).reduce((changed, [key, value]) => withSetting(changed, key.split('.'), value), config);
}

function withSetting<T extends object>(section: T, [name, ...inner]: string[], value: unknown): T {
  const before = (section as Record<string, unknown>)[name!];
  return { ...section, [name!]: inner.length === 0 ? value : withSetting(before as object, inner, value) };
}

/**
 * @param origin where the grid comes from
 * @throws PanxError where it names what is no setting of training, has a value that its setting does not take, or has too many cells
 */
export function checkGrid(grid: Readonly<Record<string, readonly unknown[]>>, origin: string): void {
  for (const [name, values] of Object.entries(grid)) {
    const setting = settingOf(name, origin);
    const wrong = values.find(value => !setting.accepts(value));
    if (wrong === undefined && !values.includes(undefined)) continue;
    throw new PanxError(`study.grid has ${excerpt(wrong)} for ${name}, from ${origin}; expected ${setting.expected}.`, {
      hint: `${name}: ${setting.meaning}.`,
      exitCode: 2,
    });
  }
  const cells = Object.values(grid).reduce((product, { length }) => product * length, 1);
  if (cells <= mostCells) return;
  throw new PanxError(`study.grid, from ${origin}, has ${cells} cells; expected at most ${mostCells}.`, {
    hint: 'Leave out values, or make several studies: they share their stages.',
    exitCode: 2,
  });
}

const mostCells = 1000;

function settingOf(name: string, origin: string): Setting<unknown> {
  const instead = replacements[name];
  const setting = settings.get(name as Key);
  if (setting !== undefined && instead === undefined && isForGrids(name)) return setting;
  const possible = gridKeys();
  const leaf = possible.find(key => key.split('.').at(-1) === name);
  const suggestion = leaf ?? nearest(name, possible);
  const meant = suggestion === undefined || setting !== undefined ? '.' : `; did you mean ${suggestion}?`;
  throw new PanxError(
    `study.grid has ${excerpt(name)}, from ${origin}; expected model or a setting of training or tokenization${meant}`,
    { hint: instead ?? 'panx config lists every setting.', exitCode: 2 },
  );
}

/** The settings that a grid may have. */
export function gridKeys(): Key[] {
  return [...settings.keys()].filter(key => isForGrids(key) && replacements[key] === undefined);
}

function isForGrids(name: string): boolean {
  return name === 'model' || name.startsWith('training.') || name.startsWith('tokenization.');
}

/** Settings of which a study has an axis, or which its protocol chooses, and what to do. */
const replacements: Readonly<Record<string, string>> = {
  seed: 'study.seeds is the axis of the seeds (--seeds).',
  'training.dataSeed': 'study.dataSeeds is the axis of the shuffles of a subset (--data-seeds).',
  'training.langs': 'A study chooses its languages for each stage, by study.source, study.target and study.train.',
  'training.size': 'A study chooses its sizes for each stage, by study.sizes (--sizes).',
  'training.sizes': 'A study chooses its sizes for each stage, by study.sizes (--sizes).',
  'training.fractions': 'All cells of a study have the same rows: make a study for each.',
  'training.resplit': 'All cells of a study have the same rows: make a study for each.',
  'training.lengthBins': 'All cells of a study have the same rows: make a study for each.',
  'training.beyondBins': 'All cells of a study have the same rows: make a study for each.',
  'training.monitorLangs': 'All cells of a study read the same splits: make a study for each.',
};
