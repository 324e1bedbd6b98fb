/**
 * What a command says while it works. Results go to stdout; progress and notices go to stderr, so that
 * `panx ... > file` holds results only.
 */

const stream = process.stderr;
let lineOpen = false;
let lastPlainMs = 0;

/** Print one line about what is happening or was found. */
export function notice(text: string): void {
  closeProgressLine();
  stream.write(`${text}\n`);
}

/**
 * Show how far a long task is. On a terminal one line is rewritten in place; elsewhere (CI, a log file) a plain
 * line is printed at most every `everyMs` milliseconds, and the last one always.
 */
export function progress(text: string, options: { done?: boolean; everyMs?: number } = {}): void {
  if (stream.isTTY) {
    const width = stream.columns ?? 80;
    stream.write(`\r\x1b[K${text.length > width - 1 ? `${text.slice(0, width - 2)}…` : text}`);
    lineOpen = true;
    if (options.done) closeProgressLine();
    return;
  }
  const now = Date.now();
  if (options.done || now - lastPlainMs >= (options.everyMs ?? 10_000)) {
    lastPlainMs = now;
    stream.write(`${text}\n`);
  }
}

/** End the line that `progress` rewrites, so that what follows starts on a new one. */
export function closeProgressLine(): void {
  if (!lineOpen) return;
  lineOpen = false;
  stream.write('\n');
}

/** 75 -> "1 min 15 s"; 3.2 -> "3.2 s"; 7300 -> "2 h 1 min". */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** 1234567 -> "1,234,567". */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** 1536 -> "1.5 kB"; 270000000 -> "270.0 MB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
