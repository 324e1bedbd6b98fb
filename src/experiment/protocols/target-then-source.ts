import { pairProtocol } from './checks.js';
import { stageOf } from './stage.js';
import { targetOnly } from './target-only.js';

/** Phase 4.k: all rows of the source, after the first `sizes[k]` rows of the target, which are phase 1.k of `target-only`. */
export const targetThenSource = pairProtocol((config, trainRows) => {
  const { source, target, sizes } = config.study;
  const first = targetOnly.stages(config, trainRows);
  return sizes.flatMap((size, i) => {
    const phase = `4.${i + 1}`;
    const choice = {
      ...{ id: `phase-${phase}-${source}-after-${target}-${size}`, phase, role: 'size' as const },
      ...{ label: `${target} ${size} → ${source}`, langs: [source], rows: { size: null }, targetSamples: size },
      startStage: first[i]!.id,
    };
    return [{ ...first[i]!, role: 'start' as const }, stageOf(config, choice, trainRows)];
  });
});
