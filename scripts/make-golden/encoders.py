"""Golden values of every encoder that panx knows, beside XLM-R and RoBERTa (model.py), as transformers computes them.

    python scripts/make-golden/encoders.py [--out test/fixtures/golden/encoders]

For each a folder with a tiny checkpoint (config.json, model.safetensors; every parameter random), in training mode with dropout 0, eager
attention, float32, one thread:

    batch.json            {"rows": [{"inputIds": [...], "labelIds": [...]}, ...]}; where there is a padding id, it occurs inside a row
    expected.safetensors  logits (N, L), loss [], gradient.<parameter> of all rows as one batch
    trajectory.json       settings, and loss, gradNorm and learningRate of 20 steps of transformers' Trainer, each on all rows
    trained.safetensors   the parameters after them

buckets.json, beside them, has the buckets of relative positions. long-rows, beside them, has one of each architecture with rows of 1 to 512
subwords, without steps of Trainer. Printed is how far float32 is from float64: see README.md.
"""

import argparse
import copy
import json
import sys
from pathlib import Path

import torch
from transformers import AutoConfig
from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position

sys.path.insert(0, str(Path(__file__).parents[1] / "compare-with-trainer"))
from model import TAGS, forward_backward, labels_and_dropout, random_model, random_rows, save, token_classifier  # noqa: E402
from trainer import run  # noqa: E402

SHARED = {"vocab_size": 40, "max_position_embeddings": 24, "bos_token_id": 1, "eos_token_id": 3}
BERT = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24, "hidden_act": "gelu", "pad_token_id": 0,
    "type_vocab_size": 2,
}  # fmt: skip
DEBERTA = {
    **BERT, "type_vocab_size": 0, "layer_norm_eps": 1e-7, "relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_biased_input": True,
}  # fmt: skip
DISTILBERT = {"dim": 12, "n_layers": 2, "n_heads": 3, "hidden_dim": 20, "activation": "gelu", "pad_token_id": 0}

