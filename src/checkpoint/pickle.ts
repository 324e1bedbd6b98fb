import { excerpt, type PanxError } from '../errors.js';
import { made, named, opaque, type PickleValue, StorageRef, setItems, storageOf } from './pickle-values.js';

/**
 * Operations of one pickle: 1,000 layers with parameters take 800,000. What each makes takes some 50 bytes at most; a dictionary, which takes
 * 250, counts as `dictionaryCost`.
 */
const mostOperations = 1_000_000;
const dictionaryCost = 4;
/** Numbers of more bytes are opaque: the magic number of torch.save has ten. */
const longestNumber = 16;

/**
 * A machine for the pickles of torch.save, of protocols 0 to 5. It imports nothing and calls nothing: it knows a few names (pickle-values.ts), and
 * whatever else a pickle names, makes or calls becomes one opaque value. It has no recursion, and every operation takes a byte at least.
 *
 * Source: the descriptions of the opcodes in CPython's Lib/pickletools.py; torch/serialization.py and torch/_utils.py for what tensors become.
 *
 * @param start where in the bytes it begins
 * @param corrupt makes the error of a clause that says what is wrong: "its pickle is of protocol 6"
 * @returns what it leaves, where it ends, and the storages that it names
 * @throws what `corrupt` makes
 */
