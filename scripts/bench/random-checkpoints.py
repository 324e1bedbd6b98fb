"""Randomly initialised checkpoints of every encoder at its published size, for scripts/bench/encoders.mjs.

    python scripts/bench/random-checkpoints.py --data PAN-X-FOLDER --xlm-roberta TOKENIZER-FOLDER --out FOLDER [--only NAME ...]

Each folder has what transformers' save_pretrained writes, for token classification with PAN-X's labels, and a tokenizer.json. Speed does not
depend on what the weights are. It depends on how many subwords a row has, and so on the tokenizer: the XLM-RoBERTa's own serves encoders of its
vocabulary and of mDeBERTa's (251,000); for the others one is trained on the rows' own text, of the encoder's kind and vocabulary size (it
comes out smaller where the text does not hold so many).

--twins makes for CamemBERT, BERT, ELECTRA and DistilBERT an XLM-R of their layers and vocabulary as well, with their tokenizer (NAME-as-xlm-roberta): how
far panx is ahead depends on the size of the vocabulary, all of which Trainer updates, so an encoder is held against XLM-R at its size.

Needs torch, transformers, tokenizers and pyarrow.
"""

import argparse
import json
import os
import shutil

TAGS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
BASE = dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072)
ROBERTA = dict(type_vocab_size=1, max_position_embeddings=514, layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0, eos_token_id=2)
DEBERTA = dict(relative_attention=True, position_biased_input=False, max_relative_positions=-1, type_vocab_size=0, layer_norm_eps=1e-7)
V3 = dict(pos_att_type=["p2c", "c2p"], position_buckets=256, norm_rel_ebd="layer_norm", share_att_key=True)

SPECIAL = {
    "roberta": (["<s>", "<pad>", "</s>", "<unk>", "<mask>"], ("<s>", "</s>")),
    "bert": (["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"], ("[CLS]", "[SEP]")),
}

# name: the architecture, its configuration, and the kind of tokenizer
ENCODERS = {
    "xlm-roberta": ("xlm-roberta", dict(BASE, **ROBERTA, vocab_size=250002), "xlm-roberta"),
    "camembert": ("camembert", dict(BASE, **ROBERTA, vocab_size=32005), "bpe"),
    "bert": ("bert", dict(BASE, vocab_size=119547), "wordpiece"),
    "electra": ("electra", dict(BASE, embedding_size=768, vocab_size=30522), "wordpiece"),
    "distilbert": ("distilbert", dict(dim=768, n_layers=6, n_heads=12, hidden_dim=3072, vocab_size=119547), "wordpiece"),
    "deberta": ("deberta", dict(BASE, **DEBERTA, vocab_size=50265, pos_att_type=["c2p", "p2c"]), "bpe"),
    "deberta-v3": ("deberta-v2", dict(BASE, **DEBERTA, **V3, vocab_size=128100), "unigram"),
    "mdeberta-v3": ("deberta-v2", dict(BASE, **DEBERTA, **V3, vocab_size=251000, pad_token_id=1), "xlm-roberta"),
}


OF_TWINS = ("camembert", "bert", "electra", "distilbert")
TWINS = {name: dict(BASE, **ROBERTA, vocab_size=ENCODERS[name][1]["vocab_size"]) for name in OF_TWINS}
TWINS["distilbert"]["num_hidden_layers"] = 6
# The first token of BERT's tokenizers is the padding's.
for name in ("bert", "electra", "distilbert"):
    TWINS[name].update(pad_token_id=0, bos_token_id=1, eos_token_id=2)


def words_of(data):
    import pyarrow.parquet as pq

    for name in sorted(os.listdir(data)):
        path = os.path.join(data, name, "train-00000-of-00001.parquet")
        if os.path.exists(path):
            for row in pq.read_table(path, columns=["tokens"])["tokens"].to_pylist():
                yield " ".join(row)


def trained_tokenizer(kind, size, special, ends, data):
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    options = dict(vocab_size=size, special_tokens=special, show_progress=False)
    unknown, (first, last) = special[3], ends
    if kind == "wordpiece":
        tokenizer = Tokenizer(models.WordPiece(unk_token=unknown))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(**options)
    elif kind == "bpe":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        trainer = trainers.BpeTrainer(**options)
    else:
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(unk_token=unknown, **options)
    tokenizer.train_from_iterator(words_of(data), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", special_tokens=[(token, tokenizer.token_to_id(token)) for token in ends]
    )
    return tokenizer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--xlm-roberta", required=True, help="a folder with the tokenizer.json of XLM-R")
    parser.add_argument("--out", required=True)
    parser.add_argument("--only", nargs="+", choices=ENCODERS, default=list(ENCODERS))
    parser.add_argument("--twins", action="store_true")
    args = parser.parse_args()
    for name in args.only:
        architecture, settings, kind = ENCODERS[name]
        folder = os.path.join(args.out, name)
        write_model(folder, architecture, settings)
        to = os.path.join(folder, "tokenizer.json")
        if kind == "xlm-roberta":
            shutil.copy(os.path.join(args.xlm_roberta, "tokenizer.json"), to)
        else:
            # The pad token has the id that the configuration gives it: 1 in those of RoBERTa's kind, else 0.
            special = SPECIAL["roberta" if architecture == "camembert" else "bert"]
            trained_tokenizer(kind, settings["vocab_size"], *special, args.data).save(to)
        if args.twins and name in TWINS:
            twin = f"{folder}-as-xlm-roberta"
            write_model(twin, "xlm-roberta", TWINS[name])
            shutil.copy(to, os.path.join(twin, "tokenizer.json"))


def write_model(folder, architecture, settings):
    import torch
    from transformers import AutoConfig, AutoModelForTokenClassification

    torch.manual_seed(0)
    labels = dict(id2label=dict(enumerate(TAGS)), label2id={tag: i for i, tag in enumerate(TAGS)})
    model = AutoModelForTokenClassification.from_config(AutoConfig.for_model(architecture, **settings, **labels))
    model.save_pretrained(folder)
    print(json.dumps({"made": folder, "parameters": sum(parameter.numel() for parameter in model.parameters())}))


if __name__ == "__main__":
    main()
