"""The peer's half of tokenizing.mjs: encode a train split as a Python notebook does; print how long that took and what came out.

    python tokenizing-peer.py TOKENIZER_FOLDER DATA_FOLDER LANG CACHE_FOLDER HOW

HOW is one of

    map           transformers' fast tokenizer in datasets' map(batched=True): the token classification notebook of Hugging Face, word for
                  word but for names. A second call with the same CACHE_FOLDER finds the result in datasets' cache.
    transformers  the same tokenizer and labels over batches of 1,000 rows in a plain loop
    tokenizers    the Rust engine's own encode_batch over all rows, and the labels in a loop

startS is loading the tokenizer (imports not counted), encodeS from the rows in memory to labelled subwords in memory (map: in
its cache file). The rows are in memory as each takes them: map as a datasets.Dataset, the others as Python lists.
"""

import hashlib
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy

MAX_LENGTH = 512


def main():
    folder, data, lang, cache, how = sys.argv[1:]
    tokenizer_file = str(Path(folder) / "tokenizer.json")
    files = [str(file) for file in sorted((Path(data) / f"PAN-X.{lang}").glob("train-*.parquet"))]
    encode = {"map": with_map, "transformers": with_transformers, "tokenizers": with_tokenizers}[how]
    started, ready, done, rows = encode(tokenizer_file, files, cache)
    ids, labels = ([value for row in column for value in row] for column in rows)
    numbers = [numpy.asarray(column, dtype="<i4").tobytes() for column in (ids, labels)]
    print(
        json.dumps(
            {
                "how": how,
                "startS": ready - started,
                "encodeS": done - ready,
                "rows": len(rows[0]),
                "subwords": len(ids),
                "sha256": hashlib.sha256(b"".join(numbers)).hexdigest(),
            }
        )
    )


def with_map(tokenizer_file, files, cache):
    from datasets import Dataset
    from transformers import PreTrainedTokenizerFast

    dataset = Dataset.from_parquet(files, cache_dir=cache)
    started = time.perf_counter()
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=tokenizer_file)
    ready = time.perf_counter()

    def encode(examples):
        return tokenize_and_align_labels(tokenizer, examples)

    encoded = dataset.map(encode, batched=True, remove_columns=dataset.column_names)
    done = time.perf_counter()
    return started, ready, done, (encoded["input_ids"], encoded["labels"])


def with_transformers(tokenizer_file, files, cache):
    from transformers import PreTrainedTokenizerFast

    columns = read(files)
    started = time.perf_counter()
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=tokenizer_file)
    ready = time.perf_counter()
    ids, labels = [], []
    for start in range(0, len(columns["tokens"]), 1000):
        batch = {name: values[start : start + 1000] for name, values in columns.items()}
        encoded = tokenize_and_align_labels(tokenizer, batch)
        ids += encoded["input_ids"]
        labels += encoded["labels"]
    return started, ready, time.perf_counter(), (ids, labels)


def with_tokenizers(tokenizer_file, files, cache):
    from tokenizers import Tokenizer

    columns = read(files)
    started = time.perf_counter()
    tokenizer = Tokenizer.from_file(tokenizer_file)
    tokenizer.enable_truncation(MAX_LENGTH)
    ready = time.perf_counter()
    encodings = tokenizer.encode_batch(columns["tokens"], is_pretokenized=True)
    labels = [align(encoding.word_ids, tags) for encoding, tags in zip(encodings, columns["ner_tags"])]
    ids = [encoding.ids for encoding in encodings]
    return started, ready, time.perf_counter(), (ids, labels)


def tokenize_and_align_labels(tokenizer, examples):
    encoded = tokenizer(examples["tokens"], truncation=True, max_length=MAX_LENGTH, is_split_into_words=True)
    encoded["labels"] = [align(encoded.word_ids(batch_index=i), tags) for i, tags in enumerate(examples["ner_tags"])]
    return encoded


def align(word_ids, tags):
    """The first subword of a word carries its tag, every other position -100."""
    labels, previous = [], None
    for word in word_ids:
        labels.append(-100 if word is None or word == previous else tags[word])
        previous = word
    return labels


def read(files):
    import pyarrow.parquet

    tables = [pyarrow.parquet.read_table(file, columns=["tokens", "ner_tags"]).to_pydict() for file in files]
    return {name: [row for table in tables for row in table[name]] for name in ("tokens", "ner_tags")}


if __name__ == "__main__":
    main()
