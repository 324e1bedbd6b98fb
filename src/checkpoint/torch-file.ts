import { excerpt, listed, PanxError } from '../errors.js';
import { modelFile } from '../run/model-files.js';
import { printable } from '../system/console.js';
import { textAtBegin } from '../system/stand-in.js';
import { type ReadableFile, readBytesNow } from './file-bytes.js';
import { readPickle } from './pickle.js';
import { Opaque, type PickleValue, type StorageRef, TensorRef } from './pickle-values.js';
import { type Dtype, elementsOf, type HeaderEntry, itemBytes } from './safetensors-header.js';
import { stateDict } from './state-dict.js';
import { extentOf, isRowMajor, overlapsItself } from './strided.js';
import { wordTable } from './tensor-names.js';
import { notRead, type OpenFile } from './tensor-source.js';
import { beginOf, crc32, readZipDirectory, type ZipEntry } from './zip.js';

/** Bytes of the pickle that names the tensors: 1,000 layers take 2.6 MB, and the header of a safetensors file may take as much. */
const longestPickle = 4 << 20;
const longestName = 1000;
/** Values of a tensor that overlaps itself, and of the part of the file that it lies in: more may come out of a file than lies in it. */
const mostOverlapping = 1 << 24;

/** Bytes of all tensors with strides, which are looked at one by one: many views of one storage might be hours of work. */
const mostStrided = (size: number): number => 4 * size + (1 << 26);

/** The first number of files before torch 1.6. */
const magicNumber = 0x1950a86a20f9469cfc6cn;

type Description = Omit<OpenFile, 'path' | 'handle'>;
type Corrupt = (how: string) => PanxError;

/** Where a storage lies in the file, in bytes. */
interface Region {
  begin: number;
  bytes: number;
}

/**
 * Read what a file of torch.save holds: the tensors of its dictionary, each with the place of its values. Nothing is imported or called, and the
 * tensors' values are not read. There are two formats: a zip archive, and that of files before torch 1.6.
 *
 * Source: torch/serialization.py (`_save`, `_legacy_save`, `_legacy_load`) and caffe2/serialize/inline_container.h.
 * @param size bytes of the file
 * @throws PanxError naming the file and what is wrong with it, or what it is instead
 */
export async function readTorchFile(file: OpenFile, size: number): Promise<Description> {
  const start = Buffer.alloc(Math.min(size, 512));
  readBytesNow(file, start, 0);
  if (start.length >= 4 && start.readUInt32LE(0) === 0x04034b50) {
    return readZip(file, size);
  }
  if (start[0] === 0x80) return readLegacy(file, size);
  throw notTorch(file.path, start);
}

