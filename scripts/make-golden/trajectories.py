"""Golden trajectories: what Hugging Face Trainer itself makes of a tiny XLM-R, step by step.

    python scripts/make-golden/trajectories.py [--out test/fixtures/golden/trajectories] [--start test/fixtures/golden/model]

Every trajectory starts from the checkpoint that model.py writes and is one run of transformers.Trainer (by
scripts/compare-with-trainer/trainer.py) with dropout 0, eager attention, float32, one thread:

    <name>.json         settings; rows; the rows of every batch as Trainer visited them; loss, gradNorm and learningRate of every step
    <name>.safetensors  the parameters after the last step
    orders.json         the order of three epochs under group_by_length, for other numbers of rows and batch sizes

Each is run in float64 too; the distances printed are the reason for the tests' tolerances (see README.md).
"""

import argparse
import copy
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import torch
from transformers import XLMRobertaForTokenClassification
from transformers.trainer_pt_utils import LengthGroupedSampler

sys.path.insert(0, str(Path(__file__).parents[1] / "compare-with-trainer"))
from model import random_rows, save  # noqa: E402
from trainer import DEFAULTS, run  # noqa: E402

# The first steps of AdamW go by the sign of a gradient, whatever its size. The seeds of the rows are such that no gradient comes so
# near 0 that rounding decides its sign; other seeds show single weights off by up to the learning rate.
TRAJECTORIES = {
    # 20 batches an epoch, the last of two rows; nearly every step clips. The pad id occurs inside a row.
    "plain": {"rows": 78, "rowSeed": 101, "weightDecay": 0.05, "padIn": 20},
    # No step clips; 8 batches an epoch.
    "warm-up": {"rows": 30, "rowSeed": 201, "maxGradNorm": 1000.0, "warmupSteps": 5, "seed": 7},
    # 9 batches an epoch: four windows of two, the last of one short batch.
    "accumulation-2": {"rows": 34, "rowSeed": 300, "gradientAccumulationSteps": 2, "warmupSteps": 3},
    # The same as transformers 5.18 computes it for XLM-R when nothing is said: see `run`.
    "accumulation-2-sum": {
        "rows": 34, "rowSeed": 300, "gradientAccumulationSteps": 2, "warmupSteps": 3, "accumulation": "sum", "maxGradNorm": 4.0,
    },
    # 17 batches an epoch: four windows of four, the last of one batch.
    "accumulation-4": {"rows": 68, "rowSeed": 400, "gradientAccumulationSteps": 4, "maxGradNorm": 2.0},
    # 9 batches an epoch, 18 steps: 6 of warm-up (5.4, rounded up), then half a wave to 0.
    "cosine": {"rows": 34, "rowSeed": 300, "schedule": "cosine", "warmupRatio": 0.3},
    # 8 batches an epoch; nothing is clipped. 1.3 epochs are 10.4 steps, rounded up: the second epoch ends after three.
    "constant": {
        "rows": 30, "rowSeed": 201, "schedule": "constant", "warmupSteps": 3, "maxGradNorm": 0.0, "epochs": 1.3, "learningRate": 3e-4,
    },
    # The classifier alone: its gradients are all that is clipped, and nothing else decays.
    "frozen": {"rows": 34, "rowSeed": 300, "freeze": "encoder", "learningRate": 1e-2, "weightDecay": 0.1, "maxGradNorm": 0.5},
    # Early stopping: the loss of other rows is lowest after the second epoch, and no better in the two that follow.
    "patience": {
        "rows": 34, "rowSeed": 300, "evaluationRows": 12, "epochs": 9, "schedule": "constant", "patience": 2, "select": "best",
    },
    # F1 in place of the loss, and the last weights kept.
    "patience-f1": {
        "rows": 34, "rowSeed": 300, "evaluationRows": 12, "epochs": 9, "learningRate": 2e-3, "monitor": "f1", "patience": 2,
    },
    # The rate is reduced, twice, where the loss of other rows is no better than before; the best epoch's weights are kept.
    "plateau": {
        "rows": 30, "rowSeed": 201, "evaluationRows": 12, "epochs": 9, "learningRate": 4e-3, "schedule": "plateau", "plateauPatience": 0,
        "plateauFactor": 0.3, "select": "best",
    },
    # The mean of the weights after each of 2.5 epochs: the last one is cut short.
    "average": {"rows": 34, "rowSeed": 300, "epochs": 2.5, "select": "average", "weightDecay": 0.1},
    # Trainer groups by the rows of a whole window: two batches.
    "group-by-length": {"rows": 70, "rowSeed": 501, "gradientAccumulationSteps": 2, "groupByLength": True},
    # Batches of one row, four of ten rows without a label.
    "unlabelled": {"rows": 10, "rowSeed": 605, "batchSize": 1, "unlabelled": [1, 4, 5, 8]},
    # The same in windows of two batches: some have one batch without labels, some two.
    "unlabelled-accumulation": {
        "rows": 13, "rowSeed": 701, "batchSize": 1, "gradientAccumulationSteps": 2, "unlabelled": [0, 1, 2, 4, 6, 7, 9, 11],
    },
}  # fmt: skip
COMMON = {"epochs": 2, "batchSize": 4, "learningRate": 1e-3, "accumulation": "mean"}

