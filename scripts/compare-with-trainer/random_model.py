"""Write a random XLM-R token classifier as a checkpoint folder.

    python random_model.py --config '{"vocab_size": 120, "hidden_size": 32, ...}' --seed 1 --out DIR [--tokenizer DIR]

The configuration is in transformers' words; with --tokenizer, its vocabulary is the size of the word table and its
tokenizer.json is copied. Every parameter is random, LayerNorm and biases too, so that no gradient is zero by accident.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

from transformers import XLMRobertaConfig, XLMRobertaForTokenClassification

sys.path.insert(0, str(Path(__file__).parents[1] / "make-golden"))
from model import TAGS, labels_and_dropout, random_model  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=json.loads, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path)
    args = parser.parse_args()
    described = {"type_vocab_size": 1, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, **args.config}
    if args.tokenizer:
        from tokenizers import Tokenizer

        file = args.tokenizer / "tokenizer.json"
        described["vocab_size"] = Tokenizer.from_file(str(file)).get_vocab_size()
    tags = TAGS[: described.pop("labels", len(TAGS))]
    config = XLMRobertaConfig(**described, **labels_and_dropout(tags))
    random_model(XLMRobertaForTokenClassification, config, args.seed).save_pretrained(args.out)
    if args.tokenizer:
        shutil.copy(file, args.out)


if __name__ == "__main__":
    main()
