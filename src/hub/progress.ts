import { formatBytes, formatSeconds, progress } from '../system/console.js';

/** How far the transfer of one file is. */
export interface TransferProgress {
  /** `org/name` of its repository. */
  repo: string;
  path: string;
  /** Its size. */
  bytes: number;
  /** How many of them are there. */
  received: number;
  /** `waiting`: another process transfers it. `checking`: it lies in the cache and is read once to see whether it is whole. */
  state: 'transferring' | 'waiting' | 'checking' | 'done';
}

export type OnProgress = (transfer: TransferProgress) => void;

/** A function for `onProgress` that keeps a line on the terminal: file, size, share, rate and time left. */
export function transferLine(nowMs: () => number = Date.now): OnProgress {
  let current: { path: string; startMs: number; startBytes: number } | undefined;
  return transfer => {
    if (current?.path !== transfer.path) {
      current = { path: transfer.path, startMs: nowMs(), startBytes: transfer.received };
    }
    const seconds = (nowMs() - current.startMs) / 1000;
    const rate = (transfer.received - current.startBytes) / seconds;
    progress(transferText(transfer, seconds > 0 ? rate : 0), { done: transfer.state === 'done' });
  };
}

/** @param rate bytes a second; 0 where it is not known yet. */
export function transferText({ repo, path, bytes, received, state }: TransferProgress, rate: number): string {
  const name = `${repo}: ${path}`;
  if (state === 'waiting') return `${name}: another process brings it; waiting`;
  if (state === 'checking') return `${name}: checking ${formatBytes(bytes)} in the cache, once`;
  if (state === 'done') return `${name}: ${formatBytes(bytes)}, checked`;
  // What lies there already, or a server, may be larger than the file.
  const percent = bytes > 0 ? Math.min(100, Math.floor((received / bytes) * 100)) : 100;
  return `${name}: ${percent}% of ${formatBytes(bytes)}${paceText(bytes - received, rate)}`;
}

/** Nothing where no rate is known yet; no time left where that would be more than a month: such a rate does not stay. */
function paceText(left: number, rate: number): string {
  if (!(rate > 0) || rate === Number.POSITIVE_INFINITY) return '';
  const seconds = Math.max(0, left) / rate;
  const time = seconds > 30 * 86_400 ? 'more than a month left' : `${formatSeconds(seconds)} left`;
  return `, ${formatBytes(rate)}/s, ${time}`;
}
