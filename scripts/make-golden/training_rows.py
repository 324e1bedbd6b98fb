"""Write test/fixtures/golden/training-rows.json: which rows are trained on, by Python, NumPy and scikit-learn.

- resplit: scikit-learn's own StratifiedShuffleSplit, over numpy's default_rng where it has a RandomState: rows in order, exactly.
- resplitCounts: the same untouched, with many seeds of its RandomState: the counts of each bin that it can give. Where bins tie for a row
  there are several.
- draws: the rows of an epoch of a mixture of languages.
- fractions: int(f * n) as Python has it.

Usage: python scripts/make-golden/training_rows.py
"""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import sklearn
from sklearn.model_selection import StratifiedShuffleSplit, _split
from sklearn.utils import extmath

EDGES = [0, 5, 10, 15, 20, 30, 40, 100]


class Draws:
    """What scikit-learn asks of a RandomState, from a Generator."""

    def __init__(self, seed: int):
        self.generator = np.random.default_rng(seed)

    def permutation(self, of):
        return self.generator.permutation(of)

    def choice(self, tied, size, replace):
        assert not replace
        return tied if size == len(tied) else tied[self.generator.permutation(len(tied))[:size]]


def bins_of(lengths: np.ndarray, edges: list[int], beyond: str) -> np.ndarray:
    """The bin of each row, (edge, next edge] as pandas.cut has it; -1: none."""
    bins = np.digitize(lengths, edges, right=True) - 1
    if beyond == "drop":
        bins[bins == len(edges) - 1] = -1
    sizes = np.bincount(bins[bins >= 0], minlength=len(edges))
    return np.where((bins >= 0) & (sizes[bins] >= 2), bins, -1)


def resplit(languages: list[list[int]], edges: list[int], beyond: str, seed: int) -> dict:
    lengths = np.concatenate([np.array(one, dtype=int) for one in languages])
    language = np.repeat(np.arange(len(languages)), [len(one) for one in languages])
    starts = np.cumsum([0] + [len(one) for one in languages])
    bins = bins_of(lengths, edges, beyond)
    (kept,) = np.where(bins >= 0)
    splitter = StratifiedShuffleSplit(n_splits=1, test_size=0.2, random_state=Draws(seed))
    fit, held = next(splitter.split(kept, bins[kept]))
    by_language = lambda rows: [(rows[language[rows] == i] - starts[i]).tolist() for i in range(len(languages))]
    return {
        **{"lengths": languages, "edges": edges, "beyond": beyond, "seed": seed, "dropped": int((bins < 0).sum())},
        **{"fit": by_language(kept[fit]), "held": by_language(kept[held])},
    }


def resplit_cases() -> list[dict]:
    original = _split.check_random_state, extmath.check_random_state
    _split.check_random_state = extmath.check_random_state = lambda state: state
    try:
        rng = np.random.default_rng(7)
        words = lambda n, mean: (rng.poisson(mean, n)).tolist()
        return [
            resplit([[3] * 8 + [7] * 8 + [12] * 8], EDGES, "bin", 42),  # Three bins tie for a row.
            resplit([[3] * 8 + [7] * 8 + [12] * 8], EDGES, "bin", 1),
            resplit([words(60, 4), words(45, 9), words(7, 5)], EDGES, "bin", 42),  # Some rows without words.
            resplit([[120, 5, 6] + words(50, 8) + [300]], EDGES, "bin", 3),
            resplit([[120, 5, 6] + words(50, 8) + [300]], EDGES, "drop", 3),
            resplit([words(100, 12), words(57, 6)], [4, 8, 16], "drop", 2**32 - 1),
        ]
    finally:
        _split.check_random_state, extmath.check_random_state = original


def counts_cases() -> list[dict]:
    vectors = [
        [8021, 7925, 2364, 955, 590, 98, 40, 7],  # PAN-X en, train
        [8147, 8425, 2328, 752, 303, 37, 8],  # tr
        [5655, 7417, 3702, 1918, 1126, 151, 31],  # de
        [9182, 8505, 1471, 533, 250, 41, 17],  # fr
        [10001, 9925, 3364, 1255, 404, 48],  # 24,997 rows
        [14000, 15997, 6000, 3000, 900, 100],  # 39,997
        [16000, 18997, 6000, 3000, 900, 100],  # 44,997
        [30000, 34998, 12000, 6000, 1800, 200],  # 84,998
        *([8, 8, 8], [5, 5, 5, 5], [2, 2, 17, 30], [10, 10, 10, 11], [3, 4, 5, 6, 7], [2, 2, 2, 2, 2, 100], [25], [2]),
    ]
    cases = []
    for sizes in vectors:
        labels = np.repeat(np.arange(len(sizes)), sizes)
        held = set()
        for seed in range(60 if len(labels) < 1000 else 3):
            _, test = next(StratifiedShuffleSplit(n_splits=1, test_size=0.2, random_state=seed).split(labels, labels))
            held.add(tuple(np.bincount(labels[test], minlength=len(sizes)).tolist()))
        cases.append({"sizes": sizes, "held": sorted(held)})
    return cases


def mixture_counts(rows: list[int], temperature: float) -> list[int]:
    weights = [n ** (1 / temperature) for n in rows]
    counts = [int(w / sum(weights) * sum(rows) + 0.5) for w in weights]
    counts[rows.index(max(rows))] += sum(rows) - sum(counts)
    return counts


def draw(rows: list[int], temperature: float, seed: int, epoch: int) -> dict:
    counts = mixture_counts(rows, temperature)
    drawn, start = [], 0
    for language, (n, count) in enumerate(zip(rows, counts)):
        generator = np.random.default_rng([seed, epoch, language])
        ofLanguage: list[int] = []
        while len(ofLanguage) < count:
            ofLanguage += (start + generator.permutation(n)).tolist()
        drawn += ofLanguage[:count]
        start += n
    return {**{"rows": rows, "temperature": temperature, "seed": seed, "epoch": epoch}, **{"counts": counts, "drawn": drawn}}


def fraction_cases() -> list[list]:
    of_study = [(f, n) for f in (0.629, 0.229, 0.084, 0.059) for n in (20000, 10000)]
    # Where the product of floats falls below the product of the decimals, or above it.
    odd = [(f / 1000, n) for f in range(1, 1000) for n in (100, 1000, 20000) if int(f / 1000 * n) != int(Fraction(f, 1000) * n)]
    return [[f, n, int(f * n)] for f, n in of_study + odd[:40]]


def main() -> None:
    golden = {
        "source": f"numpy {np.__version__}, scikit-learn {sklearn.__version__}",
        "fractions": fraction_cases(),
        "resplit": resplit_cases(),
        "resplitCounts": counts_cases(),
        "draws": [
            *(draw([7, 3, 2], 1, 42, 0), draw([7, 3, 2], 2, 42, 0), draw([7, 3, 2], 2, 42, 1), draw([3, 7, 2], 5, 2**32 - 1, 3)),
            *(draw([30, 4, 1], 1e9, 0, 12), draw([5], 3, 1, 0), draw([50, 2], 3.3, 9, 100)),
        ],
    }
    lines = [f'  "source": {json.dumps(golden["source"])}']
    for name in ("fractions", "resplit", "resplitCounts", "draws"):
        rows = ",\n".join(f"    {json.dumps(row)}" for row in golden[name])
        lines.append(f'  "{name}": [\n{rows}\n  ]')
    path = Path(__file__).parents[2] / "test/fixtures/golden/training-rows.json"
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
