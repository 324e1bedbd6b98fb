"""Write test/fixtures/golden/analysis.json: what predictions show, by seqeval, scikit-learn, cleanlab and the definitions written out plainly.

- entities and the report: seqeval's get_entities and classification_report, default mode.
- confusion of tags: scikit-learn's confusion_matrix.
- suspected labels: cleanlab's softmin of a sentence, at its default temperature (0.05).
- kinds of errors, SemEval-2013 counts, buckets: the definitions of docs/analysis.md, by brute force over all pairs and all texts.

Usage: python scripts/make-golden/analysis.py
"""

import json
import math
import random
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from cleanlab.token_classification.rank import get_label_quality_scores
from seqeval.metrics import classification_report
from seqeval.metrics.sequence_labeling import get_entities
from sklearn.metrics import confusion_matrix

TAGS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
WORDS = ["Ada", "ada", "of", "Bank", "BANK", "İzmir", "42", "the", "York", "U.S.", "東京", "von"]


def tags_of(generator: random.Random, words: int) -> list[str]:
    """Runs of entities and of O, some of which begin with I-."""
    tags: list[str] = []
    while len(tags) < words:
        kind = generator.choice(["O", "O", "PER", "ORG", "LOC"])
        length = generator.choice([1, 1, 2, 3, 5])
        if kind == "O":
            tags += ["O"] * length
        else:
            tags += [generator.choice(["B-", "B-", "B-", "I-"]) + kind] + [f"I-{kind}"] * (length - 1)
    return tags[:words]


def noisy(generator: random.Random, tags: list[str]) -> list[str]:
    return [generator.choice(TAGS) if generator.random() < 0.25 else tag for tag in tags]


def spans(tags: list[str]) -> list[tuple]:
    return [tuple(entity) for entity in get_entities(tags)]


def kinds_of(gold: list[tuple], predicted: list[tuple]) -> list[tuple]:
    """(kind, gold, predicted), by trying all pairs."""
    pairs, left, right = [], list(gold), list(predicted)
    for g in gold:
        for p in predicted:
            if g[1:] == p[1:]:
                pairs.append(("correct" if g[0] == p[0] else "type", g, p))
                left.remove(g)
                right.remove(p)
    ranked = []
    for g in left:
        for p in right:
            overlap = len(set(range(g[1], g[2] + 1)) & set(range(p[1], p[2] + 1)))
            if overlap:
                ranked.append((-overlap, g[0] != p[0], g[1], p[1], g, p))
    for *_, g, p in sorted(ranked):
        if g in left and p in right:
            pairs.append(("boundary" if g[0] == p[0] else "both", g, p))
            left.remove(g)
            right.remove(p)
    return pairs + [("missed", g, None) for g in left] + [("spurious", None, p) for p in right]


def f1(correct: float, gold: int, predicted: int) -> float:
    return 0 if gold + predicted == 0 else 2 * correct / (gold + predicted)


def semeval(n: Counter, gold: int, predicted: int) -> dict:
    overlapping = n["boundary"] + n["both"]
    return {
        "strict": f1(n["correct"], gold, predicted),
        "exact": f1(n["correct"] + n["type"], gold, predicted),
        "partial": f1(n["correct"] + n["type"] + 0.5 * overlapping, gold, predicted),
        "type": f1(n["correct"] + n["boundary"], gold, predicted),
    }


def mended(n: Counter, gold: int, predicted: int) -> dict:
    right = n["correct"]
    return {
        **{kind: f1(right + n[kind], gold, predicted) for kind in ("type", "boundary", "both")},
        "missed": f1(right + n["missed"], gold, predicted + n["missed"]),
        "spurious": f1(right, gold, predicted - n["spurious"]),
    }


def step(value: float, limits: list, names: list[str]) -> str:
    return next((name for limit, name in zip(limits, names) if value <= limit), names[len(limits)])


def capitalisation(words: list[str]) -> str:
    cased = [[c for c in word if c.isupper() or c.islower()] for word in words]
    letters = [c for word in cased for c in word]
    if not letters:
        return "without case"
    if not any(c.isupper() for c in letters):
        return "lower case"
    if all(c.isupper() for c in letters) and len(letters) > 1:
        return "all capitals"
    return "every word" if all(word[0].isupper() for word in cased if word) else "some words"


