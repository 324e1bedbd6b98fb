import { notice } from '../system/console.js';

/**
 * A signal that is aborted by the first Ctrl-C (SIGINT) or SIGTERM, so that work can stop at a good place; the second one ends
 * the process at once.
 */
export function abortOnSignals(message: string): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
      notice(message);
    });
  }
  return controller.signal;
}
