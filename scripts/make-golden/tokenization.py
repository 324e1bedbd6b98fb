"""Write the golden files of test/tokenization: two tiny tokenizers and what Python makes of pre-tokenized sentences.

The reference is the Python binding of Hugging Face's tokenizers, `encode(words, is_pretokenized=True)` with truncation,
and the label alignment of the reference notebook (first subword of a word carries its tag, all else -100). Both are
integers: the comparison is exact.

    pip install tokenizers==0.23.2
    python scripts/make-golden/tokenization.py

unigram/     shaped as XLM-R's: Unigram, whitespace split and Metaspace, <s> A </s>; its normaliser (NFKC, then U+200E, U+200D,
             U+00AD, U+FEFF removed) leaves nothing of some words, as XLM-R's does. It carries the truncation and padding of
             an earlier use, which must not leak into panx.
byte-level/  shaped as RoBERTa's: byte-level BPE saved with add_prefix_space false, encoded with true.
"""
import json
import math
from collections import Counter
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

OUT = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "tokenization"
SPECIALS = ["<s>", "<pad>", "</s>", "<unk>"]

TEXT = """Ada Lovelace was born in London and wrote about the Analytical Engine
Orhan Veli İstanbul'da doğdu ve Ankara'da okudu
The University of Oslo is in Norway
Boğaziçi Üniversitesi İstanbul'un en eski okullarından biridir
Das Museum der Stadt Köln zeigt Bilder aus dem Rheinland
La rivière traverse la ville de Lyon avant la mer
Redirect to Grand Duchy of Luxembourg
The river Thames flows through London , Oxford and Reading
Türkiye Büyük Millet Meclisi Ankara'dadır
Karl and Anna met at the Nordic Council in Helsinki ( Finland )
List of towns in Anatolia : Sivas , Tokat , Amasya , Konya
Galatasaray İzmir'de oynadı , maç 2 - 1 bitti
It was founded in 1896 by engineers from Hamburg and Vienna
New records were set in 1924 , 1936 and 1952""".split("\n")

SENTENCES = [
    ["Ada", "Lovelace", "was", "born", "in", "London", "."],
    ["Orhan", "Veli", "İstanbul'da", "doğdu"],
    ["Türkiye", "Büyük", "Millet", "Meclisi"],
    # Words that the normaliser empties, at the start, inside, doubled and at the end, before words with tags.
    ["\u200e", "Karl", "\ufeff", "\u00ad", "Anna", "met", "\u200d"],
    ["\u200e"],
    [""],
    [],
    ["", " ", "\u00a0", "\u3000", "\t", "Oslo"],
    # Invisible characters inside words, combining marks, compatibility forms, no letter of the vocabulary.
    ["Os\u200elo", "fi\ufe0f", "ﬁn", "I\u0307zmir", "東京", "🎉", "\ufe0f", "\u0000", "½"],
    # White space inside a word: one word still.
    ["New York", "in  Norway", " Oslo ", "a\u3000b"],
    # Special tokens as text.
    ["<s>", "Karl", "</s>x", "<unk>", "<pad>"],
    ["Boğaziçi", "Üniversitesi", "'", "''", "**", "(", ")", "2.000.000", "1896-1952"],
    ["Redirect", "to"] + ["Luxembourg", ",", "Helsinki"] * 9,
]
MAX_LENGTHS = [512, 20, 9, 4, 3]


def unigram():
    tokenizer = Tokenizer(models.Unigram(vocabulary(), unk_id=3))
    tokenizer.add_special_tokens(SPECIALS)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex("[\u200d\u200e\u00ad\ufeff]"), "")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def vocabulary():
    """Every character of the text and the pieces of up to 6 that occur twice; not trained, as training differs from run to run."""
    counts = Counter()
    for word in " ".join(TEXT).split():
        marked = "\u2581" + word
        for start in range(len(marked)):
            for length in range(1, 7):
                if start + length <= len(marked):
                    counts[marked[start : start + length]] += 1
    pieces = sorted(piece for piece, count in counts.items() if len(piece) == 1 or count > 1)
    total = sum(counts[piece] for piece in pieces)
    scored = [(piece, round(math.log(counts[piece] / total), 4)) for piece in pieces]
    return [(token, 0.0) for token in SPECIALS] + scored


def byte_level(add_prefix_space):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=SPECIALS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), True, False)
    return tokenizer


def encode(tokenizer, sentence, max_length):
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    encoding = tokenizer.encode(sentence, is_pretokenized=True)
    tags = [1 + word % 6 for word in range(len(sentence))]
    labels, previous = [], None
    for word in encoding.word_ids:
        labels.append(-100 if word is None or word == previous else tags[word])
        previous = word
    word_ids = [-1 if word is None else word for word in encoding.word_ids]
    return {"inputIds": encoding.ids, "wordIds": word_ids, "labelIds": labels}


def write(name, tokenizer, reference):
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    cases = [
        {"maxLength": max_length, "rows": [encode(reference, sentence, max_length) for sentence in SENTENCES]}
        for max_length in MAX_LENGTHS
    ]
    golden = {"sentences": SENTENCES, "vocabularySize": reference.get_vocab_size(), "cases": cases}
    # Escaped, so that the invisible characters are seen.
    (folder / "golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


used = unigram()
reference = Tokenizer.from_str(used.to_str())
used.enable_truncation(5)
used.enable_padding(length=12, pad_id=1, pad_token="<pad>")
write("unigram", used, reference)

saved = byte_level(True)
changed = json.loads(saved.to_str())
changed["pre_tokenizer"]["add_prefix_space"] = False
write("byte-level", Tokenizer.from_str(json.dumps(changed)), saved)