function readZip(file: OpenFile, size: number): Description {
  const corrupt: Corrupt = how => unsound(file.path, how);
  const directory = readZipDirectory(file, size, corrupt);
  const pickles = [...directory.keys()].filter(name => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1) {
    throw corrupt(
      `it holds ${pickles.length} files NAME/data.pkl, expected one (it holds ${printable(listed([...directory.keys()]))})`,
    );
  }
  const folder = pickles[0]!.slice(0, -'/data.pkl'.length);
  const entryOf = (name: string): ZipEntry | undefined => directory.get(`${folder}/${name}`);
  if (entryOf('constants.pkl') !== undefined) {
    throw new PanxError(`${file.path} is a TorchScript archive (torch.jit.save), and not weights by name.`, {
      hint: 'Save its weights, in Python: torch.save(torch.jit.load("FILE").state_dict(), "pytorch_model.bin").',
    });
  }
  const contentOf = (entry: ZipEntry, most: number): Buffer => {
    if (entry.bytes > most)
      throw corrupt(`${printable(entry.name)} takes ${entry.bytes} bytes, expected at most ${most}`);
    const content = Buffer.alloc(entry.bytes);
    readBytesNow(file, content, beginOf(file, entry, corrupt));
    // 0 is what torch writes where it was told not to count.
    if (entry.crc32 !== 0 && crc32(content) !== entry.crc32)
      throw corrupt(`${printable(entry.name)} has not its checksum`);
    return content;
  };
  const order = entryOf('byteorder');
  if (order !== undefined) refuseOtherOrder(file.path, contentOf(order, 100).toString('latin1'));
  const { value, storages } = readPickle(contentOf(entryOf('data.pkl')!, longestPickle), 0, corrupt);
  oneOfEach(storages, corrupt);
  const regions = new Map<string, Region & { crc32: number }>();
  const regionOf = ({ key, type, values }: StorageRef, bytes: number): Region => {
    const entry = entryOf(`data/${key}`);
    if (entry === undefined) throw corrupt(`it lacks the storage ${excerpt(key)}`);
    if (bytes > entry.bytes)
      throw corrupt(`${printable(entry.name)} has ${entry.bytes} bytes, and ${values} of ${type} take ${bytes}`);
    const known = regions.get(key) ?? { begin: beginOf(file, entry, corrupt), bytes: entry.bytes, crc32: entry.crc32 };
    regions.set(key, known);
    return known;
  };
  const described = describe(file.path, size, value, regionOf, corrupt);
  const sealed = [...regions].map(([key, region]) => ({ ...region, name: printable(`${folder}/data/${key}`) }));
  return { ...described, sealed: sealed.filter(one => one.crc32 !== 0) };
}

/** Five pickles (magic number, protocol, system, tensors, keys of the storages), then the storages in the order of the keys. */
function readLegacy(file: OpenFile, size: number): Description {
  const corrupt: Corrupt = how => unsound(file.path, how);
  const head = Buffer.alloc(Math.min(size, longestPickle));
  readBytesNow(file, head, 0);
  let at = 0;
  const run = (fault: Corrupt = corrupt) => {
    const result = readPickle(head, at, fault);
    at = result.end;
    return result;
  };
  const notSaved = () =>
    new PanxError(`${file.path} is a pickle, but not one that torch.save writes: it lacks the magic number.`, {
      hint: saveAgain,
    });
  if (run(notSaved).value !== magicNumber) throw notSaved();
  const { value: protocol } = run();
  if (protocol !== 1001) throw corrupt(`it is of protocol ${shown(protocol)}, expected 1001`);
  const { value: system } = run();
  if (!(system instanceof Map)) throw corrupt('it does not say of which system it is');
  refuseOtherOrder(file.path, system.get('little_endian') === true ? 'little' : 'big');
  const { value, storages } = run();
  const { value: keys } = run();
  if (!Array.isArray(keys)) throw corrupt('it has no list of its storages');
  const places = storagePlaces(file, size, oneOfEach(storages, corrupt), keys, at, corrupt);
  const regionOf = ({ key, view, type, values }: StorageRef, bytes: number): Region => {
    const place = places.get(key);
    if (place === undefined) throw corrupt(`it lacks the storage ${excerpt(key)}`);
    if (view === null) return place;
    const item = bytes / Math.max(1, values);
    const region = { begin: place.begin + view.offset * item, bytes: view.values * item };
    const inside = region.begin + region.bytes <= place.begin + place.bytes;
    if (!inside) throw corrupt(`a view of ${view.values} of ${type} does not lie inside the storage ${excerpt(key)}`);
    return region;
  };
  return describe(file.path, size, value, regionOf, corrupt);
}

/** Storages by key. @throws what `corrupt` makes where one is said to be of two types or lengths, which torch.save refuses to write */
function oneOfEach(storages: readonly StorageRef[], corrupt: Corrupt): Map<string, StorageRef> {
  const known = new Map<string, StorageRef>();
  for (const storage of storages) {
    const other = known.get(storage.key) ?? storage;
    if (other.type !== storage.type || other.values !== storage.values) {
      throw corrupt(
        `the storage ${excerpt(storage.key)} is once ${other.values} of ${other.type}, once ${storage.values} of ${storage.type}`,
      );
    }
    known.set(storage.key, storage);
  }
  return known;
}

