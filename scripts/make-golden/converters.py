"""Write the golden files of test/tokenization/converters: small tokenizers without tokenizer.json, and the ids that transformers gives.

    python3 -m venv golden
    golden/bin/pip install transformers==4.57.6 tokenizers==0.22.2 sentencepiece==0.2.3 protobuf==7.36.2 pyarrow
    golden/bin/python scripts/make-golden/converters.py

Vocabularies are made of words of the sample. Ids are integers: the comparison is exact. A folder has the files of one model of the hub, less
tokenizer.json, and golden.json: the ids of each word of words.json alone, without special tokens, and some rows with them. More than 200 ids
of a word are kept as their number and SHA-256.

The character map nmt_nfkc has 240 KB, so the model that has it lies compressed (brotli, by Node.js). The others have small maps of their own.
"""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import pyarrow.parquet as pq
import sentencepiece
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoTokenizer
from transformers.utils import logging

logging.set_verbosity_error()
ROOT = Path(__file__).resolve().parents[2]
OUT = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "test" / "fixtures" / "converters"
LANGS = ["de", "en", "fr", "hu", "tr"]


def sample_rows(lang, split, count):
    table = pq.read_table(ROOT / "sample" / "many" / "data" / f"PAN-X.{lang}" / f"{split}-00000-of-00001.parquet")
    return [list(row) for row in table.column("tokens").to_pylist()[:count]]


TEXT = [" ".join(row) for lang in LANGS for row in sample_rows(lang, "train", 150)]
# Characters that no row of the sample has, so that they are in the vocabularies.
TEXT += ["東京 は 日本 です", "Москва и Київ", "مرحبا بالعالم", "नमस्ते दुनिया", "Ελλάδα", "½ ﬁn ＡＢＣ １２３", "🎉 👨 ❤"] * 4

HOSTILE = [
    "", " ", "  ", "\t", "\n", "\u00a0", "\u3000", "\u2028", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2060", "\ufeff", "\u00ad",
    "\ufe0f", "\u0000", "\u0001", "\u001b", "\u007f", "\u0085", "\ufffd", "\ufffe", "\U0010ffff", "\ue000", "a\u0000b", "a\u0007b", "a\ufffdb",
    "a\u00adb", "Os\u200elo", "a\u200db", "a\u200bb", "a\u2028b", "a\u3000b", "New York", "in  Norway", " Oslo ", "a\tb", "a\nb", "a\r\nb",
    "Été", "E\u0301te\u0301", "Köln", "Ko\u0308ln", "İstanbul", "I\u0307stanbul", "ıI", "ẞ", "ß", "Ǆ", "ŉ", "Å", "Å", "ﬁn", "ﬀ", "ﷺ", "㌔", "½", "²",
    "Ａｄａ", "１２３", "ｶﾞ", "東京", "日本語です", "한국어", "\u1112\u1161\u11ab", "𠀀𠀁", "豈", "Москва", "київ", "Й", "И\u0306", "Ελλάδα", "ὈΔΥΣΣΕΎΣ", "Σς",
    "مرحبا", "مَرْحَبًا", "שָׁלוֹם", "a\u202eb", "नमस्ते", "क्\u200dष", "ไทย", "ก\u0e33", "a" + "\u0301" * 30, "Z\u0351\u036b\u0343a\u0302lgo",
    "🎉", "👨\u200d👩\u200d👧", "❤\ufe0f", "🇳🇴", "👍🏽", "𝔸𝕓", "Ⅷ", "①", "™", "…", "—", "''", "``", "**", "...", "(", ")", "2.000.000", "1896-1952", "don't", "l'eau",
    "a.b,c!", "foo_bar", "$5", "a+b=c", "^~`", "<s>", "</s>", "<pad>", "<unk>", "<mask>", " <mask> ", "x<mask>y", "<MASK>", "[CLS]", "[SEP]", "[PAD]", "[UNK]",
    "[MASK]", " [MASK] x", "[mask]", "a[SEP]b", "▁", "▁▁a", "a▁b", "##a", "Ġ", "Ġthe", "@@", "<ent>", "<ENT>", "x<ent>y", " <ent> ", "<new>", "<New>", "<new>s",
    "<s>NOTUSED", "<unk>NOTUSED", "twice", "last", "constructor", "__proto__", "supercalifragilisticexpialidocious" * 3, "a" * 99, "a" * 100, "a" * 101, "é" * 100,
    "ab" * 5000, "e\u0301" * 5000, "東" * 10000, "🎉" * 2500, " a" * 5000,
]
WORDS = list(dict.fromkeys(HOSTILE + [word for lang in LANGS for row in sample_rows(lang, "test", 6) for word in row]))
ROWS = [row for lang in LANGS for row in sample_rows(lang, "validation", 2)] + [
    [], [""], ["Ada", "", "Lovelace", "\u200e", "."], ["a\u200db", "<mask>", "[MASK]", "x"], ["E\u0301te\u0301", "東京", "İstanbul's"],
]


