"""Small parquet files that decode to much, for test/data/parquet-limits.test.ts.

Run: python3 scripts/make-golden/parquet.py test/fixtures/parquet   (pyarrow 26.0.1)
"""

import struct
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(sys.argv[1])


def columns(words, word_of_value, tag_of_value, row_lengths):
    """tokens and ner_tags: value i is words[word_of_value[i]], and rows have these lengths."""
    offsets = pa.array(np.concatenate([[0], np.cumsum(row_lengths)]).astype(np.int32))
    text = pa.DictionaryArray.from_arrays(pa.array(word_of_value.astype(np.int32)), pa.array(words)).cast(pa.string())
    tags = pa.array(tag_of_value.astype(np.int64))
    return pa.table(
        {"tokens": pa.ListArray.from_arrays(offsets, text), "ner_tags": pa.ListArray.from_arrays(offsets, tags)}
    )


def alike(word, rows, row_length):
    nothing = np.zeros(rows * row_length)
    return columns([word], nothing, nothing, np.full(rows, row_length))


def by_row(rows, row_length, wrong_row=None):
    """Row i holds the word w<i % 7> with the tag i % 7; the last tag of one row may be 9."""
    of_value = np.repeat(np.arange(rows) % 7, row_length)
    tags = of_value.copy()
    if wrong_row is not None:
        tags[(wrong_row + 1) * row_length - 1] = 9
    return columns([f"w{i}" for i in range(7)], of_value, tags, np.full(rows, row_length))


def write(name, table, **options):
    pq.write_table(table, FOLDER / name, compression="zstd", compression_level=19, write_statistics=False, **options)


def varint(count):
    """A count as Thrift's compact protocol writes it: zigzag, seven bits at a time."""
    count *= 2
    parts = []
    while count >= 128:
        parts.append(128 + count % 128)
        count //= 128
    return bytes([*parts, count])


def write_lie(name, source, count, instead):
    """The file `source` with another count in its footer, wherever that stands."""
    whole = (FOLDER / source).read_bytes()
    (length,) = struct.unpack("<I", whole[-8:-4])
    start = len(whole) - 8 - length
    footer = whole[start:-8].replace(b"\x16" + varint(count), b"\x16" + varint(instead))
    assert footer != whole[start:-8]
    (FOLDER / name).write_bytes(whole[:start] + footer + struct.pack("<I", len(footer)) + b"PAR1")


FOLDER.mkdir(parents=True, exist_ok=True)
write("30-million-words.parquet", alike("a", 3000, 10_000))
write("row-of-10-million-words.parquet", alike("a", 1, 10_000_000))
write("2-gigabytes-of-text.parquet", alike("a" * 50_000, 40, 1000))
write("word-of-70-kilobytes.parquet", alike("a" * 70_000, 2, 1))
write("3-million-words.parquet", by_row(1500, 2000))
write("3-million-words-in-row-groups.parquet", by_row(1500, 2000), row_group_size=300)
write("3-million-words-one-tag-wrong.parquet", by_row(1500, 2000, wrong_row=1400))
write("3-million-empty-rows.parquet", alike("a", 3_000_000, 0))
write("80-megabytes-of-words.parquet", alike("a" * 36, 200_000, 10), use_dictionary=False)
write("word-of-60-megabytes.parquet", alike("a" * 60_000_000, 1, 1))
few = by_row(100, 3)
write("few.parquet", few)
write("tokens-twice.parquet", few.append_column("tokens", few["tokens"]))
deep = few["ner_tags"].combine_chunks()
for _ in range(300):
    deep = pa.StructArray.from_arrays([deep], ["a"])
write("300-levels.parquet", few.append_column("deep", deep))
write_lie("few-that-say-a-trillion-rows.parquet", "few.parquet", 100, 10**12)
write_lie("few-that-say-7-rows.parquet", "few.parquet", 100, 7)
write_lie("few-that-say-200-rows.parquet", "few.parquet", 100, 200)
write_lie("10-million-that-say-5.parquet", "row-of-10-million-words.parquet", 10_000_000, 5)
for path in sorted(FOLDER.glob("*.parquet")):
    print(path.stat().st_size, path.name)
