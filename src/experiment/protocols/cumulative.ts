import { curriculum } from './curriculum.js';

/** Stage 3.1 starts from the source-only model, and each further one from the one before it. */
export const cumulative = curriculum((_, before) => before);