export function readPickle(
  bytes: Buffer,
  start: number,
  corrupt: (how: string) => PanxError,
): { value: PickleValue; end: number; storages: StorageRef[] } {
  const stack: PickleValue[] = [];
  const marks: number[] = [];
  /** How high the stack was at the last mark: what lies below it is not at hand. */
  let floor = 0;
  /** What is kept, by index: one index after the other in what Python writes, and others apart, as an array would have holes. */
  const memo: PickleValue[] = [];
  const memoApart = new Map<number, PickleValue>();
  const storages: StorageRef[] = [];
  let at = start;
  let work = 0;

  const take = (length: number): number => {
    if (length > bytes.length - at) throw corrupt(`its pickle does not end within ${bytes.length} bytes`);
    at += length;
    return at - length;
  };
  const pop = (): PickleValue => {
    if (stack.length <= floor) throw corrupt('its pickle takes a value where there is none');
    return stack.pop()!;
  };
  const top = (): PickleValue => {
    if (stack.length <= floor) throw corrupt('its pickle takes a value where there is none');
    return stack[stack.length - 1]!;
  };
  const popMark = (): PickleValue[] => {
    const mark = marks.pop();
    if (mark === undefined) throw corrupt('its pickle takes a mark where there is none');
    floor = marks.at(-1) ?? 0;
    return stack.splice(mark);
  };
  const tuple = (length: number): void => {
    const parts = [pop()];
    while (parts.length < length) parts.unshift(pop());
    stack.push(parts);
  };
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) throw corrupt(`its pickle does not end within ${bytes.length} bytes`);
    const text = bytes.toString('latin1', at, end);
    at = end + 1;
    return text;
  };
  const text = (length: number, encoding: 'utf8' | 'latin1' = 'utf8'): void => {
    const from = take(length);
    stack.push(bytes.toString(encoding, from, from + length));
  };
  const long = (length: number): void => {
    const from = take(length);
    stack.push(length > longestNumber ? opaque : wholeNumber(bytes.subarray(from, from + length)));
  };
  const skip = (length: number): void => {
    take(length);
    stack.push(opaque);
  };
  const uint64 = (): number => Number(bytes.readBigUInt64LE(take(8)));
  const keep = (index: number): void => {
    const value = top();
    if (Number.isInteger(index) && index >= 0 && index <= memo.length) memo[index] = value;
    else memoApart.set(index, value);
  };
  const recall = (index: number): void => {
    const isApart = !(Number.isInteger(index) && index >= 0 && index < memo.length);
    const value = isApart ? memoApart.get(index) : memo[index];
    if (value === undefined) throw corrupt(`its pickle recalls what it never kept (${excerpt(index)})`);
    stack.push(value);
  };
  const emptyDictionary = (): Map<string, PickleValue> => {
    work += dictionaryCost;
    return new Map();
  };

  for (;;) {
    const code = bytes[take(1)]!;
    if (++work > mostOperations) throw corrupt(`its pickle takes more than ${mostOperations} operations`);
    switch (String.fromCharCode(code)) {
      case '.': // STOP
        return { value: pop(), end: at, storages };
      case '\x80': {
        const protocol = bytes[take(1)]!;
        if (protocol > 5) throw corrupt(`its pickle is of protocol ${protocol}, expected 0 to 5`);
        break;
      }
      case '\x95': // FRAME
        take(8);
        break;
      case '(': // MARK
        floor = stack.length;
        marks.push(floor);
        break;
      case '0': // POP
        if (marks.at(-1) === stack.length) popMark();
        else pop();
        break;
      case '1': // POP_MARK
        popMark();
        break;
      case '2': // DUP
        stack.push(top());
        break;
      case 'N':
        stack.push(null);
        break;
      case '\x88':
        stack.push(true);
        break;
      case '\x89':
        stack.push(false);
        break;
      case 'I': {
        const digits = line();
        stack.push(digits === '00' ? false : digits === '01' ? true : decimal(digits));
        break;
      }
      case 'L':
        stack.push(decimal(line().replace(/L$/, '')));
        break;
      case 'J':
        stack.push(bytes.readInt32LE(take(4)));
        break;
      case 'K':
        stack.push(bytes[take(1)]!);
        break;
      case 'M':
        stack.push(bytes.readUInt16LE(take(2)));
        break;
      case '\x8a':
        long(bytes[take(1)]!);
        break;
      case '\x8b': {
        const length = bytes.readInt32LE(take(4));
        if (length < 0) throw corrupt('its pickle has a number of negative length');
        long(length);
        break;
      }
      case 'F':
        stack.push(Number(line()));
        break;
      case 'G':
        stack.push(bytes.readDoubleBE(take(8)));
        break;
      case 'S': // A text as Python 2 prints it, between quotes.
        stack.push(line().replace(/^(['"])(.*)\1$/s, '$2'));
        break;
      case 'V':
        stack.push(line());
        break;
      case 'U': // Python 2's strings are texts here.
        text(bytes[take(1)]!, 'latin1');
        break;
      case 'T':
        text(bytes.readUInt32LE(take(4)), 'latin1');
        break;
      case '\x8c':
        text(bytes[take(1)]!);
        break;
      case 'X':
        text(bytes.readUInt32LE(take(4)));
        break;
      case '\x8d':
        text(uint64());
        break;
      case 'C':
        skip(bytes[take(1)]!);
        break;
      case 'B':
        skip(bytes.readUInt32LE(take(4)));
        break;
      case '\x8e':
      case '\x96':
        skip(uint64());
        break;
      case ')':
      case ']':
        stack.push([]);
        break;
      case '}':
        stack.push(emptyDictionary());
        break;
      case '\x8f': // EMPTY_SET
        stack.push(opaque);
        break;
      case 't': // TUPLE
      case 'l': // LIST
        stack.push(popMark());
        break;
      case '\x85':
        tuple(1);
        break;
      case '\x86':
        tuple(2);
        break;
      case '\x87':
        tuple(3);
        break;
      case 'd': {
        const dictionary = emptyDictionary();
        setItems(dictionary, popMark(), corrupt);
        stack.push(dictionary);
        break;
      }
      case '\x91': // FROZENSET
        popMark();
        stack.push(opaque);
        break;
      case 'a': {
        const value = pop();
        append(top(), [value]);
        break;
      }
      case 'e': {
        const values = popMark();
        append(top(), values);
        break;
      }
      case 's': {
        const value = pop();
        const key = pop();
        setItems(top(), [key, value], corrupt);
        break;
      }
      case 'u': {
        const pairs = popMark();
        setItems(top(), pairs, corrupt);
        break;
      }
      case '\x90': // ADDITEMS
        popMark();
        top();
        break;
      case 'p':
        keep(Number(line()));
        break;
      case 'q':
        keep(bytes[take(1)]!);
        break;
      case 'r':
        keep(bytes.readUInt32LE(take(4)));
        break;
      case '\x94': // MEMOIZE
        keep(memo.length + memoApart.size);
        break;
      case 'g':
        recall(Number(line()));
        break;
      case 'h':
        recall(bytes[take(1)]!);
        break;
      case 'j':
        recall(bytes.readUInt32LE(take(4)));
        break;
      case 'c': {
        const module = line();
        stack.push(named(module, line()));
        break;
      }
      case '\x93': {
        const name = pop();
        stack.push(named(pop(), name));
        break;
      }
      case 'R': {
        const values = pop();
        const callee = pop();
        stack.push(made(callee, values, emptyDictionary, corrupt));
        break;
      }
      case 'Q':
        stack.push(storageOf(pop()));
        if (stack.at(-1) instanceof StorageRef) storages.push(stack.at(-1) as StorageRef);
        break;
      case 'P': // PERSID: torch.save writes none that can be read.
        line();
        stack.push(opaque);
        break;
      case 'b': // BUILD: what state an object gets, and what would be called for it, does not matter.
        pop();
        top();
        break;
      case '\x81': // NEWOBJ
        pop();
        pop();
        stack.push(opaque);
        break;
      case '\x92': // NEWOBJ_EX
        pop();
        pop();
        pop();
        stack.push(opaque);
        break;
      case 'o': // OBJ
        popMark();
        stack.push(opaque);
        break;
      case 'i': // INST
        line();
        line();
        popMark();
        stack.push(opaque);
        break;
      case '\x82':
        skip(1);
        break;
      case '\x83':
        skip(2);
        break;
      case '\x84':
        skip(4);
        break;
      default:
        throw corrupt(
          `its pickle has the operation 0x${code.toString(16)} at byte ${at - 1}, which torch.save does not write`,
        );
    }
  }
}

function append(list: PickleValue, values: readonly PickleValue[]): void {
  if (Array.isArray(list)) for (const value of values) list.push(value);
}

/** A number of little-endian bytes, in two's complement: a bigint where a double does not hold it exactly. */
function wholeNumber(bytes: Buffer): number | bigint {
  if (bytes.length <= 6) return bytes.length === 0 ? 0 : bytes.readIntLE(0, bytes.length);
  const value = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
  const signed = BigInt.asIntN(8 * bytes.length, value);
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
}

function decimal(digits: string): PickleValue {
  const value = Number(digits);
  return digits.length <= 20 && Number.isSafeInteger(value) ? value : opaque;
}
