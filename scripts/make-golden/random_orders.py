"""Write test/system/random/golden.json: row orders by NumPy and torch that panx must reproduce bit for bit.

Made with numpy 2.4.6 and torch 2.13.0; both streams are promised to be stable between versions.
Usage: python scripts/make-golden/random_orders.py
(Not named random.py: Python would then import it in place of its own module `random`.)
"""

import hashlib
import json
from pathlib import Path

import numpy
import torch

LIST_UP_TO = 24  # longer orders are kept as a hash only
# Around the 32-bit words of a seed, and the largest whole number that JavaScript holds exactly.
SEEDS = [0, 1, 42, 2**31, 2**32 - 1, 2**32, 2**32 + 5, 2**53 - 1]
# MT19937 makes its words 624 at a time, NumPy draws about one and a half words an item.
SIZES = [0, 1, 2, 3, 24, 625, 1249, 4097]
LARGE = [(1_000_003, 7)]
# From (2**32 - 1) // 20 items on, torch draws 64-bit words.
VERY_LARGE_TORCH = [(214_748_363, 3), (214_748_364, 3)]


def entry(n: int, seed: int, order: numpy.ndarray) -> dict:
    digest = hashlib.sha256(order.astype("<i4").tobytes()).hexdigest()
    listed = {"order": order.tolist()} if n <= LIST_UP_TO else {}
    return {"n": n, "seed": seed, "sha256": digest, **listed}


def by_numpy(n: int, seed: int) -> dict:
    return entry(n, seed, numpy.random.default_rng(seed).permutation(n))


def by_torch(n: int, seed: int) -> dict:
    generator = torch.Generator().manual_seed(seed)
    return entry(n, seed, torch.randperm(n, generator=generator, dtype=torch.int32).numpy())


def main() -> None:
    pairs = [(n, seed) for n in SIZES for seed in SEEDS] + LARGE
    golden = {
        "source": f"numpy {numpy.__version__}, torch {torch.__version__.split('+')[0]}; sha256 of the order as little-endian int32",
        "numpy": [by_numpy(n, seed) for n, seed in pairs],
        "torch": [by_torch(n, seed) for n, seed in pairs],
        "torchVeryLarge": [by_torch(n, seed) for n, seed in VERY_LARGE_TORCH],
    }
    lines = [f'  "source": {json.dumps(golden["source"])}']
    for name in ("numpy", "torch", "torchVeryLarge"):
        rows = ",\n".join(f"    {json.dumps(row)}" for row in golden[name])
        lines.append(f'  "{name}": [\n{rows}\n  ]')
    path = Path(__file__).parents[2] / "test/system/random/golden.json"
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
