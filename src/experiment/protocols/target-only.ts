import { pairProtocol } from './checks.js';
import { stageOf } from './stage.js';

/** Phase 1.k: the first `sizes[k]` rows of the target alone, from the base checkpoint. */
export const targetOnly = pairProtocol((config, trainRows) => {
  const { target, sizes } = config.study;
  return sizes.map((size, i) => {
    const phase = `1.${i + 1}`;
    const choice = {
      ...{ id: `phase-${phase}-${target}-${size}`, phase, role: 'size' as const, label: `${target} ${size}` },
      ...{ langs: [target], rows: { size }, targetSamples: size, startStage: null },
    };
    return stageOf(config, choice, trainRows);
  });
});
