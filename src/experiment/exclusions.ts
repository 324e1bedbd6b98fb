import { inline } from '../config/describe.js';
import type { Cell } from '../config/grid.js';
import type { Config, ProtocolName } from '../config/schema.js';
import { PanxError } from '../errors.js';
import { canonicalJson } from '../system/json.js';
import { isMatrix } from './protocols/protocol.js';
import type { Stage } from './protocols/stage.js';

/** Points of a study's axes that study.exclude leaves out of the multiplication, as whole rows of its tables. */

/** Whether an entry names a stage's value on each of its axes. */
export function isExcluded(
  { study }: Pick<Config, 'study'>,
  { protocol, cell, stage }: { protocol: ProtocolName; cell: Cell; stage: Stage },
): boolean {
  const valueOn = (axis: string): unknown => {
    if (axis === 'protocol') return protocol;
    if (axis === 'train') return isMatrix(protocol) ? stage.config.training.langs : undefined;
    return cell[axis as keyof Cell];
  };
  return study.exclude.some(entry =>
    Object.entries(entry).every(([axis, values]) => valuesOf(axis, values).some(same(axis, valueOn(axis)))),
  );
}

/** Check that each entry names values of several axes of the study. @throws PanxError naming what it has not */
export function checkExclusions({ study }: Pick<Config, 'study'>): void {
  const axes = new Map<string, readonly unknown[]>([
    ['protocol', [study.protocol].flat()],
    ...([study.protocol].flat().some(isMatrix) ? [['train', study.train] as const] : []),
    ...Object.entries(study.grid),
  ]);
  for (const entry of study.exclude) {
    const names = Object.keys(entry);
    if (names.length < 2) {
      throw refusal(
        entry,
        'the values of two axes or more',
        `Leave the value out of study.${placeOf(names[0]!)} instead.`,
      );
    }
    for (const [axis, values] of Object.entries(entry)) {
      const there = axes.get(axis);
      if (there === undefined) throw refusal(axis, `one of the study's axes ${[...axes.keys()].join(', ')}`);
      const stray = valuesOf(axis, values).find(value => !there.some(same(axis, value)));
      if (stray !== undefined) throw refusal(stray, `what study.${placeOf(axis)} has: ${inline(there)}`);
    }
  }
}

/** The error of a study all of whose points are left out. */
export function nothingLeft(): PanxError {
  return new PanxError('study.exclude leaves no training of the study; expected one or more.', { exitCode: 2 });
}

function refusal(found: unknown, expected: string, hint?: string): PanxError {
  return new PanxError(`study.exclude has ${inline(found)}; expected ${expected}.`, {
    ...(hint === undefined ? {} : { hint }),
    exitCode: 2,
  });
}

function placeOf(axis: string): string {
  return axis === 'protocol' || axis === 'train' ? axis : `grid.${axis}`;
}

/** An entry's values on an axis: one, or a list of them. A value of `train` is a list itself. */
function valuesOf(axis: string, values: unknown): unknown[] {
  if (!Array.isArray(values)) return [values];
  return axis === 'train' && !values.some(Array.isArray) ? [values] : values;
}

/** Two sets of languages are the same in any order. */
function same(axis: string, one: unknown): (other: unknown) => boolean {
  const id = (value: unknown) => canonicalJson(axis === 'train' && Array.isArray(value) ? [...value].sort() : value);
  return other => one !== undefined && id(one) === id(other);
}
