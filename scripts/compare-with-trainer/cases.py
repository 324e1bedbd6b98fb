"""What transformers computes for models and runs described in a file: the other side of test/training/random-configurations.test.ts.

    python cases.py CASES.json OUT

CASES.json is a list of {"model": configuration in transformers' words, "modelSeed", "rows", "evaluationRows", "settings"}. For case n, OUT/n becomes a
checkpoint folder with every parameter random, and holds besides

    trajectory.json       what Trainer made of the rows (trainer.py), without dropout; exactSteps: its steps in float64
    expected.safetensors  logits (N, L), loss and gradient.<parameter> of the first five rows as one batch, before training;
                          rounding.<each of these>, the largest distance of float32 from float64;
                          trained.<parameter>, the weights after the last step, and slack.<parameter>, how far rounding may move each
"""

import copy
import json
import sys
from pathlib import Path

import torch
from transformers import AutoConfig, TrainerCallback

sys.path.insert(0, str(Path(__file__).parents[1] / "make-golden"))
from model import forward_backward, labels_and_dropout, random_model, save, token_classifier  # noqa: E402
from trainer import run  # noqa: E402


def main():
    cases, out = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    torch.set_num_threads(1)
    for number, case in enumerate(cases):
        write_case(out / str(number), case)


def write_case(folder, case):
    described = dict(case["model"])
    tags = [f"B-{label}" for label in range(described.pop("labels"))]
    config = AutoConfig.for_model(described.pop("model_type"), **described, **labels_and_dropout(tags))
    if config.model_type == "distilbert":
        config.dropout = config.attention_dropout = 0.0
    model = random_model(token_classifier(config), config, case["modelSeed"])
    model.save_pretrained(folder)
    expected = forward_backward(model, case["rows"][:5])
    model.zero_grad(set_to_none=True)

    exact = copy.deepcopy(model).double()
    for name, value in forward_backward(exact, case["rows"][:5]).items():
        expected[f"rounding.{name}"] = (expected[name] - value).abs().max().float()
    exact.zero_grad(set_to_none=True)
    slack = Slack(exact)
    _, exact_result = run(exact, case["rows"], case["settings"], [slack], case["evaluationRows"])
    _, result = run(model, case["rows"], case["settings"], evaluation_rows=case["evaluationRows"])
    for name, parameter in model.named_parameters():
        expected[f"trained.{name}"] = parameter.detach()
        expected[f"slack.{name}"] = slack.total[name].float()
    save(folder / "expected.safetensors", expected)
    (folder / "trajectory.json").write_text(json.dumps({**result, **{key: case[key] for key in ["rows", "evaluationRows"]}, "exactSteps": exact_result["steps"]}))


class Slack(TrainerCallback):
    """How far the rounding of float32 gradients may move each weight, to first order.

    AdamW divides a gradient by the root of its second moment, so an error d in a gradient moves the weight by lr * d / sqrt(v): little for
    most, but as much as a whole step (two where the sign turns) for a weight whose gradients came near 0 by chance. d is taken as
    5e-7 of the largest gradient in the tensor; between float32 and float64 in torch it is 3e-7 (make-golden/README.md).
    """

    def __init__(self, model):
        self.model = model
        self.total = {name: torch.zeros_like(parameter) for name, parameter in model.named_parameters()}

    def on_optimizer_step(self, args, state, control, optimizer=None, **kwargs):
        inner = getattr(optimizer, "optimizer", optimizer)
        rate = inner.param_groups[0]["lr"]
        for name, parameter in self.model.named_parameters():
            if not parameter.requires_grad or parameter.grad is None:
                continue
            moments = inner.state[parameter]
            root = (moments["exp_avg_sq"] / (1 - 0.999 ** moments["step"])).sqrt()
            error = 5e-7 * parameter.grad.abs().max()
            self.total[name] += rate * torch.where(root > 0, (error / root).clamp(max=2), 0)


if __name__ == "__main__":
    main()
