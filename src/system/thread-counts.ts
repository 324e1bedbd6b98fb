import { excerpt, PanxError } from '../errors.js';

/** By which a user tells TensorFlow how many threads to take. It does not read OMP_NUM_THREADS. */
export const tensorflowThreads = ['TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS'] as const;
/** The same for the tokenizers engine. */
export const tokenizerThreads = ['RAYON_NUM_THREADS'] as const;

/**
 * Look at variables that hold a number of threads before the engine that they are for does: of -1 threads TensorFlow aborts the process, 100,000 are
 * started without an end in sight, and a word counts as nothing. An empty variable counts as one that is not set.
 *
 * @throws PanxError naming the variable where it is no whole number from 1 to `mostThreads`
 */
export function refuseThreadCounts(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): void {
  for (const name of names) {
    const text = env[name];
    if (!text || (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= mostThreads)) continue;
    throw new PanxError(`${name} is ${excerpt(text)}, expected a whole number from 1 to ${mostThreads}.`, {
      hint: 'Unset it for one thread on each core.',
      exitCode: 2,
    });
  }
}

/** The largest machines have some hundred cores. */
const mostThreads = 1024;
