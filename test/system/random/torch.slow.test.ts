import { expect, it } from 'vitest';
import { torchRandperm } from '../../../src/system/random/torch.js';
import { golden, sha256OfBytes } from './golden.js';

// On either side of the size from which torch draws 64-bit words: 0.9 GB and some twenty seconds each.
it.each(golden.torchVeryLarge)('equals torch.randperm for n=$n', { timeout: 300_000 }, ({ n, seed, sha256 }) => {
  expect(sha256OfBytes(torchRandperm(n, seed))).toBe(sha256);
});
