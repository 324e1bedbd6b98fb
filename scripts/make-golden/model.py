"""Golden values of the token classifier: logits, loss and gradients, as transformers computes them.

    python scripts/make-golden/model.py [--out test/fixtures/golden]

writes two checkpoints with a batch and what Hugging Face makes of it, in training mode with dropout 0, eager attention,
float32, one thread:

    model/    XLM-R, 2 layers of 32, 4 heads; rows of 3 to 40 subwords
    roberta/  RoBERTa, 1 layer of 36, 3 heads (size 12), LayerNorm eps 1e-12, pad id 0; rows of 2 to 100 subwords

      config.json, model.safetensors   the checkpoint; every parameter is random, LayerNorm and biases too, so that no
                                       gradient is zero by accident
      batch.json                       {"rows": [{"inputIds": [...], "labelIds": [...]}, ...]}, unpadded
      expected.safetensors             logits (N, L) of the real positions, row after row; loss []; gradient.<parameter>

It also computes everything in float64 and prints how far float32 is from it: that distance is the reason for the tests'
tolerances (see README.md beside this file).
"""

import argparse
import copy
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import (
    MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING,
    RobertaConfig,
    RobertaForTokenClassification,
    XLMRobertaConfig,
    XLMRobertaForTokenClassification,
)

sys.path.insert(0, str(Path(__file__).parents[1] / "compare-with-trainer"))
from trainer import padded  # noqa: E402

TAGS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("test/fixtures/golden"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    model = random_model(XLMRobertaForTokenClassification, xlm_roberta_config(), seed=1)
    rows = random_rows([17, 3, 40, 9, 26], model.config, seed=2)
    write_forward_backward(args.out / "model", model, rows)

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
            is_norm = name.endswith(("LayerNorm.weight", "layer_norm.weight"))
            scaled = 1 + 0.3 * noise if is_norm else 0.2 * noise
            parameter.copy_(scaled)
    return model


def token_classifier(config):
    """The class of the token classifier that a configuration is of."""
    return MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING[type(config)]


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


def forward_backward(model, rows):
    """Logits at the real positions, loss, and the gradient of every parameter that has one, under the names of expected.safetensors."""
    model.zero_grad(set_to_none=True)
    batch = padded(rows, model.config.pad_token_id)
    output = model(**batch)
    output.loss.backward()
    real = batch["attention_mask"].bool()
    used = [(name, parameter) for name, parameter in model.named_parameters() if parameter.grad is not None]
    gradients = {f"gradient.{name}": parameter.grad.clone() for name, parameter in used}
    return {"logits": output.logits[real].detach(), "loss": output.loss.detach(), **gradients}


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


def save(path, tensors):
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata={"format": "pt"})
    path.chmod(0o644)


if __name__ == "__main__":
    main()
