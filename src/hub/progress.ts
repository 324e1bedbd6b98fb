import { formatBytes, formatSeconds, progress } from '../run/console.js';

/** How far the transfer of one file is. */
export interface TransferProgress {
  /** `org/name` of its repository. */
  repo: string;
  path: string;
  /** Its size. */
  bytes: number;
  /** How many of them are there. */
  received: number;
  /** `waiting`: another process transfers it. */
  state: 'transferring' | 'waiting' | 'done';
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
  if (state === 'done') return `${name}: ${formatBytes(bytes)}, checked`;
  const percent = Math.floor((received / bytes) * 100);
  const pace = rate > 0 ? `, ${formatBytes(rate)}/s, ${formatSeconds((bytes - received) / rate)} left` : '';
  return `${name}: ${percent}% of ${formatBytes(bytes)}${pace}`;
}
