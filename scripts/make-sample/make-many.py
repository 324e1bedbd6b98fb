"""Writes the second embedded sample, sample/many: eight languages, a tokenizer for all of them, a tiny encoder.

    python3 -m venv .venv && .venv/bin/pip install -r scripts/make-sample/requirements.txt
    .venv/bin/python scripts/make-sample/make-many.py              # everything, a minute on one core
    python3 scripts/make-sample/make-many.py --print de/train      # splits as JSON lines; needs nothing installed
    python3 scripts/make-sample/make-many.py --tokenizer           # tokenizer.json; needs nothing installed

All is a pure function of the seed, the encoder's random weights too.
"""

import argparse
import json
import os
import random
import sys

from many.corpus import SPLITS, TEXTS, ManyWriter, assign_names, make_corpus
from unigram import tokenizer_json, train_unigram

SEED = 42
SAMPLE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "sample", "many"))
VOCABULARY = 2500  # at most: pieces that the last round leaves without use go too
ROWS_EACH_LANGUAGE = 1500  # from which the tokenizer is trained
# Every letter of the eight languages, small and capital, and what else their texts are typed with.
LETTERS = "abcdefghijklmnopqrstuvwxyzçğışöüâîûäßàéèêëïôùÿœæìíîòóúáőűåñ"
OTHER_CHARACTERS = "İ0123456789.,:;!?'’\"“”„«»()[]{}-–—/&*+=%°§#@_€$£"
HIDDEN_SIZE, INTERMEDIATE_SIZE = 64, 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", default=SAMPLE, help="folder for data/ and model/ (default: the repository's sample/many)")
    splits = [f"{lang}/{split}" for lang in TEXTS for split in SPLITS]
    parser.add_argument("--print", nargs="+", metavar="LANG/SPLIT", choices=splits, help="print rows and write nothing")
    parser.add_argument("--tokenizer", action="store_true", help="print tokenizer.json and write nothing")
    args = parser.parse_args()

    if args.tokenizer:
        sys.stdout.write(make_tokenizer(args.seed))
        return
    corpus = make_corpus(args.seed)
    if args.print:
        for name in args.print:
            lang, split = name.split("/")
            for row in corpus[lang, split]:
                print(json.dumps({"tokens": row.tokens, "ner_tags": row.tags}, ensure_ascii=False))
        return
    from parquet import write_corpus

    write_corpus(args.out, corpus)
    make_model(os.path.join(args.out, "model"), args.seed)


def make_tokenizer(seed: int) -> str:
    """tokenizer.json, trained on further rows with all names, and with every character once more by itself."""
    everyone = dict.fromkeys(assign_names(seed), "common")
    sentences = [(character,) for character in sorted({*LETTERS, *LETTERS.upper(), *OTHER_CHARACTERS})]
    for lang in TEXTS:
        writer = ManyWriter(lang, "train", everyone, random.Random(f"{seed}/many/{lang}/unlabelled"))
        sentences += [writer.row().tokens for _ in range(ROWS_EACH_LANGUAGE)]
    pieces = train_unigram(sentences, VOCABULARY)
    return json.dumps(tokenizer_json(pieces), ensure_ascii=False, indent=1) + "\n"


def make_model(folder: str, seed: int) -> None:
    from checkpoint import encoder_config, random_tensors, write_encoder

    os.makedirs(folder, exist_ok=True)
    text = make_tokenizer(seed)
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as file:
        file.write(text)
    config = encoder_config(len(json.loads(text)["model"]["vocab"]), HIDDEN_SIZE, INTERMEDIATE_SIZE)
    write_encoder(folder, config, random_tensors(config, seed))


if __name__ == "__main__":
    main()
