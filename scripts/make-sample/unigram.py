"""A Unigram tokenizer from the sample's own text (Kudo 2018, "Subword Regularization", section 3.2), in XLM-R's layout.

The tokenizers library can train one too, but its scores change in the third digit from run to run; this one, slow and small,
gives the same bytes every time. The result is a plain tokenizer.json that the library reads.
"""

import math
import re
from collections import Counter

LONGEST_PIECE = 16
SEED_PIECES = 50_000
KEPT_EACH_ROUND = 0.75
SPACE = "▁"
SPECIALS = ["<s>", "<pad>", "</s>", "<unk>"]

Scores = dict[str, float]


def train_unigram(sentences: list[tuple[str, ...]], size: int) -> list[tuple[str, float]]:
    """(piece, log probability) by falling probability, `size` less the five special tokens of them."""
    words = Counter(SPACE + word for tokens in sentences for word in tokens)
    characters = sorted({c for word in words for c in word})
    scores = seed_scores(words, characters)
    wanted = size - len(SPECIALS) - 1
    while True:
        for _ in range(2):
            scores = expectation_maximisation(words, scores, characters)
        if len(scores) <= wanted:
            break
        scores = prune(words, scores, characters, max(wanted, int(len(scores) * KEPT_EACH_ROUND)))
    ranked = [(piece, round(score, 4)) for piece, score in scores.items()]
    return sorted(ranked, key=lambda entry: (-entry[1], entry[0]))


def seed_scores(words: Counter, characters: list[str]) -> Scores:
    counts: Counter = Counter()
    for word, n in words.items():
        for i in range(len(word)):
            for j in range(i + 2, min(len(word), i + LONGEST_PIECE) + 1):
                if not re.search(r"\w'", word[i:j]):  # an ending after an apostrophe is a piece of its own
                    counts[word[i:j]] += n
    frequent = [piece for piece, n in counts.items() if n > 1]
    frequent.sort(key=lambda piece: (-counts[piece] * len(piece), piece))
    kept = {piece: counts[piece] for piece in frequent[:SEED_PIECES]}
    kept |= {c: sum(n * word.count(c) for word, n in words.items()) for c in characters}
    return normalised(kept)


def normalised(counts: dict[str, float]) -> Scores:
    total = math.log(math.fsum(counts.values()))
    return {piece: math.log(n) - total for piece, n in counts.items()}


def expectation_maximisation(words: Counter, scores: Scores, characters: list[str]) -> Scores:
    """Expected counts over all segmentations of every word; pieces that nothing uses go, single characters stay."""
    expected: dict[str, float] = dict.fromkeys(scores, 0.0)
    weights = {piece: math.exp(score) for piece, score in scores.items()}
    for word, n in words.items():
        size = len(word)
        edges = [
            (i, j, word[i:j]) for i in range(size) for j in range(i + 1, min(size, i + LONGEST_PIECE) + 1) if word[i:j] in weights
        ]
        before, after = [1.0] + [0.0] * size, [0.0] * size + [1.0]
        for i, j, piece in edges:
            before[j] += before[i] * weights[piece]
        for i, j, piece in reversed(edges):
            after[i] += after[j] * weights[piece]
        for i, j, piece in edges:
            expected[piece] += n * before[i] * weights[piece] * after[j] / before[size]
    always = set(characters)
    return normalised({p: max(n, 0.5) for p, n in expected.items() if n >= 0.5 or p in always})


def prune(words: Counter, scores: Scores, characters: list[str], keep: int) -> Scores:
    """Drops the pieces whose loss costs the least likelihood: uses times what spelling them otherwise loses."""
    uses: Counter = Counter()
    for word, n in words.items():
        for piece in best_path(word, scores, None)[1]:
            uses[piece] += n
    always = set(characters)
    cost = {p: uses[p] * (scores[p] - best_path(p, scores, p)[0]) for p in scores if p not in always}
    ranked = sorted(cost, key=lambda p: (-cost[p], -scores[p], p))
    kept = always | set(ranked[: keep - len(always)])
    return {p: s for p, s in scores.items() if p in kept}


def best_path(word: str, scores: Scores, banned: str | None) -> tuple[float, list[str]]:
    size = len(word)
    best: list[tuple[float, int]] = [(0.0, 0)] + [(-math.inf, 0)] * size
    for i in range(size):
        for j in range(i + 1, min(size, i + LONGEST_PIECE) + 1):
            piece = word[i:j]
            if piece in scores and piece != banned and best[i][0] + scores[piece] > best[j][0]:
                best[j] = (best[i][0] + scores[piece], i)
    pieces, j = [], size
    while j:
        pieces.append(word[best[j][1] : j])
        j = best[j][1]
    return best[size][0], pieces[::-1]


def tokenizer_json(pieces: list[tuple[str, float]]) -> dict:
    """tokenizer.json as XLM-R's: <s> 0, <pad> 1, </s> 2, <unk> 3, the pieces, <mask> last; NFKC in the place of nmt_nfkc."""
    mask = len(SPECIALS) + len(pieces)
    metaspace = {"type": "Metaspace", "replacement": SPACE, "prepend_scheme": "always", "split": True}

    def added(content: str, token_id: int) -> dict:
        flags = {"single_word": False, "lstrip": content == "<mask>", "rstrip": False, "normalized": False, "special": True}
        return {"id": token_id, "content": content, **flags}

    def special(content: str) -> dict:
        return {"SpecialToken": {"id": content, "type_id": 0}}

    def sequence(name: str) -> dict:
        return {"Sequence": {"id": name, "type_id": 0}}

    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [added(token, i) for i, token in enumerate(SPECIALS)] + [added("<mask>", mask)],
        "normalizer": {"type": "NFKC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [special("<s>"), sequence("A"), special("</s>")],
            "pair": [special("<s>"), sequence("A"), special("</s>"), special("</s>"), sequence("B"), special("</s>")],
            "special_tokens": {t: {"id": t, "ids": [SPECIALS.index(t)], "tokens": [t]} for t in ("<s>", "</s>")},
        },
        "decoder": metaspace,
        "model": {
            "type": "Unigram",
            "unk_id": SPECIALS.index("<unk>"),
            "vocab": [[t, 0.0] for t in SPECIALS] + [[p, s] for p, s in pieces] + [["<mask>", 0.0]],
            "byte_fallback": False,
        },
    }
