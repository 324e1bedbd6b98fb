import { formatBytes, formatSeconds } from '../system/console.js';
import type { HubSettings } from './settings.js';

/**
 * How long the hub is waited for. All of it follows from one setting, `timeoutMs` (HF_HUB_DOWNLOAD_TIMEOUT, 30 s):
 *
 * - silence: no byte for `timeoutMs`, before the first one too, redirects included;
 * - a file: fewer than 1 kB/s on average over twice that time (a modem brings more);
 * - any other answer: not whole after twice that time;
 * - the listing of a folder, which comes in pages: a further one after ten times that time.
 *
 * Silence alone would not do: a server that sends a byte every few seconds is never silent, and never done.
 */
export interface Patience {
  /** Aborted when patience ends; give it to fetch. */
  signal: AbortSignal;
  /** Tell it that bytes came. */
  heard(bytes: number): void;
  /** Nothing more is waited for; what still comes is not read. */
  end(): void;
}

/**
 * What a busy server may ask for between two tries. The Hugging Face hub counts requests over five minutes, so that none that is
 * asked too often has to be waited for longer.
 */
export const longestPauseMs = 300_000;

/** A server that sends, but too slowly to be waited for. */
export class TooSlow extends Error {
  override readonly name = 'TooSlow';
}

export function patienceWithFile(settings: HubSettings): Patience {
  const windowMs = 2 * settings.timeoutMs;
  let inWindow = 0;
  const patience = patienceWithSilence(settings, bytes => {
    inWindow += bytes;
  });
  const timer = setInterval(() => {
    if (inWindow < (slowestBytesPerSecond * windowMs) / 1000) {
      const pace = `${formatBytes(slowestBytesPerSecond)}/s for ${formatSeconds(windowMs / 1000)}`;
      patience.abort(new TooSlow(`it sent less than ${pace}`));
    }
    inWindow = 0;
  }, windowMs);
  return endedBy(patience, () => clearInterval(timer));
}

export function patienceWithAnswer(settings: HubSettings): Patience {
  const patience = patienceWithSilence(settings);
  const wholeMs = 2 * settings.timeoutMs;
  const timer = setTimeout(() => {
    patience.abort(new TooSlow(`its answer was not whole after ${formatSeconds(wholeMs / 1000)}`));
  }, wholeMs);
  return endedBy(patience, () => clearTimeout(timer));
}

/** How long the pages of a listing are asked for. */
export function listingMs(settings: HubSettings): number {
  return 10 * settings.timeoutMs;
}

const slowestBytesPerSecond = 1000;

function patienceWithSilence({ timeoutMs }: HubSettings, onBytes?: (bytes: number) => void) {
  const controller = new AbortController();
  const onSilence = () => controller.abort(new DOMException('The server went silent', 'TimeoutError'));
  let timer = setTimeout(onSilence, timeoutMs);
  return {
    signal: controller.signal,
    heard(bytes: number) {
      clearTimeout(timer);
      timer = setTimeout(onSilence, timeoutMs);
      onBytes?.(bytes);
    },
    end() {
      clearTimeout(timer);
      controller.abort();
    },
    abort: (reason: Error) => controller.abort(reason),
  };
}

function endedBy(patience: Patience, stop: () => void): Patience {
  return {
    ...patience,
    end() {
      stop();
      patience.end();
    },
  };
}
