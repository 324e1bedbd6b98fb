"""Small parquet files that decode to much, of types that Arrow's schema alone tells, and of text that is not UTF-8, for test/data/formats.

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

WORDS = [["Ada", "Köln"], ["in", "."]]
TAGS = [[1, 5], [0, 0]]


def write_as(name, words, tags, encode=str):
    """tokens and ner_tags of these types."""
    rows = [[encode(word) for word in row] for row in WORDS]
    write(name, pa.table({"tokens": pa.array(rows, type=words), "ner_tags": pa.array(TAGS, type=tags)}))


def unchecked(rows):
    """A list of strings, of bytes that need not be UTF-8."""
    values = [word for row in rows for word in row]
    offsets = np.cumsum([0, *map(len, values)]).astype(np.int32)
    text = pa.Array.from_buffers(pa.string(), len(values), [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(values))])
    return pa.ListArray.from_arrays(pa.array(np.cumsum([0, *map(len, rows)]).astype(np.int32)), text)


write_as("list-view.parquet", pa.list_view(pa.string()), pa.list_view(pa.int64()))
write_as("large-list-view.parquet", pa.large_list_view(pa.large_string()), pa.large_list_view(pa.int32()))
write_as("fixed-size-list.parquet", pa.list_(pa.string(), 2), pa.list_(pa.int64(), 2))
write_as("string-view.parquet", pa.list_(pa.string_view()), pa.list_(pa.uint8()))
write_as("dictionary.parquet", pa.list_(pa.dictionary(pa.int32(), pa.string())), pa.list_(pa.int64()))
write_as("dictionary-of-ids.parquet", pa.list_(pa.string()), pa.list_(pa.dictionary(pa.int8(), pa.int64())))
write_as("binary.parquet", pa.list_(pa.binary()), pa.list_(pa.int64()), str.encode)
write_as("large-binary.parquet", pa.list_(pa.large_binary()), pa.list_(pa.int64()), str.encode)
write_as("null.parquet", pa.list_(pa.null()), pa.list_(pa.int64()), lambda word: None)
latin1 = [[b"Ada", "Köln".encode()], [b"in", b"."], [b"."], [b"a", "Besançon".encode("latin-1"), b"."]]
tag_ids = pa.array([[1, 5], [0, 0], [0], [0, 5, 0]], type=pa.list_(pa.int64()))
names = [[b"B-PER", b"B-LOC"], [b"O", b"O"], [b"O"], [b"O", b"B-LOC", b"\xe9"]]
table = pa.table({"tokens": unchecked(latin1), "ner_tags": tag_ids, "names": unchecked(names), "ids": tag_ids})
write("not-utf8.parquet", table, row_group_size=2)
write("not-utf8-binary.parquet", table.set_column(0, "tokens", pa.array(latin1, type=pa.list_(pa.binary()))))

for path in sorted(FOLDER.glob("*.parquet")):
    print(path.stat().st_size, path.name)
