import type { RelativeAttention } from '../checkpoint/architectures.js';

/**
 * The row of the table of relative positions for a distance, query - key (make_log_bucket_position in transformers).
 *
 * Near distances have a row each, up to half the span. Beyond, rows hold ever more of them, up to `farthest`; those beyond share the last. In
 * float32, step by step, as torch computes it: in double precision some distances would come one row lower.
 */
export function relativeRow(
  distance: number,
  { span, farthest }: Pick<RelativeAttention, 'span' | 'farthest'>,
): number {
  const middle = Math.floor(span / 2);
  const size = Math.abs(distance);
  let bucket = distance;
  if (farthest !== null && size > middle) {
    const { fround, log } = Math;
    const share = fround(fround(log(fround(size / middle))) / fround(log(fround((farthest - 1) / middle))));
    bucket = Math.sign(distance) * (Math.ceil(fround(share * (middle - 1))) + middle);
    // Where farthest - 1 is the middle, its logarithm is 0. Of what is then not finite torch makes the least integer.
    if (!Number.isFinite(bucket)) return 0;
  }
  return Math.min(Math.max(bucket + span, 0), 2 * span - 1);
}

/**
 * The rows that a batch reaches whose longest row has that many tokens: from the first up to the end. Where `farthest` lies within the near
 * distances, a farther one may have a nearer one's row.
 */
export function reachedRows(
  longest: number,
  relative: Pick<RelativeAttention, 'span' | 'farthest'>,
): { first: number; end: number } {
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  for (let distance = 1 - longest; distance < longest; distance++) {
    const row = relativeRow(distance, relative);
    first = Math.min(first, row);
    last = Math.max(last, row);
  }
  return { first, end: last + 1 };
}