def word_piece(lower):
    """Characters, each also as a continuation, and beginnings and ends of words that are frequent."""
    text = "\n".join(TEXT)
    counts = Counter()
    for word in (text.lower() if lower else text).split():
        for end in range(1, min(len(word), 9) + 1):
            counts[word[:end]] += 1
            if end < len(word):
                counts["##" + word[-end:]] += 1
    characters = sorted({c for word in (text.lower() if lower else text).split() for c in word})
    pieces = [piece for piece, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if len(piece) > 1]
    specials = ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens = specials + characters + ["##" + c for c in characters] + pieces[:900]
    return "\n".join(dict.fromkeys(tokens)) + "\n"


def byte_level(specials):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(
        vocab_size=900, special_tokens=specials, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    merges = "".join(" ".join(merge) + "\n" for merge in model["merges"])
    return {"vocab.json": json.dumps(model["vocab"], ensure_ascii=False), "merges.txt": "#version: 0.2\n" + merges}


def sentence_piece(rules=None, rule_name=None, **options):
    """@param rules from texts to texts that the character map is to make"""
    model = io.BytesIO()
    path = OUT / "rules.tsv"
    if rules is not None:
        code = lambda text: " ".join(f"{ord(c):X}" for c in text)
        path.write_text("".join(f"{code(a)}\t{code(b)}\n" for a, b in rules.items()))
        options["normalization_rule_tsv"] = str(path)
    else:
        options["normalization_rule_name"] = rule_name
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT), model_writer=model, vocab_size=options.pop("vocab_size", 800), hard_vocab_limit=False,
        num_threads=1, minloglevel=2, **{"model_type": "unigram", **options},
    )
    path.unlink(missing_ok=True)
    # Paths of the machine are no part of a model.
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.getvalue())
    proto.normalizer_spec.normalization_rule_tsv = ""
    return proto.SerializeToString()


RULES = {"é": "e", "ﬁ": "fi", "\u200e": "", "\u00a0": " ", "\u3000": " ", "½": "1/2", "e\u0301": "é", "Ａ": "A", "１": "1", "\u0007": "", "👨\u200d👩": "家"}
DEBERTA = dict(pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]")


def flags(content, **others):
    return {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, **others}


