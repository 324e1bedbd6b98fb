"""Small corpora in the forms that other programs write, and what seqeval reads in tags of every scheme.

Run: python3 scripts/make-golden/corpora.py test/fixtures/corpora   (pyarrow 26.0.1, seqeval 1.2.2)
"""

import json
import random
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from seqeval.metrics.sequence_labeling import get_entities

FOLDER = Path(sys.argv[1])

# The rows of every parquet file: words beyond ASCII and beyond the Basic Multilingual Plane, and a row without any.
WORDS = [["Ada", "Lovelace", "."], ["In", "Köln", "𝔸"], []]
TAGS = [["B-PER", "I-PER", "O"], ["O", "B-LOC", "O"], []]
NAMES = ["I-LOC", "O", "B-PER", "I-PER", "B-LOC"]
IDS = [[NAMES.index(tag) for tag in row] for row in TAGS]

CLASS_LABEL = {"names": NAMES, "_type": "ClassLabel"}
# How the datasets library has described a list of ClassLabel over the years, the newest first.
DESCRIPTIONS = {
    "list": {"feature": CLASS_LABEL, "_type": "List"},
    "sequence": {"feature": CLASS_LABEL, "_type": "Sequence"},
    "long-sequence": {
        "feature": {"num_classes": 5, "names": NAMES, "names_file": None, "id": None, "_type": "ClassLabel"},
        "length": -1,
        "id": None,
        "_type": "Sequence",
    },
    "array": [CLASS_LABEL],
    "class-label": {"sequence": {"class_label": {"names": {str(i): name for i, name in enumerate(NAMES)}}}},
}


def write(name, words, tags, values, description=None, **options):
    table = pa.table({"words": pa.array(WORDS, type=words), "labels": pa.array(values, type=tags), "n": [1, 2, 3]})
    if description is not None:
        features = {"words": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"}}
        info = {"info": {"features": {**features, "labels": DESCRIPTIONS[description]}}}
        table = table.replace_schema_metadata({b"huggingface": json.dumps(info).encode()})
    pq.write_table(table, FOLDER / f"{name}.parquet", **options)


def parquet_files():
    string = pa.string()
    for width in ["int8", "int16", "int32", "int64", "uint8"]:
        write(f"ids-{width}", pa.list_(string), pa.list_(getattr(pa, width)()), IDS, "sequence")
    for description in DESCRIPTIONS:
        write(f"described-{description}", pa.list_(string), pa.list_(pa.int64()), IDS, description)
    for compression in ["zstd", "brotli", "lz4", "gzip", "none"]:
        write(f"strings-{compression}", pa.list_(string), pa.list_(string), TAGS, compression=compression)
    write("page-v2", pa.list_(string), pa.list_(string), TAGS, data_page_version="2.0", compression="zstd")
    write("large", pa.large_list(pa.large_string()), pa.large_list(pa.large_string()), TAGS)
    write("list-view", pa.list_view(string), pa.list_view(string), TAGS)
    write("large-list-view-of-ids", pa.large_list_view(string), pa.large_list_view(pa.int64()), IDS, "sequence")
    write("string-view", pa.list_(pa.string_view()), pa.list_(pa.string_view()), TAGS)
    write("dictionary", pa.list_(pa.dictionary(pa.int32(), string)), pa.list_(pa.dictionary(pa.int8(), string)), TAGS)
    write("without-arrow-schema", pa.list_(string), pa.list_(string), TAGS, store_schema=False)
    write("old-lists", pa.list_(string), pa.list_(string), TAGS, use_compliant_nested_type=False)
    write("unnamed-ids", pa.list_(string), pa.list_(pa.int64()), IDS)
    write("floats", pa.list_(string), pa.list_(pa.float64()), [[float(i) for i in row] for row in IDS])


def schemes():
    """Random tags of each scheme, mistakes and all, and the entities that seqeval's default mode reads in them."""
    draw = random.Random(0)
    cases = []
    for scheme, letters in [("IOB1", "BI"), ("BIOES", "BIES"), ("BILOU", "BILU")]:
        for _ in range(60):
            tags = []
            for _ in range(draw.randint(1, 12)):
                letter = draw.choice(letters + "O")
                tags.append("O" if letter == "O" else f"{letter}-{draw.choice(['PER', 'LOC'])}")
            # seqeval's default mode does not know BILOU's letters; they mean what BIOES's do.
            read = [{"L": "E", "U": "S"}.get(tag[0], tag[0]) + tag[1:] for tag in tags]
            entities = [[kind, int(first), int(last)] for kind, first, last in get_entities(read)]
            cases.append({"scheme": scheme, "tags": tags, "entities": entities})
    lines = ",\n".join(json.dumps(case) for case in cases)
    (FOLDER / "schemes.json").write_text(f"[\n{lines}\n]\n")


FOLDER.mkdir(parents=True, exist_ok=True)
parquet_files()
schemes()
for path in sorted(FOLDER.iterdir()):
    print(path.stat().st_size, path.name)