def buckets_of(rows: list[dict], training: list[dict]) -> dict:
    counts = defaultdict(lambda: defaultdict(lambda: [0, 0, 0]))
    entities = Counter()
    by_text = Counter()
    for row in training:
        for kind, first, last in spans(row["tags"]):
            entities[(tuple(row["words"][first : last + 1]), kind)] += 1
            by_text[tuple(row["words"][first : last + 1])] += 1

    def occurrences(text: tuple) -> int:
        size = len(text)
        return sum(
            tuple(row["words"][i : i + size]) == text for row in training for i in range(len(row["words"]) - size + 1)
        )

    for row in rows:
        gold, predicted = spans(row["gold"]), spans(row["predicted"])
        inside = sum(last - first + 1 for _, first, last in gold)
        size = len(row["words"])
        for side, these in ((0, gold), (1, predicted), (2, [one for one in gold if one in predicted])):
            for kind, first, last in these:
                text = tuple(row["words"][first : last + 1])
                here = entities[(text, kind)]
                share = here / occurrences(text) if occurrences(text) else 0
                seen = "same type" if here else "another type" if by_text[text] else "unseen"
                for attribute, bucket in {
                    "entity length": step(len(text), [1, 2, 3], ["1", "2", "3", "4 or more"]),
                    "sentence length": step(size, [4, 8, 16, 32], ["1–4", "5–8", "9–16", "17–32", "33 or more"]),
                    "entity density": step(inside / size, [0, 0.25, 0.5, 0.75], ["0", "to 0.25", "to 0.5", "to 0.75", "to 1"]),
                    "capitalisation": capitalisation(list(text)),
                    "seen in training": seen,
                    "frequency in training": step(by_text[text], [0, 1, 4, 9], ["0", "1", "2–4", "5–9", "10 or more"]),
                    "label consistency": "0" if share == 0 else "to 0.5" if share <= 0.5 else "below 1" if share < 1 else "1",
                }.items():
                    counts[attribute][bucket][side] += 1
    return {attribute: dict(found) for attribute, found in counts.items()}


def case(seed: int) -> dict:
    generator = random.Random(seed)
    rows, probabilities = [], []
    for _ in range(generator.choice([5, 12, 25])):
        size = generator.choice([1, 3, 6, 12, 40])
        gold = tags_of(generator, size)
        predicted = noisy(generator, gold)
        p = [round(generator.random() ** 0.3, 6) for _ in range(size)]
        loss = [float(f"{-math.log(max(one, 1e-6)):.7g}") for one in p]
        rows.append({"words": [generator.choice(WORDS) for _ in range(size)], "gold": gold, "predicted": predicted, "loss": loss})
        probabilities.append([math.exp(-one) for one in loss])
    training = []
    for _ in range(30):
        size = generator.choice([2, 5, 9])
        training.append({"words": [generator.choice(WORDS) for _ in range(size)], "tags": tags_of(generator, size)})
    pairs = [kinds_of(spans(row["gold"]), spans(row["predicted"])) for row in rows]
    n = Counter(kind for sentence in pairs for kind, _, _ in sentence)
    gold = sum(len(spans(row["gold"])) for row in rows)
    predicted = sum(len(spans(row["predicted"])) for row in rows)
    entities = Counter(
        ((g or ("O",))[0], (p or ("O",))[0]) for sentence in pairs for _, g, p in sentence
    )
    tags = sorted({tag for row in rows for tag in row["gold"] + row["predicted"]})
    # Only p(given) counts for softmin of self-confidence: the rest of the probability goes to another label.
    pred_probs = [np.array([[one, 1 - one] for one in sentence]) for sentence in probabilities]
    given = [[0] * len(sentence) for sentence in probabilities]
    scores, _ = get_label_quality_scores(given, pred_probs, sentence_score_method="softmin")
    report = classification_report(
        [row["gold"] for row in rows], [row["predicted"] for row in rows], output_dict=True, zero_division=0
    )
    return {
        "rows": rows,
        "training": training,
        "kinds": {kind: n[kind] for kind in ("correct", "type", "boundary", "both", "missed", "spurious")},
        "semeval": semeval(n, gold, predicted),
        "mended": mended(n, gold, predicted),
        "entities": [[g, p, count] for (g, p), count in sorted(entities.items())],
        "tags": {
            "labels": tags,
            "counts": confusion_matrix(
                [tag for row in rows for tag in row["gold"]], [tag for row in rows for tag in row["predicted"]], labels=tags
            ).tolist(),
        },
        "buckets": buckets_of(rows, training),
        "softmin": [float(one) for one in scores],
        "report": {name: {key: float(value) for key, value in row.items()} for name, row in report.items()},
    }


def main() -> None:
    path = Path(__file__).parents[2] / "test/fixtures/golden/analysis.json"
    path.write_text(json.dumps([case(seed) for seed in range(8)], ensure_ascii=False, separators=(",", ":")) + "\n")


main()
