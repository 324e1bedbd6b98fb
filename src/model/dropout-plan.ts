import type { ModelConfig } from '../checkpoint/config.js';
import type { DropoutSeed } from '../kernels/dropout.js';

/** How one forward pass drops: the rates, and the seed of the next dropout site. */
export interface DropoutPlan {
  rates: Pick<ModelConfig, 'hiddenDropout' | 'attentionDropout' | 'classifierDropout'>;
  nextSeed(): DropoutSeed;
}
