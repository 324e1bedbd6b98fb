import { cutText } from '../errors.js';
import { cutToWidth } from './display-width.js';
import { rememberComplaint } from './outputs.js';
import { visible, visibleLines } from './visible.js';

/**
 * What a command says. Results go to stdout; progress and notices go to stderr, so that `panx ... > file` holds results only.
 * Whatever in them comes from files or names of files is made visible here, so that it cannot act on the terminal: nothing else in panx writes to
 * either.
 */

const stream = process.stderr;
let lineOpen = false;
let lastPlainMs = 0;
let lastPlain = '';

/** Print results for a reader. JSON is for programs and goes to stdout as it is: `formatJson` escapes what could act there. */
export function print(text: string): void {
  process.stdout.write(visibleLines(text));
}

/** A part of what is printed, in a colour or a weight: a code of ANSI's "select graphic rendition". */
export interface Painted {
  text: string;
  code: number;
}

/** Print results with colours of panx's own, where stdout is a terminal and NO_COLOR is not set. */
export function printPainted(parts: readonly (string | Painted)[]): void {
  process.stdout.write(paintedText(parts, process.stdout.isTTY === true && !process.env.NO_COLOR));
}

/** @param color whether the parts have their colours */
export function paintedText(parts: readonly (string | Painted)[], color: boolean): string {
  return parts
    .map(part => {
      if (typeof part === 'string') return visibleLines(part);
      return color ? `\x1b[${part.code}m${visible(part.text)}\x1b[0m` : visible(part.text);
    })
    .join('');
}

/**
 * The columns of the terminal that results or progress go to; undefined where it is none, or one that does not say how wide it is: then COLUMNS may.
 * A pseudo-terminal that was given no size has 0.
 */
export function terminalWidth(to: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'> = process.stdout): number | undefined {
  if (to.columns > 0) return to.columns;
  const { COLUMNS = '' } = process.env;
  return to.isTTY && /^[1-9]\d{0,4}$/.test(COLUMNS) ? Number(COLUMNS) : undefined;
}

/** Print one line about what is happening or was found. */
export function notice(text: string): void {
  noticeLines(visible(text));
}

/** The same of several lines. */
export function noticeLines(text: string): void {
  closeProgressLine();
  lastPlain = '';
  stream.write(`${visibleLines(text)}\n`);
}

/** Print why a command ends without having done its work, and what to do: a line each. */
export function complaint(sentence: string, hint: string | undefined): void {
  complaintLines(`panx: ${visible(sentence)}${hint === undefined ? '' : `\n  ${visible(hint)}`}`);
}

/** The same of what has more lines, such as a stack. */
export function complaintLines(text: string): void {
  const lines = `${visibleLines(text)}\n`;
  closeProgressLine();
  rememberComplaint(lines);
  stream.write(lines);
}

/**
 * Show how far a long task is. On a terminal one line is rewritten in place; elsewhere (CI, a log file) a plain
 * line is printed at most every `everyMs` milliseconds, and the last one always, once.
 */
export function progress(line: string, options: { done?: boolean; everyMs?: number } = {}): void {
  const text = visible(line);
  if (stream.isTTY) {
    stream.write(`\r\x1b[K${cutToWidth(text, (terminalWidth(stream) ?? 80) - 1)}`);
    lineOpen = true;
    if (options.done) closeProgressLine();
    return;
  }
  const now = Date.now();
  if (options.done ? text !== lastPlain : now - lastPlainMs >= (options.everyMs ?? 10_000)) {
    lastPlainMs = now;
    lastPlain = text;
    stream.write(`${text}\n`);
  }
}

/** End the line that `progress` rewrites, so that what follows starts on a new one. */
export function closeProgressLine(): void {
  if (!lineOpen) return;
  lineOpen = false;
  stream.write('\n');
}

/** 75 -> "1 min 15 s"; 3.2 -> "3.2 s"; 7300 -> "2 h 1 min"; 3 days -> "3 d 0 h". */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'an unknown time';
  const whole = Math.round(seconds);
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 72) return `${hours} h ${minutes % 60} min`;
  return `${formatCount(Math.floor(hours / 24))} d ${hours % 24} h`;
}

/** 1234567 -> "1,234,567". */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** 1, "word" -> "1 word"; 2000 -> "2,000 words". */
export function counted(count: number, thing: string): string {
  return `${formatCount(count)} ${thing}${count === 1 ? '' : 's'}`;
}

/** 1536 -> "1.5 kB"; 270000000 -> "270.0 MB"; 28.4912, as a rate may be, -> "28.5 B". */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return 'an unknown size';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = Math.abs(bytes);
  let unit = 0;
  // What one decimal would round up to 1000.0 is 1.0 of the next unit.
  while (value >= (unit === 0 && Number.isInteger(bytes) ? 1000 : 999.95) && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 && Number.isInteger(value) ? 0 : 1;
  return `${bytes < 0 ? '-' : ''}${value.toFixed(digits)} ${units[unit]}`;
}

/** What others wrote (a server, a file), as a part of a sentence: made visible, and cut where it is long. */
export function printable(text: string, most = 120): string {
  return visible(cutText(text, most + 1));
}
