import { PanxError } from '../errors.js';

/** What an interrupted run has left cannot be gone on with. */
export class DamagedRun extends PanxError {}

/** Look at, or read, what a run is to go on from. @throws DamagedRun in place of a PanxError */
export async function goingOn<T>(look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof PanxError)) throw error;
    const { message, hint, exitCode, cause } = error;
    throw new DamagedRun(message, { exitCode, cause, ...(hint === undefined ? {} : { hint }) });
  }
}
