import { constants } from 'node:os';
import { notice } from '../system/console.js';
import { hangupIsIgnored } from '../system/hangup.js';

/**
 * How soon after the first signal another one says nothing new, in milliseconds. A terminal sends Ctrl-C to every process of a group, and one
 * of them may pass it on; where a session ends, SIGHUP and SIGTERM come together.
 */
const togetherMs = 1000;

/** That of Ctrl-C: what was stopped carries it as the code of its error, whichever signal it was. */
export const stoppedCode = exitCodeOf('SIGINT');

let stoppedBy: NodeJS.Signals = 'SIGINT';

/** The exit code of a process that a signal has stopped: 128 and its number. */
export function codeOfStop(): number {
  return exitCodeOf(stoppedBy);
}

/**
 * A signal that is aborted by the first Ctrl-C (SIGINT), SIGTERM or SIGHUP, so that work can stop at a good place; one that comes a second
 * later or more ends the process at once. SIGHUP means nothing to a process that was started with it ignored.
 */
export function abortOnSignals(message: string): AbortSignal {
  const controller = new AbortController();
  let firstMs = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    if (name === 'SIGHUP' && hangupIsIgnored()) continue;
    process.on(name, () => {
      if (!controller.signal.aborted) {
        stoppedBy = name;
        firstMs = performance.now();
        controller.abort();
        notice(message);
      } else if (performance.now() - firstMs >= togetherMs) process.exit(exitCodeOf(name));
    });
  }
  return controller.signal;
}

function exitCodeOf(name: NodeJS.Signals): number {
  return 128 + constants.signals[name];
}
