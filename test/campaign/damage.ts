import { mutateTokenizer } from '../tokenization/mutate.js';
import { changeJson, type JsonPlace, type JsonText } from './json-change.js';
import { randomOf } from './random.js';

/**
 * One change of a file's bytes. Places are fractions of the file, so that a case can be made without looking at the
 * file; `hex` holds bytes.
 */
export type Damage =
  | { kind: 'flip'; at: number; mask: number }
  | { kind: 'put'; at: number; hex: string }
  | { kind: 'insert'; at: number; hex: string }
  | { kind: 'cut'; at: number }
  | { kind: 'append'; hex: string }
  | { kind: 'zeros'; at: number; length: number }
  | { kind: 'line'; how: 'drop' | 'repeat' | 'swap'; at: number }
  | { kind: 'text'; from: string; to: string }
  | { kind: 'json'; at: JsonPlace; value: JsonText | null }
  | { kind: 'header'; at: JsonPlace; value: JsonText | null }
  | { kind: 'element'; tensor: string; at: number; value: 'NaN' | 'Infinity' | '-Infinity' }
  | { kind: 'tokenizer'; seed: number };

/** The bytes after the change. @throws where the file has no such place: then there is nothing to change */
export function applyDamage(bytes: Buffer, how: Damage): Buffer {
  const index = (at: number) => Math.min(bytes.length - 1, Math.floor(at * bytes.length));
  switch (how.kind) {
    case 'flip': {
      const changed = Buffer.from(bytes);
      changed[index(how.at)]! ^= how.mask;
      return changed;
    }
    case 'put': {
      const changed = Buffer.from(bytes);
      Buffer.from(how.hex, 'hex').copy(changed, index(how.at));
      return changed;
    }
    case 'insert':
      return splice(bytes, index(how.at), 0, Buffer.from(how.hex, 'hex'));
    case 'cut':
      return bytes.subarray(0, index(how.at));
    case 'append':
      return Buffer.concat([bytes, Buffer.from(how.hex, 'hex')]);
    case 'zeros':
      return Buffer.from(bytes).fill(0, index(how.at), Math.min(bytes.length, index(how.at) + how.length));
    case 'line':
      return Buffer.from(changeLine(bytes.toString('utf8'), how.how, how.at));
    case 'text': {
      const text = bytes.toString('utf8');
      if (!text.includes(how.from)) throw new Error(`${how.from} is not there`);
      return Buffer.from(text.replace(how.from, () => how.to));
    }
    case 'json':
      return Buffer.from(changeJson(bytes.toString('utf8'), how.at, how.value, 2));
    case 'header': {
      const length = Number(bytes.readBigUInt64LE(0));
      const json = Buffer.from(changeJson(bytes.subarray(8, 8 + length).toString('utf8'), how.at, how.value, 0));
      const start = Buffer.alloc(8);
      start.writeBigUInt64LE(BigInt(json.length));
      return Buffer.concat([start, json, bytes.subarray(8 + length)]);
    }
    case 'element':
      return putElement(bytes, how);
    case 'tokenizer':
      return Buffer.from(mutateTokenizer(bytes.toString('utf8'), randomOf('tokenizer', how.seed).next));
  }
}

function splice(bytes: Buffer, at: number, remove: number, put: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + remove)]);
}

function changeLine(text: string, how: 'drop' | 'repeat' | 'swap', at: number): string {
  const lines = text.split(/(?<=\n)/);
  const i = Math.min(lines.length - 1, Math.floor(at * lines.length));
  if (how === 'drop') lines.splice(i, 1);
  else if (how === 'repeat') lines.splice(i, 0, lines[i]!);
  else if (lines.length > 1) {
    const j = (i + 1) % lines.length;
    [lines[i], lines[j]] = [lines[j]!, lines[i]!];
  }
  return lines.join('');
}

/** Overwrite one value of the first tensor whose name contains `tensor`. */
function putElement(bytes: Buffer, { tensor, at, value }: Damage & { kind: 'element' }): Buffer {
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString('utf8')) as Record<
    string,
    { dtype: string; data_offsets: [number, number] }
  >;
  const found = Object.entries(header).find(([name]) => name.includes(tensor));
  if (found === undefined) throw new Error(`there is no tensor ${tensor}`);
  const { dtype, data_offsets: offsets } = found[1];
  const pattern = { F32: floatBytes(value), F16: halfBytes(value, 0x7c), BF16: halfBytes(value, 0x7f) }[dtype];
  if (pattern === undefined) throw new Error(`${dtype} has no such value`);
  const count = (offsets[1] - offsets[0]) / pattern.length;
  const changed = Buffer.from(bytes);
  pattern.copy(changed, 8 + length + offsets[0] + pattern.length * Math.min(count - 1, Math.floor(at * count)));
  return changed;
}

function floatBytes(value: string): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(Number(value));
  return bytes;
}

/** The two upper bytes of float16 and bfloat16: the exponent full, and in a NaN a bit of the fraction. */
function halfBytes(value: string, exponent: number): Buffer {
  const full = exponent === 0x7f ? 0x80 : 0x00;
  return Buffer.from([value === 'NaN' ? full | 0x41 : full, exponent | (value === '-Infinity' ? 0x80 : 0)]);
}
