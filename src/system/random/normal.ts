import { createHash } from 'node:crypto';

/**
 * Fill `out` with draws from N(0, deviation²).
 *
 * Counter-based: the value at an index depends on the seed, the stream's name and the index alone, not on what was drawn
 * before. So one tensor drawn by itself equals the same tensor drawn among others, and a part equals that part
 * of the whole (`firstIndex` is the index of out[0]). About 9 ns a value.
 *
 * Source: the ziggurat of J. A. Doornik, "An Improved Ziggurat Method to Generate Normal Random Samples" (2005), with
 * 128 layers, over a hash of the index.
 */
export function fillNormal(out: Float32Array, seed: number, name: string, deviation: number, firstIndex = 0): void {
  const [key0, key1] = streamKeys(seed, name);
  for (let i = 0; i < out.length; i++) {
    const word = mix(mix((firstIndex + i) ^ key0) + key1);
    const layer = word & 127;
    const u = ((word >> 7) + 0.5) * 2 ** -24; // in (-1, 1), symmetric
    const inside = Math.abs(u) < ratios[layer]!;
    out[i] = deviation * (inside ? u * edges[layer]! : drawAtEdge(word, u, layer));
  }
}

/** Right edge of layer 1, where the tail begins, and the area of each layer (Doornik, table 1). */
const tailStart = 3.442619855899;
const layerArea = 9.91256303526217e-3;

/** Right edges of the layers, from the bottom (with the tail's area) up to 0, and the quotient of neighbours. */
const edges = new Float64Array(129);
const ratios = new Float64Array(128);
edges[0] = layerArea / Math.exp(-0.5 * tailStart ** 2);
edges[1] = tailStart;
for (let i = 2; i < 128; i++) {
  const previous = edges[i - 1]!;
  edges[i] = Math.sqrt(-2 * Math.log(layerArea / previous + Math.exp(-0.5 * previous ** 2)));
}
for (let i = 0; i < 128; i++) ratios[i] = edges[i + 1]! / edges[i]!;

/** The 1 or 2 % of draws that fall outside a layer's certain part: the tail, or a wedge under the curve. */
function drawAtEdge(word: number, u: number, layer: number): number {
  let state = word;
  /** In (0, 1). */
  const uniform = (): number => {
    state = mix(state + 0x9e3779b9);
    return ((state >>> 0) + 0.5) * 2 ** -32;
  };
  for (;;) {
    if (layer === 0) {
      for (;;) {
        const x = Math.log(uniform()) / tailStart;
        if (-2 * Math.log(uniform()) >= x * x) return u < 0 ? x - tailStart : tailStart - x;
      }
    }
    const x = u * edges[layer]!;
    const lower = Math.exp(-0.5 * (edges[layer]! ** 2 - x * x));
    const upper = Math.exp(-0.5 * (edges[layer + 1]! ** 2 - x * x));
    if (upper + uniform() * (lower - upper) < 1) return x;
    layer = Math.floor(uniform() * 128);
    u = 2 * uniform() - 1;
    if (Math.abs(u) < ratios[layer]!) return u * edges[layer]!;
  }
}

/**
 * A bijection of 32-bit words in which every input bit changes every output bit with probability near one half.
 * Source: C. Wellons, "Prospecting for Hash Functions" (2018), lowbias32.
 */
function mix(word: number): number {
  let x = word | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

/** Two keys, so that the streams of two names are not shifted copies of each other. */
function streamKeys(seed: number, name: string): [number, number] {
  const digest = createHash('sha256').update(`${seed}\n${name}`).digest();
  return [digest.readInt32LE(0), digest.readInt32LE(4)];
}
