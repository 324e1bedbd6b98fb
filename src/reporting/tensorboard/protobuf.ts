/**
 * Fields of a message in protobuf's wire format (protobuf.dev/programming-guides/encoding). A message is its fields, one after the other.
 *
 * protobuf's own writers leave out a number that is 0, unless it is one of several choices (`oneof`). So does whoever calls these.
 */

/** int32, int64, uint64, bool and enums. @param value 0 or more, at most 2^53 - 1 */
export function integerField(field: number, value: number): Buffer {
  return Buffer.concat([tag(field, 0), varint(value)]);
}

export function doubleField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([tag(field, 1), bytes]);
}

export function floatField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([tag(field, 5), bytes]);
}

/** A text, in UTF-8. */
export function textField(field: number, value: string): Buffer {
  return messageField(field, [Buffer.from(value, 'utf8')]);
}

/** A message within a message, or bytes. @param parts its fields */
export function messageField(field: number, parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([tag(field, 2), varint(content.length), content]);
}

/** Seven bits a byte, the lowest first; the highest bit of a byte says that more follow. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  // No bitwise operators: those cut a number to 32 bits.
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function tag(field: number, wireType: number): Buffer {
  return varint(field * 8 + wireType);
}
