/** What the footer of a parquet file says about the columns that are to be decoded. */
export interface Footer {
  rows: number;
  rowGroups: RowGroup[];
}

export interface RowGroup {
  rows: number;
  /** Columns, those within others each by itself. */
  columns: number;
  /** Names that lead to a column, of that which has most: a list is three, a struct one and those inside it. */
  levels: number;
  /** Values of the chosen columns, of that which has most: words, and one for each row without any. */
  values: number;
  /** What the chosen columns take once they are decompressed and before they are decoded, in bytes. */
  uncompressedBytes: number;
}

/**
 * Read the footer of a parquet file: FileMetaData in Thrift's compact protocol, between the data and its own length.
 *
 * Sources: parquet-format's README, "File format", and parquet.thrift; Thrift's thrift-compact-protocol.md.
 *
 * @param columns names of the columns that are to be decoded
 * @throws Error with the reason where there is no sound footer; what it says may be wrong all the same
 */
export function readFooter(bytes: Buffer, columns: readonly string[]): Footer {
  const length = footerBytes(bytes);
  if (length > bytes.length - 12) throw new Error('its footer is cut off');
  const reader = compactReader(bytes.subarray(bytes.length - 8 - length, bytes.length - 8));
  const footer: Footer = { rows: 0, rowGroups: [] };
  reader.struct({
    3: () => {
      footer.rows = reader.count();
    },
    4: () => reader.list(() => footer.rowGroups.push(readRowGroup(reader, columns))),
  });
  return footer;
}

/**
 * Take from the footer that columns hold strings: they are then bytes, and decoded as they are. For a file whose text is not UTF-8, of which the
 * decoder does not say where.
 *
 * Source: parquet.thrift, SchemaElement, ConvertedType and LogicalType. An ENUM is bytes as well, and its numbers take as much room.
 */
export function hideStringMarks(bytes: Buffer): void {
  const start = bytes.length - 8 - footerBytes(bytes);
  if (start < 0) throw new Error('its footer is cut off');
  const footer = bytes.subarray(start, -8);
  const reader = compactReader(footer);
  const element = () =>
    reader.struct({
      6: () => {
        const at = reader.position();
        if (reader.count() === convertedUtf8) footer[at] = 2 * convertedEnum; // zigzag
      },
      10: () =>
        reader.struct({
          1: () => {
            const head = reader.position() - 1;
            if (footer[head] === headOfStruct(logicalString)) footer[head] = headOfStruct(logicalEnum);
            reader.struct({});
          },
        }),
    });
  reader.struct({ 2: () => reader.list(element) });
}

const convertedUtf8 = 0;
const convertedEnum = 4;
const logicalString = 1;
const logicalEnum = 4;

/** What stands before the first field of a struct, where that is a struct too: the field's number, and the type 12. */
function headOfStruct(field: number): number {
  return (field << 4) | 12;
}

/** How long the footer says that it is. */
export function footerBytes(bytes: Buffer): number {
  if (bytes.length < 12 || bytes.toString('latin1', bytes.length - 4) !== 'PAR1') throw new Error('it has no footer');
  return bytes.readUInt32LE(bytes.length - 8);
}

function readRowGroup(reader: CompactReader, columns: readonly string[]): RowGroup {
  const values = new Map<string, number>();
  const group: RowGroup = { rows: 0, columns: 0, levels: 0, values: 0, uncompressedBytes: 0 };
  const column = () => {
    group.columns++;
    const chunk = { name: '', values: 0, bytes: 0 };
    const metadata = () =>
      reader.struct({
        3: () => {
          const path: string[] = [];
          reader.list(() => path.push(reader.text()));
          chunk.name = path[0] ?? '';
          group.levels = Math.max(group.levels, path.length);
        },
        5: () => {
          chunk.values = reader.count();
        },
        6: () => {
          chunk.bytes = reader.count();
        },
      });
    reader.struct({ 3: metadata });
    if (!columns.includes(chunk.name)) return;
    values.set(chunk.name, (values.get(chunk.name) ?? 0) + chunk.values);
    group.uncompressedBytes += chunk.bytes;
  };
  reader.struct({
    1: () => reader.list(column),
    3: () => {
      group.rows = reader.count();
    },
  });
  group.values = Math.max(0, ...values.values());
  return group;
}

/** What stands in a struct, by the number of its field; the others are skipped. */
type Fields = Record<number, () => void>;

interface CompactReader {
  struct(fields: Fields): void;
  list(element: () => void): void;
  /** A number that is not negative. */
  count(): number;
  /** Where the next byte lies. */
  position(): number;
  text(): string;
}

/** A reader of Thrift's compact protocol; all it does throws an Error where the bytes end too soon or make no sense. */
function compactReader(bytes: Buffer): CompactReader {
  let at = 0;
  const byte = (): number => {
    const value = bytes[at++];
    if (value === undefined) throw new Error('its footer is cut off');
    return value;
  };
  const varint = (): number => {
    // 2^63 is beyond what a number holds exactly, and beyond every limit.
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const part = byte();
      value += (part & 127) * scale;
      if (part < 128) return value;
      if (scale > 2 ** 63) throw new Error('its footer has a number without end');
    }
  };
  const binary = (): Buffer => {
    const length = varint();
    if (length > bytes.length - at) throw new Error('its footer is cut off');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const skipOf = (type: number, depth: number): void => {
    if (depth > 32) throw new Error('its footer nests too deeply');
    switch (type) {
      case 1: // true and false, as fields
      case 2:
        return;
      case 3:
        byte();
        return;
      case 4:
      case 5:
      case 6:
        varint();
        return;
      case 7:
        at += 8;
        return;
      case 8:
        binary();
        return;
      case 9:
      case 10:
        elements(inner => skipOf(inner, depth + 1));
        return;
      case 12:
        fieldsOf((_, inner) => skipOf(inner, depth + 1));
        return;
      default:
        throw new Error('its footer makes no sense'); // Maps do not occur in it.
    }
  };
  const elements = (element: (type: number) => void): void => {
    const head = byte();
    const size = head >> 4 === 15 ? varint() : head >> 4;
    const type = head & 15;
    // In a list true and false take a byte each.
    for (let i = 0; i < size; i++) element(type === 1 || type === 2 ? 3 : type);
  };
  const fieldsOf = (field: (id: number, type: number) => void): void => {
    let id = 0;
    for (let head = byte(); head !== 0; head = byte()) {
      if (head >> 4 > 0) id += head >> 4;
      else id = Math.floor(varint() / 2); // zigzag; no field has a negative number
      field(id, head & 15);
    }
  };
  return {
    struct: fields => fieldsOf((id, type) => (fields[id] === undefined ? skipOf(type, 0) : fields[id]())),
    list: element => elements(element),
    count: () => {
      const zigzag = varint();
      if (zigzag % 2 === 1) throw new Error('its footer has a negative count');
      return zigzag / 2;
    },
    position: () => at,
    text: () => binary().toString('utf8'),
  };
}
