import { excerpt, type PanxError } from '../errors.js';

/** What a pickle of torch.save leaves, and the few calls in it that are known: their results are made here, and nothing is called. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleValue[] // a list or a tuple
  | Map<string, PickleValue>
  | Global
  | StorageRef
  | TensorRef
  | Opaque;

/** Whatever is not known. */
export class Opaque {
  readonly kind = 'opaque';
}
export const opaque = new Opaque();

/** A name that a pickle would import. */
export class Global {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}
}

/** A storage that lies elsewhere in the file. */
export class StorageRef {
  constructor(
    /** The class of the storage, which says the type of its values: `FloatStorage`. */
    readonly type: string,
    readonly key: string,
    /** How many values it has. */
    readonly values: number,
    /** The part of another storage that it is, counted in values; null where it is whole. Files before torch 0.4 have such. */
    readonly view: { offset: number; values: number } | null,
  ) {}
}

/** A tensor: values of a storage, from `offset` on, `strides` apart along each axis. All are whole numbers of 0 or more. */
export class TensorRef {
  constructor(
    readonly storage: StorageRef,
    readonly offset: number,
    readonly shape: number[],
    readonly strides: number[],
  ) {}
}

/** What a call gives: one of the few that are known, done here. */
export function made(
  callee: PickleValue,
  values: PickleValue,
  emptyDictionary: () => Map<string, PickleValue>,
  corrupt: (how: string) => PanxError,
): PickleValue {
  if (!(callee instanceof Global) || !Array.isArray(values)) return opaque;
  switch (`${callee.module}.${callee.name}`) {
    case 'collections.OrderedDict': {
      const dictionary = emptyDictionary();
      // Python 2 gives its pairs to the call; Python 3 sets them afterwards.
      const pairs = Array.isArray(values[0]) ? values[0] : [];
      for (const pair of pairs) setItems(dictionary, Array.isArray(pair) ? pair : [], corrupt);
      return dictionary;
    }
    case 'torch._utils._rebuild_tensor':
    case 'torch._utils._rebuild_tensor_v2':
      return tensorOf(values, corrupt);
    case 'torch._utils._rebuild_parameter':
      return values[0] instanceof TensorRef ? values[0] : opaque;
    default:
      return opaque;
  }
}

/** (storage, offset, size, stride, ...) */
function tensorOf(
  [storage, offset, shape, strides]: PickleValue[],
  corrupt: (how: string) => PanxError,
): TensorRef | Opaque {
  if (!(storage instanceof StorageRef)) return opaque; // Of values that panx does not know, such as complex numbers.
  if (!isSize(offset) || !isSizes(shape) || !isSizes(strides) || shape.length !== strides.length) {
    throw corrupt(
      `it places a tensor at ${shown(offset)} with the sizes ${shown(shape)} and the strides ${shown(strides)}, ` +
        'expected whole numbers of 0 or more, as many strides as sizes',
    );
  }
  // Copied, since a pickle may go on to change its lists.
  return new TensorRef(storage, offset, [...shape], [...strides]);
}

/** ('storage', class, key, location, values) or, before torch 1.6, with a view behind it: (key, offset, values). */
export function storageOf(id: PickleValue): StorageRef | Opaque {
  if (!Array.isArray(id)) return opaque;
  const [tag, type, key, , values, view = null] = id;
  if (tag !== 'storage' || !(type instanceof Global) || typeof key !== 'string' || !isSize(values)) return opaque;
  // Of a tensor that lay on a GPU it once was torch.cuda.
  if ((type.module !== 'torch' && type.module !== 'torch.cuda') || !/^[A-Z]\w+Storage$/.test(type.name)) return opaque;
  if (view === null) return new StorageRef(type.name, key, values, null);
  if (!Array.isArray(view) || !isSize(view[1]) || !isSize(view[2])) return opaque;
  return new StorageRef(type.name, key, values, { offset: view[1], values: view[2] });
}

export function named(module: PickleValue, name: PickleValue): Global | Opaque {
  // None that is known is longer, and a text of megabytes would be put together with another.
  const isShort = (part: PickleValue) => typeof part === 'string' && part.length <= 100;
  return isShort(module) && isShort(name) ? new Global(module as string, name as string) : opaque;
}

function isSize(value: PickleValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSizes(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.length <= 16 && value.every(isSize);
}

/** Short, as a list may hold itself. */
function shown(value: PickleValue | undefined): string {
  if (!Array.isArray(value)) return value instanceof Object || value === undefined ? 'no number' : excerpt(value);
  return value.length <= 16
    ? `(${value.map(one => (typeof one === 'number' ? one : '?')).join(', ')})`
    : `${value.length} numbers`;
}

/** Keys that are no text name no tensor; what is no dictionary takes what it is given, and stays opaque. */
export function setItems(
  dictionary: PickleValue,
  pairs: readonly PickleValue[],
  corrupt: (how: string) => PanxError,
): void {
  if (pairs.length % 2 !== 0) throw corrupt('its pickle has a key without a value');
  if (!(dictionary instanceof Map)) return;
  for (let i = 0; i < pairs.length; i += 2) {
    const key = pairs[i]!;
    if (typeof key === 'string') dictionary.set(key, pairs[i + 1]!);
    else dictionary.set(typeof key === 'number' ? String(key) : 'a key that is no text', opaque);
  }
}
