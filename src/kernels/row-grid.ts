import tf = require('@tensorflow/tfjs-core');

/**
 * Where the N concatenated tokens of a batch stand for attention in plain operations: rows of similar length share a grid (B, T), so that one
 * long row does not make grids of its length squared out of all the others.
 */
export interface RowGrid {
  groups: RowGroup[];
  /** (N) for each token its place among the tokens of all groups, one group after the other; null where there is one group. */
  placeOfToken: tf.Tensor1D | null;
}

/** The rows of a batch that share a grid. */
export interface RowGroup {
  rows: number; // B
  longest: number; // T
  /** (B*T) for each cell of the grid the token of the batch that stands there; any where none does. */
  tokenOfCell: tf.Tensor1D;
  /** (n) for each of the group's tokens, row by row, its cell. */
  cellOfToken: tf.Tensor1D;
  /** (B*T, 1) 1 where a token stands, else 0. */
  filled: tf.Tensor2D;
  /** (B, 1, 1, T) 0 where a token stands, else the lowest float32: added to the scores of a row's keys. */
  keyBias: tf.Tensor4D;
}

/** The grid of a batch. @param offsets (B + 1) of its rows */
export function gridOf(offsets: Int32Array): RowGrid {
  const groups = groupByLength(offsets);
  const tokens = offsets.at(-1)!;
  if (groups.length === 1) return { groups: [groupGrid(offsets, groups[0]!)], placeOfToken: null };
  const placeOfToken = new Int32Array(tokens);
  let place = 0;
  for (const row of groups.flat()) {
    for (let token = offsets[row]!; token < offsets[row + 1]!; token++) placeOfToken[token] = place++;
  }
  return {
    groups: groups.map(rows => groupGrid(offsets, rows)),
    placeOfToken: tf.tensor1d(placeOfToken, 'int32'),
  };
}

/**
 * Rows that share a grid of attention, by length: shorter rows leave for a grid of their own where that saves enough cells
 * to be worth the operations it costs. Most batches make one or two groups.
 */
export function groupByLength(offsets: Int32Array): number[][] {
  const lengthOf = (row: number) => offsets[row + 1]! - offsets[row]!;
  const byLength = Array.from({ length: offsets.length - 1 }, (_, row) => row).sort(
    (a, b) => lengthOf(b) - lengthOf(a) || a - b,
  );
  const groups: number[][] = [];
  let longest = Number.NaN;
  for (const [index, row] of byLength.entries()) {
    const length = lengthOf(row);
    const saved = (byLength.length - index) * (longest ** 2 - length ** 2);
    if (groups.length === 0 || (length <= longest / 2 && saved >= worthAGroup)) {
      groups.push([]);
      longest = length;
    }
    groups.at(-1)!.push(row);
  }
  return groups.map(rows => rows.sort((a, b) => a - b));
}

/** Cells of the score grids (each of H heads) from which another group pays. */
const worthAGroup = 20_000;

function groupGrid(offsets: Int32Array, rows: readonly number[]): RowGroup {
  const lengths = rows.map(row => offsets[row + 1]! - offsets[row]!);
  const longest = Math.max(...lengths);
  const tokenOfCell = new Int32Array(rows.length * longest);
  const cellOfToken = new Int32Array(lengths.reduce((sum, length) => sum + length, 0));
  const filled = new Float32Array(rows.length * longest);
  const keyBias = new Float32Array(rows.length * longest).fill(lowestFloat);
  let n = 0;
  for (const [index, row] of rows.entries()) {
    for (let i = 0; i < lengths[index]!; i++) {
      const cell = index * longest + i;
      tokenOfCell[cell] = offsets[row]! + i;
      cellOfToken[n++] = cell;
      filled[cell] = 1;
      keyBias[cell] = 0;
    }
  }
  return {
    rows: rows.length,
    longest,
    tokenOfCell: tf.tensor1d(tokenOfCell, 'int32'),
    cellOfToken: tf.tensor1d(cellOfToken, 'int32'),
    filled: tf.tensor2d(filled, [rows.length * longest, 1]),
    keyBias: tf.tensor4d(keyBias, [rows.length, 1, 1, longest]),
  };
}

/** What transformers fills masked scores with: the lowest float32. */
const lowestFloat = -3.4028234663852886e38;