/** Before each storage stands how many values it has; what type these are of, only the tensors say. */
function storagePlaces(
  file: ReadableFile,
  size: number,
  known: ReadonlyMap<string, StorageRef>,
  keys: readonly PickleValue[],
  start: number,
  corrupt: Corrupt,
): Map<string, Region> {
  const places = new Map<string, Region>();
  let at = start;
  for (const key of keys) {
    // Behind a storage whose type is not known no other can be found, so that nothing that is needed may lie there.
    const storage = typeof key === 'string' ? known.get(key) : undefined;
    const item = storage === undefined ? undefined : valueBytes(storage);
    if (storage === undefined || item === undefined || places.has(key as string)) break;
    if (at + 8 > size) throw corrupt(truncatedAt(size));
    const count = Buffer.alloc(8);
    readBytesNow(file, count, at);
    const values = Number(count.readBigUInt64LE(0));
    const bytes = values * item;
    if (values !== storage.values) {
      throw corrupt(`the storage ${excerpt(key)} has ${values} values, and its tensors take it for ${storage.values}`);
    }
    if (at + 8 + bytes > size) throw corrupt(truncatedAt(size));
    places.set(key as string, { begin: at + 8, bytes });
    at += 8 + bytes;
  }
  return places;
}

function truncatedAt(size: number): string {
  return `it ends after ${size} bytes in the middle of a storage, as a file that was not brought whole`;
}

function describe(
  path: string,
  size: number,
  value: PickleValue,
  regionOf: (storage: StorageRef, bytes: number) => Region,
  corrupt: Corrupt,
): Description {
  if (!(value instanceof Map)) {
    throw new PanxError(`${path} holds ${kindOf(value)}, and not a dictionary of weights by name.`, {
      hint:
        value instanceof Opaque
          ? 'If it is a whole model, save its weights, in Python: torch.save(torch.load("FILE", weights_only=False).state_dict(), "pytorch_model.bin").'
          : saveWeights,
    });
  }
  const { weights, beside } = stateDict(path, value);
  const entries: HeaderEntry[] = [];
  const notTensors = beside.map(name => printable(name));
  let strided = 0;
  for (const [name, tensor] of weights) {
    if (name.length > longestName) {
      throw corrupt(`it names an entry with ${name.length} characters, expected ${longestName} at most`);
    }
    const dtype = tensor instanceof TensorRef ? dtypeOf(tensor.storage) : undefined;
    if (dtype === undefined) {
      notTensors.push(printable(name));
      continue;
    }
    const entry = entryOf(name, tensor as TensorRef, dtype, regionOf, corrupt);
    entries.push(entry);
    if (entry.strides !== undefined) strided += elementsOf(entry.shape) * itemBytes(dtype);
    if (strided > mostStrided(size)) {
      throw corrupt(
        `its views take more than ${mostStrided(size)} bytes, four times as many as the file has and 64 MB`,
      );
    }
  }
  if (entries.length === 0) {
    const table = notTensors.find(name => name.endsWith(wordTable));
    if (table !== undefined) throw notRead(`${path} holds ${table} in a type that panx does not know`);
    const inside = notTensors.length === 0 ? 'it is empty' : `it has ${listed(notTensors)}`;
    throw new PanxError(`${path} holds a dictionary without a tensor: ${inside}.`, { hint: saveWeights });
  }
  return { entries: entries.sort((a, b) => a.begin - b.begin || a.end - b.end), notTensors, sealed: [] };
}

