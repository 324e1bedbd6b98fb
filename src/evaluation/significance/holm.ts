/**
 * Adjust the p-values of a family of tests, so that the chance of even one false rejection among them stays below the
 * level that the adjusted values are compared with (Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979).
 * The smallest of m is multiplied with m, the next with m - 1, ...; none is below the one before it, none above 1.
 *
 * @param pValues (m)
 * @returns (m) in the same order
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((i, j) => pValues[i]! - pValues[j]!);
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  for (const [rank, i] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * pValues[i]!));
    adjusted[i] = largest;
  }
  return adjusted;
}
