"""Golden values of the token classifier: logits, loss, gradients and an AdamW trajectory, as transformers computes them.

    python scripts/make-golden/model.py [--out test/fixtures/golden] [--optimizer-steps 6]

writes two checkpoints with a batch and what Hugging Face makes of it, in training mode with dropout 0, eager attention,
float32, one thread:

    model/    XLM-R, 2 layers of 32, 4 heads; rows of 3 to 40 subwords
    roberta/  RoBERTa, 1 layer of 36, 3 heads (size 12), LayerNorm eps 1e-12, pad id 0; rows of 2 to 100 subwords

      config.json, model.safetensors   the checkpoint; every parameter is random, LayerNorm and biases too, so that no
                                       gradient is zero by accident
      batch.json                       {"rows": [{"inputIds": [...], "labelIds": [...]}, ...]}, unpadded
      expected.safetensors             logits (N, L) of the real positions, row after row; loss []; gradient.<parameter>
    model/trajectory.json              settings, the batch of every step, and its loss, gradNorm and learningRate
    model/trajectory.safetensors       the parameters after the last step

It also computes everything in float64 and prints how far float32 is from it: that distance is the reason for the tests'
tolerances (see README.md beside this file).
"""

import argparse
import copy
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import (
    RobertaConfig,
    RobertaForTokenClassification,
    Trainer,
    XLMRobertaConfig,
    XLMRobertaForTokenClassification,
    get_linear_schedule_with_warmup,
)

TAGS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
SETTINGS = {"learningRate": 2e-3, "weightDecay": 0.01, "maxGradNorm": 3.0, "warmupSteps": 0}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("test/fixtures/golden"))
    parser.add_argument("--optimizer-steps", type=int, default=6)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    model = random_model(XLMRobertaForTokenClassification, xlm_roberta_config(), seed=1)
    rows = random_rows([17, 3, 40, 9, 26], model.config, seed=2)
    write_forward_backward(args.out / "model", model, rows)
    lengths = [[12, 30, 5, 8], [21, 4, 33, 16], [7, 7, 28, 39], [40, 11, 6, 19], [14, 23, 9, 5], [31, 18]]
    # Seeds from 100 on: with some others a gradient comes so near 0 that its rounding decides the sign of an AdamW step.
    batches = [random_rows(lengths[step % 6], model.config, seed=100 + step) for step in range(args.optimizer_steps)]
    write_trajectory(args.out / "model", model, batches)

    model = random_model(RobertaForTokenClassification, roberta_config(), seed=3)
    rows = random_rows([100, 2, 61, 77], model.config, seed=4)
    write_forward_backward(args.out / "roberta", model, rows)


def xlm_roberta_config():
    return XLMRobertaConfig(
        vocab_size=120, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=66, type_vocab_size=1, layer_norm_eps=1e-5,
        bos_token_id=0, pad_token_id=1, eos_token_id=2, **labels_and_dropout(TAGS),
    )  # fmt: skip


def roberta_config():
    return RobertaConfig(
        vocab_size=97, hidden_size=36, num_hidden_layers=1, num_attention_heads=3, intermediate_size=80,
        max_position_embeddings=104, type_vocab_size=1, layer_norm_eps=1e-12,
        bos_token_id=1, pad_token_id=0, eos_token_id=2, **labels_and_dropout(TAGS[:5]),
    )  # fmt: skip


def labels_and_dropout(tags):
    return {
        "id2label": dict(enumerate(tags)),
        "label2id": {tag: id for id, tag in enumerate(tags)},
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    }


def random_model(architecture, config, seed):
    """A model in training mode whose every parameter is random; the padding rows too, as a checkpoint's may be."""
    model = architecture._from_config(config, attn_implementation="eager").train()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            scaled = 1 + 0.3 * noise if name.endswith("LayerNorm.weight") else 0.2 * noise
            parameter.copy_(scaled)
    return model


def random_rows(lengths, config, seed):
    """Rows of these lengths: specials at the ends, in between words of one to three subwords, labelled at their first."""
    generator = torch.Generator().manual_seed(seed)

    def draw(low, high):
        return int(torch.randint(low, high, (1,), generator=generator))

    rows = []
    for length in lengths:
        labels = [-100] * length
        position = 1
        while position < length - 1:
            labels[position] = draw(0, config.num_labels)
            position += draw(1, 4)
        words = [draw(4, config.vocab_size) for _ in range(length - 2)]
        rows.append({"inputIds": [config.bos_token_id, *words, config.eos_token_id], "labelIds": labels})
    return rows


