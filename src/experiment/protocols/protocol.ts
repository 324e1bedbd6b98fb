import type { ProtocolName } from '../../config/schema.js';
import { cumulative } from './cumulative.js';
import { fromSource } from './from-source.js';
import { joint } from './joint.js';
import { mixtures } from './mixtures.js';
import type { Protocol } from './stage.js';
import { targetOnly } from './target-only.js';
import { targetThenSource } from './target-then-source.js';
import { zeroShot } from './zero-shot.js';

/** The one switch between protocols: whatever else works on a study asks here. */
export function protocolOf(name: ProtocolName): Protocol {
  switch (name) {
    case 'cumulative':
      return cumulative;
    case 'from-source':
      return fromSource;
    case 'target-only':
      return targetOnly;
    case 'joint':
      return joint;
    case 'target-then-source':
      return targetThenSource;
    case 'zero-shot':
      return zeroShot;
    case 'mixtures':
      return mixtures;
  }
}

/** Whether a protocol is a matrix of training and test languages, without sizes of a target. */
export function isMatrix(name: ProtocolName): boolean {
  return name === 'zero-shot' || name === 'mixtures';
}
