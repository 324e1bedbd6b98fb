"""Write test/fixtures/golden/split-rows: long rows, split as XTREME splits them, scored by transformers and seqeval.

    golden/bin/python scripts/make-golden/split_rows.py

For each of two encoders a folder with a tiny checkpoint (config.json, model.safetensors, tokenizer.json; every parameter random):
xlm-roberta, with positions for rows of 12 subwords and no more, and deberta-v2, whose positions are relative. Beside them expected.json:

    maxLength    subwords of a row, special tokens included
    rows         {words, tags}: among the words are some without a subword, and some of more subwords than a row may have
    starts       of each row: the words with which its segments begin
    predicted    of each row: the tag of each word, of the segments that hold them; null without a subword
    losses       of each row: the sum of -ln p(tag) over its words
    scores       seqeval's default mode over the joined rows
    cut          the same scores where rows are cut instead

The words that begin segments are found as in XTREME's utils_preprocess.py, of which this is the loop; but a word that is longer than a segment keeps
its first subwords, where XTREME puts the unknown token, and a word without a subword is left out, where it puts that token too.
"""

import json
import random
import shutil
from pathlib import Path

import torch
from seqeval.metrics import accuracy_score, f1_score, precision_score, recall_score
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModelForTokenClassification, PreTrainedTokenizerFast

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "test" / "fixtures"
OUT = FIXTURES / "golden" / "split-rows"
TAGS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
SIZES = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 12, "initializer_range": 1.0}
MODELS = {
    "xlm-roberta": ("unigram", 12, {**SIZES, "max_position_embeddings": 14, "pad_token_id": 1, "type_vocab_size": 1}),
    "deberta-v2": (
        "byte-level", 16,
        {**SIZES, "max_position_embeddings": 512, "type_vocab_size": 0, "relative_attention": True, "position_buckets": 8, "pos_att_type": ["p2c", "c2p"],
         "share_att_key": True, "norm_rel_ebd": "layer_norm", "position_biased_input": False, "pad_token_id": 1},
    ),
}  # fmt: skip


def rows_of(sentences, seed):
    """Rows of 0 to 60 of the words of some sentences."""
    generator = random.Random(seed)
    words = [word for sentence in sentences for word in sentence if word] + ["\u200e", "Ὀδυσσεύς", "東京都", "👩‍👩‍👧", "Donaudampfschiff" * 4]
    rows = []
    for length in [0, 1, 3, 7, 8, 9, 12, 20, 33, 60, 60, 5]:
        row = [generator.choice(words) for _ in range(length)]
        tags = []
        while len(tags) < length:
            kind = generator.choice(["O", "PER", "ORG", "LOC"])
            tags += ["O"] if kind == "O" else [f"B-{kind}"] + [f"I-{kind}"] * generator.randrange(4)
        rows.append({"words": row, "tags": tags[:length]})
    return rows


def with_prefix_space(tokenizer):
    """As transformers encodes words: RoBERTa's tokenizers put a space before each, whatever their file says."""
    for part in (tokenizer["pre_tokenizer"], tokenizer["post_processor"]):
        if "add_prefix_space" in part:
            part["add_prefix_space"] = True
    return tokenizer


def starts_of(words, tokenizer, max_length):
    """XTREME's loop over the words of a sentence: the words that begin a segment."""
    max_seq_len = max_length - 2
    starts, subword_len_counter = [0], 0
    for index, word in enumerate(words):
        encoding = tokenizer([word], is_split_into_words=True, add_special_tokens=False)
        current_subwords_len = min(len(encoding["input_ids"]), max_seq_len)
        if subword_len_counter + current_subwords_len > max_seq_len:
            starts.append(index)
            subword_len_counter = current_subwords_len
        else:
            subword_len_counter += current_subwords_len
    return starts


def tagged(words, tags, tokenizer, model, max_length):
    """The tag that a model gives to each word of a segment; None without a subword. And the sum of its losses."""
    encoding = tokenizer(words, is_split_into_words=True, truncation=True, max_length=max_length)
    with torch.no_grad():
        ids = torch.tensor([encoding["input_ids"]])
        logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0]
    predicted, loss = [None] * len(words), 0.0
    for position, word in enumerate(encoding.word_ids()):
        if word is None or predicted[word] is not None:
            continue
        predicted[word] = TAGS[int(logits[position].argmax())]
        loss -= float(logits[position].double().log_softmax(0)[TAGS.index(tags[word])])
    return predicted, loss


def scores_of(rows, predicted):
    seen = [[(tag, mine) for tag, mine in zip(row["tags"], own) if mine is not None] for row, own in zip(rows, predicted)]
    gold, mine = [[tag for tag, _ in row] for row in seen], [[tag for _, tag in row] for row in seen]
    metrics = {"precision": precision_score, "recall": recall_score, "f1": f1_score, "accuracy": accuracy_score}
    return {name: float(metric(gold, mine)) for name, metric in metrics.items()}


def write(name, tokenizer_name, max_length, sizes):
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    source = FIXTURES / "tokenization" / tokenizer_name
    golden = json.loads((source / "golden.json").read_text())
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json.dumps(with_prefix_space(json.loads((source / "tokenizer.json").read_text())))))
    labels = {"id2label": dict(enumerate(TAGS)), "label2id": {tag: i for i, tag in enumerate(TAGS)}}
    torch.manual_seed(3)
    config = AutoConfig.for_model(name, vocab_size=golden["vocabularySize"], **sizes, **labels)
    model = AutoModelForTokenClassification.from_config(config, attn_implementation="eager").eval()
    model.save_pretrained(folder)
    shutil.copyfile(source / "tokenizer.json", folder / "tokenizer.json")
    rows = rows_of(golden["sentences"], seed=max_length)
    starts, predicted, losses, cut = [], [], [], []
    for row in rows:
        words, tags = row["words"], row["tags"]
        starts.append(starts_of(words, tokenizer, max_length))
        ends = starts[-1][1:] + [len(words)]
        segments = [tagged(words[a:b], tags[a:b], tokenizer, model, max_length) for a, b in zip(starts[-1], ends)]
        predicted.append([tag for own, _ in segments for tag in own])
        losses.append(sum(loss for _, loss in segments))
        cut.append(tagged(words, tags, tokenizer, model, max_length)[0])
    expected = {
        "maxLength": max_length, "rows": rows, "starts": starts, "predicted": predicted, "losses": losses,
        "scores": scores_of(rows, predicted), "cut": scores_of(rows, cut),
    }  # fmt: skip
    (folder / "expected.json").write_text(json.dumps(expected, ensure_ascii=False) + "\n")
    print(name, sum(len(own) - 1 for own in starts), "boundaries", expected["scores"], "cut:", expected["cut"])


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name, (tokenizer_name, max_length, sizes) in MODELS.items():
        write(name, tokenizer_name, max_length, sizes)
