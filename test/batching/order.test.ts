import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drawRows } from '../../src/batching/mixture.js';
import { epochOrder, type OrderSettings } from '../../src/batching/order.js';
import { torchRandperm } from '../../src/system/random/torch.js';
import type { EncodedRows } from '../../src/tokenization/rows.js';

interface GoldenOrder {
  batchSize: number;
  seed: number;
  lengths: number[];
  epochs: number[][];
}

const golden = JSON.parse(
  readFileSync(new URL('../fixtures/golden/trajectories/orders.json', import.meta.url), 'utf8'),
) as GoldenOrder[];

const plain: OrderSettings = { seed: 42, batchSize: 4, gradientAccumulationSteps: 1, groupByLength: false };

describe('epochOrder', () => {
  it("is torch's randperm seeded with seed + epoch", () => {
    const rows = rowsOf(Array.from({ length: 100 }, (_, row) => row % 9));
    expect(epochOrder(rows, plain, 0)).toEqual(torchRandperm(100, 42));
    expect(epochOrder(rows, plain, 2)).toEqual(torchRandperm(100, 44));
    expect(epochOrder(rows, plain, 1)).not.toEqual(epochOrder(rows, plain, 0));
  });

  it.each(golden.map(({ lengths, ...rest }) => ({ rows: lengths.length, lengths, ...rest })))(
    "groups $rows rows by length in batches of $batchSize as Trainer's sampler does, in every epoch",
    ({ lengths, batchSize, seed, epochs }) => {
      const rows = rowsOf(lengths);
      for (const [epoch, order] of epochs.entries()) {
        expect([...epochOrder(rows, { ...plain, seed, batchSize, groupByLength: true }, epoch)]).toEqual(order);
      }
    },
  );

  it('groups the rows of a whole optimizer step', () => {
    const { lengths, batchSize, seed, epochs } = golden.find(({ batchSize }) => batchSize === 8)!;
    const window = { seed, batchSize: batchSize / 2, gradientAccumulationSteps: 2, groupByLength: true };
    expect([...epochOrder(rowsOf(lengths), window, 1)]).toEqual(epochs[1]);
  });

  it('puts the rows that a mixture draws in the order of as many rows', () => {
    const rows = rowsOf(Array.from({ length: 40 }, (_, row) => (row * 7) % 13));
    const mixture = { temperature: 3, rows: [36, 4] };
    const drawn = drawRows(mixture, 42, 1);
    const order = epochOrder(rows, { ...plain, mixture }, 1);
    expect(order).toEqual(torchRandperm(40, 43).map(i => drawn[i]!));
    expect(epochOrder(rows, { ...plain, mixture: null }, 1)).toEqual(torchRandperm(40, 43));
  });

  it('groups the rows that a mixture draws by their lengths', () => {
    const lengths = Array.from({ length: 40 }, (_, row) => (row * 7) % 13);
    const settings = { ...plain, groupByLength: true };
    const mixture = { temperature: 3, rows: [36, 4] };
    const drawn = [...drawRows(mixture, 42, 1)];
    const order = epochOrder(rowsOf(lengths), { ...settings, mixture }, 1);
    const ofDrawn = epochOrder(rowsOf(drawn.map(row => lengths[row]!)), settings, 1);
    expect([...order]).toEqual([...ofDrawn].map(i => drawn[i]!));
  });

  it('has an order of no rows', () => {
    expect([...epochOrder(rowsOf([]), { ...plain, groupByLength: true }, 0)]).toEqual([]);
  });
});

/** Rows of these lengths; an order depends on nothing else of them. */
function rowsOf(lengths: number[]): EncodedRows {
  const offsets = new Int32Array(lengths.length + 1);
  for (const [row, length] of lengths.entries()) offsets[row + 1] = offsets[row]! + length;
  const nothing = new Int32Array(offsets.at(-1)!);
  return {
    rows: lengths.length,
    offsets,
    inputIds: nothing,
    labelIds: nothing,
    wordIds: nothing,
    truncatedRows: 0,
    truncatedWords: 0,
    emptyWords: 0,
  };
}