def cases():
    cased, uncased = word_piece(False), word_piece(True)
    special_map = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}
    yield "bert-uncased", "bert", {"vocab.txt": uncased, "tokenizer_config.json": {"do_lower_case": True}}, {}
    yield "bert-cased", "bert", {
        # A token that is there twice has the id of its last line, and the first id is free.
        "vocab.txt": cased + "twice\ntwice\nlast\n",
        "tokenizer_config.json": {"do_lower_case": False, "model_max_length": 512, "tokenizer_class": "BertTokenizerFast"},
        "special_tokens_map.json": special_map,
    }, {}
    # Accents kept though lower case; Chinese characters not split; lines that end as on Windows, an empty one, no end of the last one.
    odd = uncased.replace("\n", "\r\n").replace("[unused0]", "") + "last"
    yield "electra-accents", "electra", {
        "vocab.txt": odd,
        "tokenizer_config.json": {"do_lower_case": True, "strip_accents": False, "tokenize_chinese_chars": False},
        "added_tokens.json": {"<new>": odd.count("\n") + 1, "<ent>": odd.count("\n") + 2},
        "special_tokens_map.json": {**special_map, "additional_special_tokens": ["<ent>"]},
    }, {}
    yield "distilbert-added", "distilbert", {
        "vocab.txt": cased,
        "tokenizer_config.json": {
            "do_lower_case": False,
            "strip_accents": True,
            "mask_token": {"__type": "AddedToken", **flags("[MASK]", lstrip=True)},
            "added_tokens_decoder": {
                "0": flags("[PAD]", special=True),
                "5": flags("[MASK]", special=True, lstrip=True),
                str(cased.count("\n")): flags("<New>", normalized=True, special=False),
                str(cased.count("\n") + 1): flags("<ent>", single_word=True, special=False, rstrip=True),
            },
        },
    }, {}
    roberta = byte_level(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    yield "roberta", "roberta", roberta, {"add_prefix_space": True}
    yield "roberta-added", "roberta", {
        **roberta,
        "tokenizer_config.json": {"add_prefix_space": False, "errors": "replace", "mask_token": {"__type": "AddedToken", **flags("<mask>")}},
        "special_tokens_map.json": {"bos_token": flags("<s>", normalized=True), "mask_token": flags("<mask>", rstrip=True)},
        "added_tokens.json": {"<new>": 901},
    }, {"add_prefix_space": True}
    yield "deberta", "deberta", {
        **byte_level(["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"]),
        "tokenizer_config.json": {"do_lower_case": False, "vocab_type": "gpt2"},
    }, {"add_prefix_space": True}
    yield "xlm-roberta", "xlm-roberta", {
        "sentencepiece.bpe.model": sentence_piece(rule_name="nmt_nfkc", vocab_size=300, user_defined_symbols=["<ent>"]),
    }, {}
    yield "xlm-roberta-added", "xlm-roberta", {
        "sentencepiece.bpe.model": sentence_piece(RULES, user_defined_symbols=["<ent>", "@@"], control_symbols=["<new>"]),
        "tokenizer_config.json": {"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": 512},
        "special_tokens_map.json": {"mask_token": flags("<mask>", lstrip=True), "cls_token": "<s>", "additional_special_tokens": ["<New>"]},
    }, {}
    yield "camembert", "camembert", {
        "sentencepiece.bpe.model": sentence_piece(RULES, byte_fallback=True),
        "tokenizer_config.json": {"model_max_length": 512},
    }, {}
    yield "deberta-v3", "deberta-v2", {
        "spm.model": sentence_piece(RULES, **DEBERTA, user_defined_symbols=["<ent>"]),
        "tokenizer_config.json": {"do_lower_case": False, "vocab_type": "spm"},
    }, {}
    no_mask = sentence_piece(rule_name="identity", **DEBERTA, user_defined_symbols=["@@"])
    yield "deberta-v2-punctuation", "deberta-v2", {
        "spm.model": no_mask,
        "tokenizer_config.json": {"do_lower_case": True, "split_by_punct": True, "tokenizer_class": "DebertaV2Tokenizer"},
        "added_tokens.json": {"[MASK]": 5000, "<new>": 5001},
    }, {}


def ids_of(tokenizer, word):
    ids = tokenizer([word], is_split_into_words=True, add_special_tokens=False)["input_ids"]
    if len(ids) <= 200:
        return ids
    return {"count": len(ids), "sha256": hashlib.sha256(" ".join(map(str, ids)).encode()).hexdigest()}


def unit_of(word):
    """What a long word repeats; None for a short one."""
    return next((unit for n in [1, 2] if len(word) > 1000 and (unit := word[:n]) * (len(word) // n) == word), None)


def write_file(folder, name, content):
    if isinstance(content, bytes) and len(content) > 100_000:
        script = "const z = require('zlib'); process.stdout.write(z.brotliCompressSync(require('fs').readFileSync(0), {params: {[z.constants.BROTLI_PARAM_LGWIN]: 24}}))"
        packed = subprocess.run(["node", "-e", script], input=content, capture_output=True, check=True).stdout
        (folder / name).unlink(missing_ok=True)
        (folder / f"{name}.br").write_bytes(packed)
    elif isinstance(content, bytes):
        (folder / name).write_bytes(content)
    else:
        (folder / name).write_bytes((content if isinstance(content, str) else json.dumps(content)).encode())


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    words = [{"unit": unit, "times": len(word) // len(unit)} if (unit := unit_of(word)) else word for word in WORDS]
    (OUT / "words.json").write_text(json.dumps({"words": words, "rows": ROWS}, separators=(",", ":")) + "\n")
    for name, model_type, files, options in cases():
        folder = OUT / name
        folder.mkdir()
        contents = {"config.json": {"model_type": model_type}, **files}
        for file, content in contents.items():
            # As it is for transformers, which reads no compressed file.
            (folder / file).write_bytes(content if isinstance(content, bytes) else (content if isinstance(content, str) else json.dumps(content)).encode())
        tokenizer = AutoTokenizer.from_pretrained(str(folder), **options)
        assert tokenizer.is_fast
        rows = [tokenizer(row, is_split_into_words=True) for row in ROWS]
        golden = {
            "unkId": tokenizer.unk_token_id,
            "padId": tokenizer.pad_token_id,
            "vocabularySize": max(tokenizer.get_vocab().values()) + 1,
            "words": [ids_of(tokenizer, word) for word in WORDS],
            "rows": [{"inputIds": row["input_ids"], "wordIds": [-1 if w is None else w for w in row.word_ids()]} for row in rows],
        }
        for file, content in contents.items():
            write_file(folder, file, content)
        (folder / "golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
        if os.environ.get("DUMP"):
            (Path(os.environ["DUMP"]) / f"{name}.json").write_text(tokenizer.backend_tokenizer.to_str())


main()
