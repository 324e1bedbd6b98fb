/** A p-value, and the counts behind it. */
export interface PValue {
  p: number;
  /** How many of the trials speak against a difference. */
  count: number;
  trials: number;
  /** The trials are all that there are, not a random part of them. */
  exact: boolean;
}

/** Two scores, or differences of scores, that are nearer than this are equal: sums of fractions in another order differ by rounding. */
export const tolerance = 1e-12;
