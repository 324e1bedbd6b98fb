import { pairProtocol } from './checks.js';
import { type Protocol, type Stage, stageOf } from './stage.js';

/**
 * A cross-lingual curriculum, in an order in which each stage comes after the one it starts from:
 *
 * - phase 1: the target alone, all rows, from the base checkpoint;
 * - phase 2: the source alone, all rows, from the base checkpoint; on the target it is the zero-shot model;
 * - phase 3.k: the first `sizes[k]` rows of the target's shuffled train split (nested subsets), after the source.
 *
 * @param startOf where a stage of phase 3 starts: the source-only model, or the stage before it
 */
export function curriculum(startOf: (sourceOnly: Stage, before: Stage) => Stage): Protocol {
  return pairProtocol((config, trainRows) => {
    const { source, target, sizes } = config.study;
    const alone = { startStage: null, rows: { size: null } };
    const targetOnly = stageOf(
      config,
      {
        ...{ id: `phase-1-${target}`, phase: '1', role: 'target', label: target, langs: [target], ...alone },
        targetSamples: trainRows[target] ?? null,
      },
      trainRows,
    );
    const sourceOnly = stageOf(
      config,
      {
        ...{ id: `phase-2-${source}`, phase: '2', role: 'source', label: source, langs: [source], ...alone },
        targetSamples: 0,
      },
      trainRows,
    );
    const stages = [targetOnly, sourceOnly];
    for (const [i, size] of sizes.entries()) {
      const phase = `3.${i + 1}`;
      const choice = {
        ...{ id: `phase-${phase}-${target}-${size}`, phase, role: 'size' as const },
        ...{ label: `${source} → ${target} ${size}`, langs: [target], rows: { size }, targetSamples: size },
        startStage: startOf(sourceOnly, stages.at(-1)!).id,
      };
      stages.push(stageOf(config, choice, trainRows));
    }
    return stages;
  });
}