function entryOf(
  name: string,
  { storage, offset, shape, strides }: TensorRef,
  dtype: Dtype,
  regionOf: (storage: StorageRef, bytes: number) => Region,
  corrupt: Corrupt,
): HeaderEntry {
  const item = itemBytes(dtype);
  const region = regionOf(storage, storage.values * item);
  const extent = extentOf(shape, strides);
  const values = (storage.view ?? storage).values;
  // Sizes are safe integers, so that what overflows has become larger than any file.
  if (!(offset + extent <= values) || !((offset + extent) * item <= region.bytes)) {
    throw corrupt(
      `${printable(name)} [${shape.join(', ')}] with strides (${strides.join(', ')}) reaches from value ${offset} to ` +
        `${offset + extent} of a storage of ${values}`,
    );
  }
  const begin = region.begin + offset * item;
  const entry: HeaderEntry = { name, dtype, shape, begin, end: begin + extent * item };
  if (isRowMajor(shape, strides)) return entry;
  if (overlapsItself(shape, strides) && !(Math.max(extent, elementsOf(shape)) <= mostOverlapping)) {
    throw corrupt(
      `${printable(name)} [${shape.join(', ')}] with strides (${strides.join(', ')}) overlaps itself, ` +
        `which a tensor of more than ${mostOverlapping} values may not`,
    );
  }
  return { ...entry, strides };
}

function dtypeOf({ type }: StorageRef): Dtype | undefined {
  return Object.hasOwn(dtypes, type) ? dtypes[type] : undefined;
}

const dtypes: Record<string, Dtype> = {
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  DoubleStorage: 'F64',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
};

/** Bytes of one value of a storage, of types too whose tensors stay unread; undefined of a type that torch does not have. */
function valueBytes(storage: StorageRef): number | undefined {
  const dtype = dtypeOf(storage);
  if (dtype !== undefined) return itemBytes(dtype);
  return Object.hasOwn(otherValueBytes, storage.type) ? otherValueBytes[storage.type] : undefined;
}

const otherValueBytes: Record<string, number> = {
  ComplexFloatStorage: 8,
  ComplexDoubleStorage: 16,
  QInt8Storage: 1,
  QUInt8Storage: 1,
  QInt32Storage: 4,
};

function refuseOtherOrder(path: string, order: string): void {
  if (order === 'little') return;
  throw new PanxError(`${path} has the byte order ${excerpt(order)}; panx reads files of little-endian machines.`, {
    hint: saveAgain,
  });
}

/** What a file is that torch.save did not write, as far as its beginning says. */
function notTorch(path: string, start: Buffer): PanxError {
  if (start.toString('latin1', 257, 262) === 'ustar') {
    return new PanxError(`${path} is a tar archive, as torch before 0.1.10 wrote them; panx reads later files.`, {
      hint: saveAgain,
    });
  }
  // A safetensors file: the length of its header, and the header.
  if (start.length > 9 && start.readUInt32LE(4) === 0 && start[8] === openBrace) {
    return new PanxError(`${path} is a safetensors file; expected a file of torch.save.`, {
      hint: `Give it the name ${modelFile.weights}.`,
    });
  }
  const text = textAtBegin(start);
  const begin = text === null ? `the bytes ${start.toString('hex', 0, 4)}` : `the text ${text}`;
  return new PanxError(`${path} is no file of torch.save: it begins with ${begin}.`, { hint: again });
}

function kindOf(value: PickleValue): string {
  if (value instanceof Opaque) return 'an object of Python';
  if (value instanceof TensorRef) return 'one tensor';
  return Array.isArray(value) ? 'a list' : 'one value';
}

function shown(value: PickleValue): string {
  return value instanceof Object ? kindOf(value) : excerpt(value);
}

function unsound(path: string, how: string): PanxError {
  return new PanxError(`${path} is not a sound file of torch.save: ${how}.`, { hint: again });
}

const openBrace = 0x7b;

const again = 'Copy or download the file again.';
const saveWeights = 'Save the weights by themselves, in Python: torch.save(model.state_dict(), "pytorch_model.bin").';
const saveAgain = 'Load the model in Python\'s transformers, and save it with save_pretrained("DIR").';
