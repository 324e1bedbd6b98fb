"""Writes the embedded sample: the corpus as PAN-X parquet files, and the tiny XLM-R checkpoint with its tokenizer.

    python3 -m venv .venv && .venv/bin/pip install -r scripts/make-sample/requirements.txt
    .venv/bin/python scripts/make-sample/make-sample.py            # everything, 5 to 10 minutes on one core
    python3 scripts/make-sample/make-sample.py --print en/train    # one split as JSON lines; needs nothing installed

The corpus and the tokenizer are pure functions of the seed. The encoder is too, on one kind of processor: floating-point sums
differ in the last digits between instruction sets.
"""

import argparse
import json
import os

from corpus import SPLITS, TEXTS, Row, make_corpus

SEED = 42
SAMPLE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "sample"))
VOCABULARY = 2500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", default=SAMPLE, help="folder for data/ and model/ (default: the repository's sample/)")
    parser.add_argument("--print", metavar="LANG/SPLIT", choices=[f"{lang}/{split}" for lang in TEXTS for split in SPLITS])
    parser.add_argument("--data-only", action="store_true", help="leave the tokenizer and the encoder alone")
    args = parser.parse_args()

    corpus = make_corpus(args.seed)
    if args.print:
        lang, split = args.print.split("/")
        for row in corpus[lang, split]:
            print(json.dumps({"tokens": row.tokens, "ner_tags": row.tags}, ensure_ascii=False))
        return
    from parquet import write_corpus

    write_corpus(args.out, corpus)
    if not args.data_only:
        make_model(os.path.join(args.out, "model"), args.seed, corpus)


def make_model(folder: str, seed: int, corpus: dict[tuple[str, str], list[Row]]) -> None:
    from checkpoint import make_checkpoint, unlabelled_rows
    from unigram import tokenizer_json, train_unigram

    rows = unlabelled_rows(seed, corpus)
    pieces = train_unigram([row.tokens for row in rows], VOCABULARY)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as file:
        json.dump(tokenizer_json(pieces), file, ensure_ascii=False, indent=1)
        file.write("\n")
    make_checkpoint(folder, seed, rows)


if __name__ == "__main__":
    main()
