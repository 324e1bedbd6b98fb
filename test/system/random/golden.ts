import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

/** An order as the reference library gave it: all of it where it is short, else a hash of its int32 bytes. */
export interface GoldenOrder {
  n: number;
  seed: number;
  sha256: string;
  order?: number[];
}

/** Written by scripts/make-golden/random_orders.py. */
export const golden = JSON.parse(readFileSync(new URL('golden.json', import.meta.url), 'utf8')) as Record<
  'numpy' | 'torch' | 'torchVeryLarge',
  GoldenOrder[]
>;

/** An order of the shared reference: its head, its tail and a hash of it as comma-separated text. */
export interface SharedOrder {
  n: number;
  seed: number;
  first: number[];
  last: number[];
  sha256_csv: string;
}

const sharedFile = new URL('../../../../shared/reference/rng-golden.json', import.meta.url);

/** The shared reference orders, or undefined where they are not at hand. */
export const shared = existsSync(sharedFile)
  ? (JSON.parse(readFileSync(sharedFile, 'utf8')) as Record<
      'torch_randperm' | 'numpy_pcg64_permutation',
      SharedOrder[]
    >)
  : undefined;

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export function sha256OfBytes(order: Int32Array): string {
  return sha256(new Uint8Array(order.buffer, order.byteOffset, order.byteLength));
}
