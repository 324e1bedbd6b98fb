import { setTimeout as sleep } from 'node:timers/promises';
import { PanxError } from '../errors.js';

/** Somebody else works on a stage. */
export class Busy extends Error {
  constructor(readonly by: string) {
    super(by);
  }
}

/** Wait a second. @throws PanxError with exit code 130 where the signal is aborted */
export async function waitAWhile(signal: AbortSignal | undefined): Promise<void> {
  await sleep(1000, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  if (signal?.aborted)
    throw new PanxError('Stopped while waiting.', { hint: 'Type the same command again to go on.', exitCode: 130 });
}
