import { readFileSync } from 'node:fs';
import { maskedCrc32c } from '../../../src/reporting/tensorboard/crc32c.js';

/** A scalar of an event file. */
export interface ReadScalar {
  wallTime: number;
  step: number;
  tag: string;
  value: number;
}

/** What an event file says, read without the code that writes it, but for the checksum. */
export interface ReadEvents {
  scalars: ReadScalar[];
  /** Tags of summaries that are no scalars, in their order. */
  others: string[];
  /** Where each record ends. */
  ends: number[];
}

/** @throws Error where a record is not whole, or its checksum is not its own */
export function readEvents(path: string): ReadEvents {
  const bytes = readFileSync(path);
  const read: ReadEvents = { scalars: [], others: [], ends: [] };
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const content = bytes.subarray(at + 12, at + 12 + length);
    if (bytes.readUInt32LE(at + 8) !== maskedCrc32c(bytes.subarray(at, at + 8))) throw new Error(`length at ${at}`);
    if (bytes.readUInt32LE(at + 12 + length) !== maskedCrc32c(content)) throw new Error(`content at ${at}`);
    at += 16 + length;
    read.ends.push(at);
    const event = fields(content);
    for (const summary of event.get(5) ?? []) {
      for (const value of fields(summary as Buffer).get(1) ?? []) {
        const of = fields(value as Buffer);
        const tag = (of.get(1)![0] as Buffer).toString('utf8');
        const scalar = of.get(2)?.[0];
        if (scalar === undefined) read.others.push(tag);
        else {
          const [wallTime, step] = [event.get(1)![0] as number, (event.get(2)?.[0] as number) ?? 0];
          read.scalars.push({ wallTime, step, tag, value: scalar as number });
        }
      }
    }
  }
  return read;
}

/** The values of a message's fields, by their numbers. */
function fields(message: Buffer): Map<number, (number | Buffer)[]> {
  const found = new Map<number, (number | Buffer)[]>();
  let at = 0;
  const varint = () => {
    let [value, unit] = [0, 1];
    for (; message[at]! > 127; at++, unit *= 128) value += (message[at]! - 128) * unit;
    return value + message[at++]! * unit;
  };
  while (at < message.length) {
    const tag = varint();
    const wireType = tag % 8;
    let value: number | Buffer;
    if (wireType === 0) value = varint();
    else if (wireType === 1) {
      value = message.readDoubleLE(at);
      at += 8;
    } else if (wireType === 5) {
      value = message.readFloatLE(at);
      at += 4;
    } else {
      const length = varint();
      value = message.subarray(at, at + length);
      at += length;
    }
    found.set(Math.floor(tag / 8), [...(found.get(Math.floor(tag / 8)) ?? []), value]);
  }
  return found;
}
