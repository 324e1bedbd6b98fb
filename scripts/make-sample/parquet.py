"""A corpus as parquet files, as google/xtreme publishes PAN-X."""

import json
import os

import pyarrow
import pyarrow.parquet

from corpus import TAGS, Row


def write_corpus(folder: str, corpus: dict[tuple[str, str], list[Row]]) -> None:
    """`folder`/data/PAN-X.LANG/SPLIT-00000-of-00001.parquet for every language and split."""
    for (lang, split), rows in corpus.items():
        path = os.path.join(folder, "data", f"PAN-X.{lang}", f"{split}-00000-of-00001.parquet")
        write_parquet(path, rows, lang)
        print(f"{path}: {len(rows)} rows")


def write_parquet(path: str, rows: list[Row], lang: str) -> None:
    """The columns, types and Hugging Face metadata of google/xtreme's own files."""
    string, tag = {"dtype": "string", "_type": "Value"}, {"names": TAGS, "_type": "ClassLabel"}
    features = {
        name: {"feature": feature, "_type": "Sequence"} for name, feature in (("tokens", string), ("ner_tags", tag), ("langs", string))
    }
    schema = pyarrow.schema(
        [
            ("tokens", pyarrow.list_(pyarrow.string())),
            ("ner_tags", pyarrow.list_(pyarrow.int64())),
            ("langs", pyarrow.list_(pyarrow.string())),
        ],
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )
    columns = [[list(row.tokens) for row in rows], [list(row.tags) for row in rows], [[lang] * len(row.tokens) for row in rows]]
    table = pyarrow.table([pyarrow.array(column, field.type) for column, field in zip(columns, schema)], schema=schema)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    pyarrow.parquet.write_table(table, path, compression="snappy", row_group_size=1000)
