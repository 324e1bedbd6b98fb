/** A damaged copy of a file of torch.save, of one of many kinds. @param random from 0 to below 1, such as of a seeded generator */
export function mutateTorch(file: Uint8Array, random: () => number): Buffer {
  const bytes = Buffer.from(file);
  for (let times = 1 + below(pick([1, 1, 3, 10], random), random); times > 0; times--) {
    const at = placeIn(bytes, random);
    const length = 1 + below(pick([1, 8, 100], random), random);
    switch (below(10, random)) {
      case 0:
      case 1:
        bytes[at]! ^= 1 << below(8, random);
        break;
      case 2:
        bytes[at] = pick(operations, random);
        break;
      case 3:
        bytes[at] = below(256, random);
        break;
      case 4: {
        const value = pick([0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, bytes.length], random);
        if (at + 4 <= bytes.length) bytes.writeUInt32LE(value, at);
        break;
      }
      case 5:
        bytes.fill(pick([0, 0xff, 0x28, 0x5d], random), at, Math.min(bytes.length, at + length));
        break;
      case 6:
        return bytes.subarray(0, at);
      case 7:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
      case 8:
        return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
      case 9:
        bytes.copyWithin(at, placeIn(bytes, random), placeIn(bytes, random));
        break;
    }
  }
  return bytes;
}

/** Of pickles: what makes numbers, texts, tuples, calls, and what keeps and recalls. */
const operations = [
  ...Buffer.from(
    '.(012NIJKMGSVUTX)]}tldaesupqrghjcRQPboi\x80\x81\x85\x86\x87\x88\x89\x8a\x8b\x8c\x93\x94\x95',
    'latin1',
  ),
];

/** Half of the damage is done where the structure is: pickles, headers and the directory, which lie around texts. */
function placeIn(bytes: Buffer, random: () => number): number {
  if (random() < 0.3) return below(bytes.length, random);
  const landmark = pick(['PK', 'storage', 'torch', 'data', 'OrderedDict', 'cpu', 'Float', '.weight'], random);
  const found: number[] = [];
  for (let at = bytes.indexOf(landmark); at >= 0; at = bytes.indexOf(landmark, at + 1)) found.push(at);
  const from = found.length === 0 ? below(bytes.length, random) : pick(found, random);
  return Math.max(0, Math.min(bytes.length - 1, from - 30 + below(100, random)));
}

function below(most: number, random: () => number): number {
  return Math.floor(random() * most);
}

function pick<T>(values: readonly T[], random: () => number): T {
  return values[below(values.length, random)]!;
}
