import { pairProtocol } from './checks.js';
import { stageOf } from './stage.js';

/** Phase 2.k: all rows of the source and the first `sizes[k]` of the target together, from the base checkpoint. */
export const joint = pairProtocol((config, trainRows) => {
  const { source, target, sizes } = config.study;
  return sizes.map((size, i) => {
    const phase = `2.${i + 1}`;
    const choice = {
      ...{ id: `phase-${phase}-${source}-${target}-${size}`, phase, role: 'size' as const },
      ...{ label: `${source} + ${target} ${size}`, langs: [source, target], targetSamples: size },
      ...{ rows: { size: null, sizes: { [target]: size } }, startStage: null },
    };
    return stageOf(config, choice, trainRows);
  });
});
