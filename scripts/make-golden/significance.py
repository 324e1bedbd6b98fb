"""Write test/evaluation/significance/golden.json: paired bootstrap and randomization by enumeration, in exact fractions.

Written apart from panx's own code, from the papers that it names. Only the percentiles are numpy's (2.4.6). Every case
holds the counts of all samples. Where these are more than panx takes, its random samples must come near. A multiset of sentences
stands for as many samples as it has orders.
Usage: python scripts/make-golden/significance.py
"""

import json
import random
from collections import Counter
from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import factorial
from pathlib import Path

import numpy

TRIALS = 10_000  # panx enumerates what has no more samples

# A system is a list of seeds, a seed a list of sentences, a sentence (true, predicted, correct).
ISSUE_GOLD = [2, 1, 3, 1, 2]
ISSUE_A = [(2, 2), (1, 1), (2, 3), (0, 1), (2, 2)]  # (correct, predicted)
ISSUE_B = [(1, 2), (1, 1), (2, 2), (0, 0), (1, 3)]


def f1(sentences) -> Fraction:
    true = sum(sentence[0] for sentence in sentences)
    predicted = sum(sentence[1] for sentence in sentences)
    correct = sum(sentence[2] for sentence in sentences)
    precision = Fraction(correct, predicted) if predicted else Fraction(0)
    recall = Fraction(correct, true) if true else Fraction(0)
    return 2 * precision * recall / (precision + recall) if precision + recall else Fraction(0)


def differences(a, b) -> list[Fraction]:
    """Of each pair of seeds."""
    return [f1(one) - f1(other) for one, other in zip(a, b, strict=True)]


def mean(values) -> Fraction:
    values = list(values)
    return sum(values, Fraction(0)) / len(values)


def bootstrap(a, b) -> Counter:
    """How many samples of sentences and of seed pairs have each mean difference."""
    n, k = len(a[0]), len(a)
    found = Counter()
    for rows in combinations_with_replacement(range(n), n):
        orders = factorial(n)
        for times in Counter(rows).values():
            orders //= factorial(times)
        per_seed = differences([[seed[i] for i in rows] for seed in a], [[seed[i] for i in rows] for seed in b])
        for drawn in product(range(k), repeat=k):
            found[mean(per_seed[seed] for seed in drawn)] += orders
    assert found.total() == n**n * k**k
    return found


def randomization(a, b) -> tuple[int, int]:
    """Swaps at least as far apart, and all swaps."""
    n = len(a[0])
    observed = abs(mean(differences(a, b)))
    # Sentences on which no seed differs change nothing; they are swapped all the same.
    differing = [i for i in range(n) if any(one[i] != other[i] for one, other in zip(a, b))]
    rows = range(n) if 2**n <= TRIALS else differing
    count = 0
    for swaps in product((False, True), repeat=len(rows)):
        swapped = {i for i, swap in zip(rows, swaps) if swap}
        x = [[(other if i in swapped else one)[i] for i in range(n)] for one, other in zip(a, b)]
        y = [[(one if i in swapped else other)[i] for i in range(n)] for one, other in zip(a, b)]
        count += abs(mean(differences(x, y))) >= observed
    return count, 2 ** len(rows)


def tails(samples: Counter) -> list[list[float]]:
    """Around 2.5 % and 97.5 % of the samples, each difference and the share of samples that lie below it or are equal."""
    listed, seen = [], 0
    for difference, times in sorted(samples.items()):
        seen += times
        share = seen / samples.total()
        if 0.01 < share < 0.04 or 0.96 < share < 0.99:
            listed.append([float(difference), share])
    return listed


def case(name: str, a, b) -> dict:
    difference = mean(differences(a, b))
    direction = 1 if difference > 0 else -1
    samples = bootstrap(a, b)
    total = samples.total()
    # Without a difference there is no direction: both p-values are 1.
    beyond = sum(n for d, n in samples.items() if d * direction >= 2 * abs(difference)) if difference else total
    reversed_ = sum(n for d, n in samples.items() if d * direction <= 0) if difference else total
    count, swaps = randomization(a, b)
    entry = {
        "name": name,
        "a": a,
        "b": b,
        "f1": [float(mean(map(f1, a))), float(mean(map(f1, b)))],
        "difference": float(difference),
        "samples": total,
        "bergKirkpatrick": beyond,
        "koehn": reversed_,
        "swaps": swaps,
        "randomization": count,
    }
    if total <= TRIALS:
        values = numpy.array([float(d) for d, n in samples.items() for _ in range(n)])
        entry["interval"] = [float(x) for x in numpy.quantile(values, [0.025, 0.975])]
    else:
        entry["tails"] = tails(samples)
    return entry


