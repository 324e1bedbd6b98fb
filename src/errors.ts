/**
 * The one error that panx shows to a user: a sentence (subject, found, expected) and, where there is one, what to do.
 *
 * Everything that can go wrong because of input, environment or disk throws this. Anything else that reaches
 * `cli.ts` is a bug of panx and is reported as one.
 */
export class PanxError extends Error {
  override readonly name = 'PanxError';
  /** What the user can do about it, as a sentence; printed on a line of its own. */
  readonly hint: string | undefined;
  /** Exit code of the process: 2 for wrong usage, 1 for everything else, 130 where it was asked to stop, by whichever signal (see commands/interrupt.ts). */
  readonly exitCode: number;

  constructor(message: string, options: { hint?: string; exitCode?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node.js system error (`ENOENT`, `EACCES`, ...), else undefined. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** "a, b and 3 more" */
export function listed(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** A value as a reader would write it, cut to `most` characters: what a hostile file holds must not become the sentence. */
export function excerpt(value: unknown, most = 80): string {
  const shown = typeof value === 'number' || typeof value === 'bigint' ? String(value) : asJson(value);
  return cutText(shown, most);
}

/** A text of at most so many UTF-16 units, with `…` for the rest; what a reader takes for one character is not cut in two. */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text;
  let end = 0;
  const seen = text.slice(0, most + 100); // With what may belong to the last character; a text may have megabytes.
  for (const { index, segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(seen)) {
    if (index + segment.length >= most) break;
    end = index + segment.length;
  }
  return `${text.slice(0, end)}…`;
}

function asJson(value: unknown): string {
  try {
    return JSON.stringify(value, (_, inner: unknown) => (isJson(inner) ? inner : String(inner))) ?? '';
  } catch {
    return 'a value that cannot be shown'; // Nested too deeply, or too long for one string.
  }
}

/** Whether JSON has a way to write a number: it has none for infinite ones, and JavaScript none for a bigint. */
function isJson(value: unknown): boolean {
  return typeof value === 'number' ? Number.isFinite(value) : typeof value !== 'bigint';
}

/** The candidate closest to `word` by edit distance, for "did you mean"; undefined where none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    // At least that many letters differ: a word of a megabyte is not compared letter by letter.
    if (Math.abs(word.length - candidate.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance between two words. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
