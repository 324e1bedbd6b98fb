"""The tiny XLM-R encoder: masked language modelling on unlabelled text of the sample's own generator, both languages together.

Nothing here sees a label. Like XLM-R, which has read about most names before anyone fine-tunes it, the encoder reads rows with
all names of the gazetteers, but never a row of the sample's validation or test splits.
"""

import json
import math
import os
import random

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import XLMRobertaConfig, XLMRobertaForMaskedLM

from corpus import TAGS, TEXTS, Row, Writer, assign_names

ROWS_EACH_LANGUAGE = 15_000
EPOCHS = 12
BATCH = 64
LEARNING_RATE = 2e-3
WARMUP_STEPS = 100
MASKED = 0.15
FIRST_PIECE = 4  # after <s>, <pad>, </s>, <unk>
PAD = 1


def make_checkpoint(folder: str, seed: int, rows: list[Row]) -> None:
    """config.json and model.safetensors beside the tokenizer.json that lies in `folder`."""
    tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    config = encoder_config(tokenizer.get_vocab_size())
    torch.set_num_threads(1)  # one order of summation, so the same bytes every time
    torch.manual_seed(seed)
    model = XLMRobertaForMaskedLM(config)
    sentences = [list(row.tokens) for row in rows]
    pretrain(model, [e.ids for e in tokenizer.encode_batch(sentences, is_pretokenized=True)], seed)
    write_encoder(folder, config, model.state_dict())


def write_encoder(folder: str, config: XLMRobertaConfig, tensors: dict[str, torch.Tensor]) -> None:
    """config.json, and model.safetensors with those of the tensors that are the encoder's."""
    encoder = {name: tensor.contiguous() for name, tensor in tensors.items() if name.startswith("roberta.")}
    save_file(encoder, os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
    settings = {k: v for k, v in config.to_diff_dict().items() if k != "transformers_version"}
    settings |= {"architectures": ["XLMRobertaForMaskedLM"], "model_type": "xlm-roberta", "torch_dtype": "float32"}
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
        json.dump(settings, file, indent=2, sort_keys=True)
        file.write("\n")


def random_tensors(config: XLMRobertaConfig, seed: int) -> dict[str, torch.Tensor]:
    """An encoder's tensors as XLM-R is initialised, drawn by NumPy, so that every processor gives the same bytes."""
    rng = np.random.default_rng(seed)
    tensors = {}
    for name, tensor in sorted(XLMRobertaForMaskedLM(config).state_dict().items()):
        if name.endswith(".bias") or "LayerNorm" in name:
            values = np.full(tensor.shape, 1.0 if name.endswith("LayerNorm.weight") else 0.0)
        else:
            values = config.initializer_range * rng.standard_normal(tensor.shape)
        if name.endswith(("word_embeddings.weight", "position_embeddings.weight")):
            values[PAD] = 0
        tensors[name] = torch.from_numpy(values.astype(np.float32))
    return tensors


def encoder_config(vocabulary_size: int, hidden_size: int = 128, intermediate_size: int = 512) -> XLMRobertaConfig:
    return XLMRobertaConfig(
        vocab_size=vocabulary_size,
        hidden_size=hidden_size,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=intermediate_size,
        hidden_act="gelu",
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
        max_position_embeddings=130,
        type_vocab_size=1,
        initializer_range=0.02,
        layer_norm_eps=1e-5,
        bos_token_id=0,
        pad_token_id=PAD,
        eos_token_id=2,
        id2label=dict(enumerate(TAGS)),
        label2id={tag: i for i, tag in enumerate(TAGS)},
    )


def unlabelled_rows(seed: int, corpus: dict[tuple[str, str], list[Row]]) -> list[Row]:
    scored = {row.tokens for (_, split), rows in corpus.items() if split != "train" for row in rows}
    everyone = dict.fromkeys(assign_names(seed), "common")
    rows: list[Row] = []
    for lang in TEXTS:
        writer = Writer(lang, "train", everyone, random.Random(f"{seed}/{lang}/unlabelled"))
        rows += [row for _ in range(ROWS_EACH_LANGUAGE) if (row := writer.row()).tokens not in scored]
    return rows


def pretrain(model: XLMRobertaForMaskedLM, rows: list[list[int]], seed: int) -> None:
    vocabulary_size = model.config.vocab_size
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim == 1]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}])
    steps = EPOCHS * math.ceil(len(rows) / BATCH)
    rng = np.random.default_rng(seed)
    model.train()
    step = 0
    for epoch in range(EPOCHS):
        total = 0.0
        for batch in batches(rows, rng):
            ids, targets = mask_tokens(batch, vocabulary_size, rng)
            chosen = targets >= 0
            rate = LEARNING_RATE * min((step + 1) / WARMUP_STEPS, (steps - step) / (steps - WARMUP_STEPS))
            for group in optimizer.param_groups:
                group["lr"] = rate
            hidden = model.roberta(torch.from_numpy(ids), attention_mask=torch.from_numpy(ids != PAD)).last_hidden_state
            # Scores only where a piece is hidden: a seventh of the work over the vocabulary.
            loss = torch.nn.functional.cross_entropy(model.lm_head(hidden[chosen]), torch.from_numpy(targets[chosen]))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total += loss.item()
            step += 1
        print(f"pretraining: epoch {epoch + 1} of {EPOCHS}, loss {total * EPOCHS / steps:.3f}", flush=True)


def batches(rows: list[list[int]], rng: np.random.Generator):
    """Shuffled batches of rows of like length (sorted within fifty batches), as padded arrays of ids."""
    order = rng.permutation(len(rows))
    made = []
    for start in range(0, len(order), 50 * BATCH):
        near = sorted(order[start : start + 50 * BATCH], key=lambda i: len(rows[i]))
        made += [near[i : i + BATCH] for i in range(0, len(near), BATCH)]
    for i in rng.permutation(len(made)):
        longest = max(len(rows[row]) for row in made[i])
        yield np.array([rows[row] + [PAD] * (longest - len(rows[row])) for row in made[i]])


def mask_tokens(batch: np.ndarray, vocabulary_size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """BERT's corruption: 15% of the pieces are targets; of these 80% become <mask>, 10% a random piece. Other targets are -1."""
    chosen = (rng.random(batch.shape) < MASKED) & (batch >= FIRST_PIECE)
    chosen[0, 1] = True  # never a batch without a target
    fate = rng.random(batch.shape)
    ids = np.where(chosen & (fate < 0.8), vocabulary_size - 1, batch)
    random_pieces = rng.integers(FIRST_PIECE, vocabulary_size - 1, batch.shape)
    ids = np.where(chosen & (fate >= 0.9), random_pieces, ids)
    return ids, np.where(chosen, batch, -1)