# Words come from 4..99, so that ids from 110 on (and 3) never occur; 100 + i occurs in row i alone.
COMMON_WORDS = SimpleNamespace(bos_token_id=0, eos_token_id=2, vocab_size=100, num_labels=7)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("test/fixtures/golden/trajectories"))
    parser.add_argument("--start", default="test/fixtures/golden/model")
    parser.add_argument("--only", help="one trajectory alone")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    args.out.mkdir(parents=True, exist_ok=True)
    start = ZeroWithoutLabels.from_pretrained(args.start, attn_implementation="eager", dtype=torch.float32)
    for name, described in TRAJECTORIES.items():
        if args.only in (None, name):
            write_trajectory(args.out / name, start, {**COMMON, **described})
    if args.only is None:
        write_orders(args.out / "orders.json")


class ZeroWithoutLabels(XLMRobertaForTokenClassification):
    """The mean over no labels is NaN in the reference; panx takes it as zero loss and zero gradient. All else is Trainer's."""

    def forward(self, *args, labels=None, **kwargs):
        output = super().forward(*args, labels=labels, **kwargs)
        if labels is not None and bool((labels == -100).all()):
            output.loss = 0 * output.logits.sum()
        return output


def make_rows(described):
    """The rows that a trajectory's description asks for, which is left with Trainer's settings."""
    count, seed, unlabelled = described.pop("rows"), described.pop("rowSeed"), described.pop("unlabelled", ())
    lengths = torch.randint(3, 41, (count,), generator=torch.Generator().manual_seed(seed)).tolist()
    rows = random_rows(lengths, COMMON_WORDS, seed)
    for index, row in enumerate(rows[:10]):
        row["inputIds"][1] = 100 + index
    for index in unlabelled:
        rows[index]["labelIds"] = [-100] * len(rows[index]["labelIds"])
    if (index := described.pop("padIn", None)) is not None:
        rows[index]["inputIds"][2] = 1
    return rows


def write_trajectory(path, start, described):
    evaluation = {"rows": described.pop("evaluationRows", 0), "rowSeed": described["rowSeed"] + 1000}
    rows, evaluation_rows = make_rows(described), make_rows(evaluation)
    model, exact_model = copy.deepcopy(start), copy.deepcopy(start).double()
    _, found = run(model, rows, described, evaluation_rows=evaluation_rows)
    _, exact = run(exact_model, rows, described, evaluation_rows=evaluation_rows)
    golden = {key: found[key] for key in ["versions", "settings", "steps", "batches"]}
    if evaluation_rows:
        golden |= {"evaluations": found["evaluations"], "evaluationRows": evaluation_rows}
    path.with_suffix(".json").write_text(json.dumps({**golden, "rows": rows}) + "\n")
    final = {name: parameter.detach() for name, parameter in model.named_parameters()}
    save(path.with_suffix(".safetensors"), final)
    describe(path.name, found, exact, final, dict(exact_model.named_parameters()))


def describe(name, found, exact, final, exact_final):
    steps = found["steps"]
    for epoch, (a, b) in enumerate(zip(found["evaluations"], exact["evaluations"])):
        print(f"  epoch {epoch + 1}: loss {a['loss']:.6f} ({a['loss'] - b['loss']:.1g} from float64), f1 {a['f1']:.4f} ({b['f1']:.4f})")
    assert len(steps) == len(exact["steps"])
    away = {
        key: max(abs(a[key] - b[key]) / (max(b[key], 1e-30) if key == "gradNorm" else 1) for a, b in zip(steps, exact["steps"]))
        for key in ["loss", "gradNorm", "learningRate"]
    }  # fmt: skip
    clipped = sum(step["gradNorm"] > found["settings"]["maxGradNorm"] for step in steps)
    norms = [step["gradNorm"] for step in steps]
    print(f"\n{name}: {len(steps)} steps, {clipped} clipped (norms {min(norms):.3g} to {max(norms):.3g})")
    print("  float32 from float64: " + ", ".join(f"{key} {value:.2g}" for key, value in away.items()), "(norm: relative)")
    # The gradient of a key's bias is rounding alone, which AdamW blows up: see README.md.
    names = [n for n in final if not n.endswith("self.key.bias")]
    distance = {n: float((final[n] - exact_final[n].detach()).abs().max()) for n in names}
    for n in sorted(names, key=distance.get, reverse=True)[:3]:
        print(f"  float32 from float64: {n} {distance[n]:.2g}")


def write_orders(path):
    """The orders that Trainer's own sampler gives, from a generator in the state that Trainer leaves it in without dropout."""
    cases = []
    for rows, batch, seed in [(1, 4, 42), (7, 4, 42), (16, 4, 1), (300, 8, 43), (2000, 8, 42)]:
        lengths = [3 + (row * row * 7 + row) % 61 for row in range(rows)]
        torch.manual_seed(seed)
        loader = torch.utils.data.DataLoader(
            range(rows), batch_size=batch, sampler=LengthGroupedSampler(batch, lengths=lengths)
        )
        epochs = [[int(row) for rows_of_batch in loader for row in rows_of_batch] for _ in range(3)]
        cases.append({"batchSize": batch, "seed": seed, "lengths": lengths, "epochs": epochs})
    path.write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
