"""Write test/fixtures/golden/fertility.json: how tokenizers split the words of rows, counted with transformers.

    golden/bin/python scripts/make-golden/fertility.py        # in the environment of converters.py, with transformers 4.57.6

The tokenizers are those of test/fixtures/converters, the rows those of the sample of eight languages, and the hostile words of words.json in rows
of ten. Each row is encoded whole, as `tokenizer(row, is_split_into_words=True)` without truncation. All numbers are counts: the comparison is exact.

    python scripts/make-golden/fertility.py ROWS.json FOLDER...    # the same counts of other rows and tokenizers, printed as JSON

ROWS.json has a list of rows for each language: {"en": [["Ada", "Lovelace"]]}. test/tokenization/fertility.slow.test.ts runs this on the real PAN-X.
"""

import json
import os
import sys
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"

from transformers import AutoTokenizer
from transformers.utils import logging

logging.set_verbosity_error()
ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "test" / "fixtures"
OUT = FIXTURES / "golden" / "fertility.json"
NAMES = ["bert-cased", "bert-uncased", "camembert", "deberta", "deberta-v3", "electra-accents", "roberta", "xlm-roberta-added"]
MAX_LENGTH = 64


def counts(tokenizer, rows):
    found = dict(rows=len(rows), words=0, subwords=0, continuedWords=0, unknownWords=0, unknownSubwords=0, emptyWords=0, longestRow=0, cutRows=0)
    total = 0
    for words in rows:
        encoding = tokenizer(words, is_split_into_words=True)
        ids = encoding["input_ids"]
        of_word = [[] for _ in words]
        for token, word in zip(ids, encoding.word_ids()):
            if word is not None:
                of_word[word].append(token)
        found["words"] += len(words)
        found["subwords"] += sum(len(pieces) for pieces in of_word)
        found["continuedWords"] += sum(len(pieces) > 1 for pieces in of_word)
        found["emptyWords"] += sum(len(pieces) == 0 for pieces in of_word)
        unknown = [sum(piece == tokenizer.unk_token_id for piece in pieces) for pieces in of_word]
        found["unknownWords"] += sum(count > 0 for count in unknown)
        found["unknownSubwords"] += sum(unknown)
        found["longestRow"] = max(found["longestRow"], len(ids))
        found["cutRows"] += len(ids) > MAX_LENGTH
        total += len(ids)
    # The sum, since a mean is no whole number.
    return {**found, "subwordsOfRows": total}


def counts_of(folders, rows):
    result = {}
    for folder in folders:
        prefix = {} if "bert-" in Path(folder).name else {"add_prefix_space": True}
        tokenizer = AutoTokenizer.from_pretrained(folder, **prefix)
        tokenizer.model_max_length = sys.maxsize
        found = {lang: counts(tokenizer, those) for lang, those in rows.items()}
        result[Path(folder).name] = {"vocabularySize": max(tokenizer.get_vocab().values()) + 1, "counts": found}
    return result


def sample_rows():
    import pyarrow.parquet as pq

    def rows(lang):
        table = pq.read_table(ROOT / "sample" / "many" / "data" / f"PAN-X.{lang}" / "test-00000-of-00001.parquet")
        return [list(row) for row in table.column("tokens").to_pylist()]

    words = json.loads((FIXTURES / "converters" / "words.json").read_text())["words"]
    hostile = [word if isinstance(word, str) else word["unit"] * word["times"] for word in words]
    return {**{lang: rows(lang) for lang in ["de", "en", "hu", "tr"]}, "hostile": [hostile[i : i + 10] for i in range(0, len(hostile), 10)]}


if len(sys.argv) > 1:
    print(json.dumps(counts_of(sys.argv[2:], json.loads(Path(sys.argv[1]).read_text()))))
else:
    golden = {"maxLength": MAX_LENGTH, "tokenizers": counts_of([FIXTURES / "converters" / name for name in NAMES], sample_rows())}
    OUT.write_text(json.dumps(golden, indent=1) + "\n")
