import type { Case } from '../case.js';
import type { Random } from '../random.js';
import { foreignFolder, insideInputs, linkedFolder, notAFolder, oddName } from './foreign-outs.js';
import { files, forced, forgedMark, leftovers, linkedInside, locks, neighbours, rerunInto } from './own-outs.js';

/** Family 1: every way to point a command that writes at a place where something lies already. */
export function outputsCase(random: Random): Case {
  const scene = random.pick([
    foreignFolder,
    foreignFolder,
    foreignFolder,
    linkedFolder,
    insideInputs,
    insideInputs,
    notAFolder,
    oddName,
    locks,
    leftovers,
    forced,
    forced,
    forgedMark,
    linkedInside,
    neighbours,
    rerunInto,
    files,
  ]);
  return { family: 'outputs', steps: scene(random) };
}
