import { curriculum } from './curriculum.js';

/** Every stage of phase 3 starts from the source-only model, so that it has seen no other rows of the target than its own. */
export const fromSource = curriculum(sourceOnly => sourceOnly);