def padded(rows, pad_id):
    """What a collator hands to the model: (B, T) ids, mask and labels, padded on the right."""
    width = max(len(row["inputIds"]) for row in rows)

    def fill(sequences, value):
        return torch.tensor([[*sequence, *[value] * (width - len(sequence))] for sequence in sequences])

    return {
        "input_ids": fill([row["inputIds"] for row in rows], pad_id),
        "attention_mask": fill([[1] * len(row["inputIds"]) for row in rows], 0),
        "labels": fill([row["labelIds"] for row in rows], -100),
    }


def forward_backward(model, rows):
    """Logits at the real positions, loss, and the gradient of every parameter, under the names of expected.safetensors."""
    model.zero_grad(set_to_none=True)
    batch = padded(rows, model.config.pad_token_id)
    output = model(**batch)
    output.loss.backward()
    real = batch["attention_mask"].bool()
    gradients = {f"gradient.{name}": parameter.grad.clone() for name, parameter in model.named_parameters()}
    return {"logits": output.logits[real].detach(), "loss": output.loss.detach(), **gradients}


def train(model, batches):
    """The optimizer steps of Hugging Face Trainer: decay groups, clipping, linear schedule, one batch a step."""
    decayed = set(Trainer.get_decay_parameter_names(None, model))
    parameters = list(model.named_parameters())
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for n, p in parameters if n in decayed], "weight_decay": SETTINGS["weightDecay"]},
            {"params": [p for n, p in parameters if n not in decayed], "weight_decay": 0.0},
        ],
        lr=SETTINGS["learningRate"], betas=(0.9, 0.999), eps=1e-8,
    )  # fmt: skip
    schedule = get_linear_schedule_with_warmup(optimizer, SETTINGS["warmupSteps"], len(batches))
    steps = []
    for rows in batches:
        optimizer.zero_grad()
        loss = model(**padded(rows, model.config.pad_token_id)).loss
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), SETTINGS["maxGradNorm"])
        steps.append({"loss": float(loss.detach()), "gradNorm": float(norm), "learningRate": schedule.get_last_lr()[0]})
        optimizer.step()
        schedule.step()
    return steps, {name: parameter.detach().clone() for name, parameter in parameters}


def write_forward_backward(folder, model, rows):
    model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    (folder / "batch.json").write_text(json.dumps({"rows": rows}) + "\n")
    found = forward_backward(model, rows)
    save(folder / "expected.safetensors", found)
    exact = forward_backward(copy.deepcopy(model).double(), rows)
    print(f"{folder}: {sum(p.numel() for p in model.parameters())} parameters, loss {float(found['loss']):.6f}")
    for part in ["logits", "loss", "gradient."]:
        names = [name for name in found if name.startswith(part)]
        difference, where = max((float((found[n] - exact[n]).abs().max()), n) for n in names)
        largest = max(float(found[n].abs().max()) for n in names)
        print(f"  {part:10} largest {largest:.3g}; float32 differs from float64 by {difference:.2g} ({where})")


def write_trajectory(folder, model, batches):
    steps, final = train(copy.deepcopy(model), batches)
    exact_steps, exact = train(copy.deepcopy(model).double(), batches)
    described = {**SETTINGS, "batches": [{"rows": rows} for rows in batches], "steps": steps}
    (folder / "trajectory.json").write_text(json.dumps(described) + "\n")
    save(folder / "trajectory.safetensors", final)
    for step, exact_step in zip(steps, exact_steps):
        away = ", ".join(f"{key} {abs(step[key] - exact_step[key]):.1g}" for key in step)
        print(f"  {step}; from float64: {away}")
    # A key's bias moves all scores of a query alike, which softmax ignores: its gradient is zero but for rounding,
    # and AdamW blows that rounding up to whole steps. Nothing depends on it, so nobody can be asked to repeat it.
    for name in sorted(final, key=lambda n: -float((final[n] - exact[n]).abs().max()))[:6]:
        print(f"  {name}: float32 differs from float64 by {float((final[name] - exact[name]).abs().max()):.2g}")


def save(path, tensors):
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata={"format": "pt"})
    path.chmod(0o644)


if __name__ == "__main__":
    main()
