import type { DataType } from 'apache-arrow';
import { arrow } from '../arrow.js';
import { tableFromColumns, type WordColumns } from '../columns.js';
import { withParquetDecoder } from './parquet-decoder.js';
import { largestFile } from './parquet-limits.js';

/**
 * Rows as a parquet file in the form of PAN-X: tokens, a list of strings, and ner_tags, a list of ids, whose names stand in the metadata as
 * Hugging Face's datasets library writes them.
 */
export async function parquetBytes(columns: WordColumns, tags: readonly string[]): Promise<Uint8Array> {
  const features = {
    tokens: { feature: { dtype: 'string', _type: 'Value' }, _type: 'Sequence' },
    ner_tags: { feature: { names: tags, _type: 'ClassLabel' }, _type: 'Sequence' },
  };
  const table = tableFromColumns(columns);
  // In the footer, and in the schema of Arrow that stands there: some readers look at one, some at the other.
  const metadata = new Map([['huggingface', JSON.stringify({ info: { features } })]]);
  // The library takes the names only where the columns may hold nulls, as its own do.
  const listOf = (element: DataType) => new arrow.List(new arrow.Field('item', element, true));
  const types = { tokens: listOf(new arrow.Utf8()), ner_tags: listOf(new arrow.Int64()) };
  const schema = new arrow.Schema(
    Object.entries(types).map(([name, type]) => new arrow.Field(name, type, true)),
    metadata,
  );
  const batches = table.batches.map(batch => new arrow.RecordBatch(schema, batch.data));
  const stream = arrow.tableToIPC(new arrow.Table(schema, batches), 'stream');
  return await withParquetDecoder(largestFile, ({ writeParquet, Table, WriterPropertiesBuilder, Compression }) => {
    const properties = new WriterPropertiesBuilder()
      .setCompression(Compression.ZSTD)
      .setKeyValueMetadata(metadata)
      .build();
    return writeParquet(Table.fromIPCStream(stream), properties);
  });
}