ENCODERS = {
    "bert": ("bert", BERT),
    # Heads of an odd size, no padding id, one token type.
    "bert-relu": (
        "bert", {**BERT, "hidden_size": 9, "num_attention_heads": 3, "hidden_act": "relu", "pad_token_id": None, "type_vocab_size": 1},
    ),
    "bert-silu": ("bert", {**BERT, "num_hidden_layers": 1, "hidden_act": "silu", "layer_norm_eps": 1e-5, "pad_token_id": 2, "type_vocab_size": 3}),
    "electra": ("electra", {**BERT, "embedding_size": 12}),
    # Without a projection.
    "electra-gelu-new": ("electra", {**BERT, "embedding_size": 16, "hidden_act": "gelu_new"}),
    "distilbert": ("distilbert", DISTILBERT),
    "distilbert-sinusoidal": ("distilbert", {**DISTILBERT, "n_layers": 1, "activation": "relu", "sinusoidal_pos_embds": True}),
    # As mDeBERTa v3 has it: buckets, shared maps, a normalised table.
    "deberta-v2": ("deberta-v2", {**DEBERTA, "position_buckets": 8, "share_att_key": True, "norm_rel_ebd": "layer_norm", "position_biased_input": False}),
    # Maps of its own, no buckets, a projection, a position table and token types.
    "deberta-v2-own-maps": (
        "deberta-v2", {**DEBERTA, "pos_att_type": "p2c|c2p", "embedding_size": 10, "max_relative_positions": 7, "type_vocab_size": 2, "pad_token_id": None},
    ),
    # One term alone; the table of relative positions is as the file has it.
    "deberta-v2-p2c": ("deberta-v2", {**DEBERTA, "pos_att_type": ["p2c"], "position_buckets": 6, "max_relative_positions": 16, "hidden_act": "gelu_new"}),
    # Neither: what is there of relative positions stays as it is, but for the divisor of the scores.
    "deberta-v2-unused": ("deberta-v2", {**DEBERTA, "relative_attention": False, "norm_rel_ebd": "layer_norm"}),
    "deberta": ("deberta", {**DEBERTA, "position_biased_input": False}),
    "deberta-c2p": ("deberta", {**DEBERTA, "pos_att_type": "c2p", "max_relative_positions": 9, "type_vocab_size": 2, "embedding_size": 8}),
    "camembert": ("camembert", {**BERT, "pad_token_id": 2, "type_vocab_size": 1, "hidden_act": "gelu_pytorch_tanh", "layer_norm_eps": 1e-5}),
}  # fmt: skip
# Of every architecture one that takes rows of 512 subwords.
LONG = {"vocab_size": 40, "max_position_embeddings": 512, "bos_token_id": 1, "eos_token_id": 3}
SMALL = {**BERT, "hidden_size": 8, "intermediate_size": 12}
FROM_PAD = {"max_position_embeddings": 515, "pad_token_id": 2, "type_vocab_size": 1, "layer_norm_eps": 1e-5}
LONG_ROWS = {
    "xlm-roberta": ("xlm-roberta", {**SMALL, **FROM_PAD}),
    "camembert": ("camembert", {**SMALL, **FROM_PAD}),
    "bert": ("bert", SMALL),
    "electra": ("electra", {**SMALL, "embedding_size": 8}),
    "distilbert": ("distilbert", {**DISTILBERT, "dim": 8, "n_heads": 2, "hidden_dim": 12}),
    "deberta": ("deberta", {**DEBERTA, **SMALL, "type_vocab_size": 0, "position_biased_input": False}),
    # Buckets as mDeBERTa v3 has them: near distances one by one up to 128, the others together.
    "deberta-v2": (
        "deberta-v2",
        {**DEBERTA, **SMALL, "type_vocab_size": 0, "position_biased_input": False, "position_buckets": 256, "share_att_key": True,
         "norm_rel_ebd": "layer_norm"},
    ),
}  # fmt: skip
STEPS = {"epochs": 20, "batchSize": 8, "learningRate": 1e-3, "weightDecay": 0.05, "accumulation": "mean"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("test/fixtures/golden/encoders"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for number, (name, (model_type, described)) in enumerate(ENCODERS.items()):
        write_encoder(args.out / name, model_type, {**SHARED, **described}, seed=100 + number)
    for number, (name, (model_type, described)) in enumerate(LONG_ROWS.items()):
        write_long_rows(args.out.parent / "long-rows" / name, model_type, {**LONG, **described}, seed=200 + number)
    write_buckets(args.out.parent / "buckets.json")


def write_buckets(path):
    """The row of the table of relative positions that DeBERTa v2 takes for a token as many places later, and earlier, as its index."""
    usual = [(256, 512), (256, 1024), (32, 512), (64, 128), (7, 30), (8, 24), (3, 4), (5, 1000)]
    # The farthest lies among the near distances, or one beyond them, where its logarithm is 0.
    odd = [(16, 4), (32, 15), (7, 1), (16, 9), (7, 4), (3, 2)]
    found = [rows_of(*case, count=1200) for case in usual] + [rows_of(*case, count=40) for case in odd]
    path.write_text(json.dumps(found) + "\n")


def rows_of(buckets, farthest, count):
    later = make_log_bucket_position(torch.arange(count), buckets, farthest).long()
    earlier = make_log_bucket_position(-torch.arange(count), buckets, farthest).long()
    row = lambda bucket: torch.clamp(bucket + buckets, 0, 2 * buckets - 1).tolist()  # noqa: E731
    return {"buckets": buckets, "farthest": farthest, "later": row(later), "earlier": row(earlier)}


def write_encoder(folder, model_type, described, seed):
    config = AutoConfig.for_model(model_type, **described, **labels_and_dropout(TAGS))
    if model_type == "distilbert":
        config.dropout = config.attention_dropout = 0.0
    model = random_model(token_classifier(config), config, seed)
    rows = random_rows([17, 2, 5, 20, 11], config, seed + 1000)
    if config.pad_token_id is not None:
        rows[2]["inputIds"][2] = config.pad_token_id
    model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    (folder / "batch.json").write_text(json.dumps({"rows": rows}) + "\n")
    exact_model = copy.deepcopy(model).double()
    found, exact = forward_backward(model, rows), forward_backward(exact_model, rows)
    save(folder / "expected.safetensors", found)
    for one in (model, exact_model):
        one.zero_grad(set_to_none=True)
    _, trajectory = run(model, rows, STEPS)
    _, exact_trajectory = run(exact_model, rows, STEPS)
    (folder / "trajectory.json").write_text(json.dumps({key: trajectory[key] for key in ["versions", "settings", "steps"]}) + "\n")
    save(folder / "trained.safetensors", {name: parameter.detach() for name, parameter in model.named_parameters()})
    away = max(float((found[name] - exact[name]).abs().max()) for name in found)
    losses = max(abs(a["loss"] - b["loss"]) for a, b in zip(trajectory["steps"], exact_trajectory["steps"]))
    exact_trained = dict(exact_model.named_parameters())
    weights = max(
        float((parameter - exact_trained[name]).detach().abs().max())
        for name, parameter in model.named_parameters()
        if not is_key_bias(name)
    )
    print(f"{folder.name}: {sum(p.numel() for p in model.parameters())} parameters, loss {float(found['loss']):.6f}")
    print(f"  float32 from float64: {away:.2g}; losses of the steps {losses:.2g}; trained weights {weights:.2g}")


def write_long_rows(folder, model_type, described, seed):
    """The longest row, an empty sentence (its two specials), a special alone, and one of another length."""
    config = AutoConfig.for_model(model_type, **described, **labels_and_dropout(TAGS))
    if model_type == "distilbert":
        config.dropout = config.attention_dropout = 0.0
    model = random_model(token_classifier(config), config, seed)
    rows = random_rows([512, 2, 150], config, seed + 1000)
    rows.insert(2, {"inputIds": [config.bos_token_id], "labelIds": [0]})
    model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    (folder / "batch.json").write_text(json.dumps({"rows": rows}) + "\n")
    found, exact = forward_backward(model, rows), forward_backward(copy.deepcopy(model).double(), rows)
    save(folder / "expected.safetensors", found)
    away = max(float((found[name] - exact[name]).abs().max()) for name in found)
    print(f"long-rows/{folder.name}: loss {float(found['loss']):.6f}; float32 from float64: {away:.2g}")


def is_key_bias(name):
    """Their gradient is rounding alone, which AdamW blows up: see README.md."""
    return name.endswith(("self.key.bias", "k_lin.bias", "key_proj.bias", "encoder.LayerNorm.bias"))


if __name__ == "__main__":
    main()