def drawn_sentence(rng: random.Random, true: int, worse: bool = False) -> tuple[int, int, int]:
    predicted = max(0, true + rng.choice([-1, 0, 0, 0, 1]))
    most = min(true, predicted)
    return true, predicted, rng.randint(0 if worse else most // 2, most)


def drawn(rng: random.Random, n: int, seeds: int, *, own_gold: bool = False, same: int = 0, worse: bool = False):
    """Two systems; on the first `same` sentences they agree. The second may be worse."""
    gold = [rng.choice([0, 1, 1, 2, 3] if n > 1 else [2, 3]) for _ in range(n)]
    a = [[drawn_sentence(rng, true) for true in gold] for _ in range(seeds)]
    # Where a system cut words off, it has fewer true entities.
    cut = [max(0, true - rng.choice([0, 0, 1])) if own_gold else true for true in gold]
    b = [[a[seed][i] if i < same else drawn_sentence(rng, cut[i], worse) for i in range(n)] for seed in range(seeds)]
    return a, b


def main() -> None:
    rng = random.Random(19)
    issue = [[[(g, predicted, correct) for g, (correct, predicted) in zip(ISSUE_GOLD, system)]] for system in (ISSUE_A, ISSUE_B)]
    nothing = [[(0, 0, 0)] * 4]
    cases = [case("issue", *issue), case("issue, other way round", *issue[::-1])]
    for n in (1, 2, 3, 4, 5):
        cases += [case(f"{n} sentences, {i}", *drawn(rng, n, 1, own_gold=i == 1)) for i in range(4)]
    for n, seeds in ((1, 5), (2, 2), (3, 2), (3, 3), (4, 2), (4, 2), (2, 4)):
        cases.append(case(f"{n} sentences, {seeds} seeds", *drawn(rng, n, seeds, own_gold=seeds == 3)))
    a, _ = drawn(rng, 5, 1)
    cases.append(case("the same system twice", a, a))
    cases.append(case("the same F1 on other sentences", [[(1, 1, 1), (1, 1, 0), (1, 1, 0)]], [[(1, 1, 0), (1, 1, 1), (1, 1, 0)]]))
    cases.append(case("no entity anywhere", nothing, nothing))
    cases.append(case("nothing but wrong predictions", nothing, [[(0, 1, 0)] * 4]))
    cases.append(case("mostly without entities", [[(0, 0, 0)] * 4 + [(1, 1, 1)]], [[(0, 0, 0)] * 3 + [(0, 2, 0), (1, 1, 1)]]))
    cases.append(case("8 sentences", *drawn(rng, 8, 1)))
    cases.append(case("6 sentences, 2 seeds", *drawn(rng, 6, 2, own_gold=True)))
    golden = {"source": f"fractions of Python, percentiles of numpy {numpy.__version__}", "trials": TRIALS}
    # Only swaps: samples of so many sentences are too many to count.
    swaps = []
    for name, n, seeds, same in (("17 sentences, few differ", 17, 1, 8), ("15 sentences, some differ, 2 seeds", 15, 2, 6), ("19 sentences", 19, 1, 0), ("15 sentences, 2 seeds", 15, 2, 0)):
        a, b = drawn(rng, n, seeds, same=same, worse=True)
        count, total = randomization(a, b)
        swaps.append({"name": name, "a": a, "b": b, "swaps": total, "randomization": count})
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in golden.items()]
    for key, entries in (("cases", cases), ("swaps", swaps)):
        listed = ",\n".join(f"    {json.dumps(entry, separators=(',', ':'))}" for entry in entries)
        lines.append(f"  {json.dumps(key)}: [\n{listed}\n  ]")
    path = Path(__file__).parents[2] / "test/evaluation/significance/golden.json"
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
