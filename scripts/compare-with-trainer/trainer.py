"""What Hugging Face Trainer makes of a checkpoint and some rows: every optimizer step, the order of the rows, test scores.

    python trainer.py --model DIR --data DIR --lang en --size 640 --epochs 1 --dropout 0 --out trainer.json
    python trainer.py --model DIR --rows rows.json --dropout 0 --save DIR --out trainer.json

This is the reference that panx is held against, so it is transformers' own Trainer with nothing of its arithmetic replaced; only the
dataset, the collator (pad to the longest row of the batch) and a callback that reads the logs are here. Rows come from PAN-X
parquet files, or from a JSON list of {"inputIds": [...], "labelIds": [...]}. The JSON written has

    versions, settings   what it was made with
    steps                loss, gradNorm, learningRate of every optimizer step, as Trainer logs them (not rounded)
    evaluations          loss and f1 on the evaluation rows after every epoch, where training listens to them
    batches              the rows of every batch, in the order in which they were visited
    scores               per language of --score: precision, recall, f1 (entities, seqeval's default mode, micro), accuracy, loss, rows
    trainSeconds, scoreSeconds

cases.py and trajectories.py (scripts/make-golden) import `run` from here.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
from torch.optim.swa_utils import AveragedModel
from transformers import AutoModelForTokenClassification, EarlyStoppingCallback, Trainer, TrainerCallback, TrainingArguments

DEFAULTS = {
    "seed": 42,
    "epochs": 3.0,
    "batchSize": 32,
    "learningRate": 2e-5,
    "weightDecay": 0.01,
    "maxGradNorm": 1.0,
    "schedule": "linear",
    "warmupSteps": 0,
    "warmupRatio": None,
    "gradientAccumulationSteps": 1,
    "accumulation": "sum",
    "groupByLength": False,
    "freeze": "nothing",
    "maxSteps": None,
    "plateauPatience": 10,
    "plateauFactor": 0.1,
    "monitor": "loss",
    "patience": None,
    "select": "last",
}

# panx's names of the schedules, and transformers'.
SCHEDULES = {
    "linear": "linear",
    "cosine": "cosine",
    "constant": "constant_with_warmup",
    "plateau": "reduce_lr_on_plateau",
}
CHOICES = {
    "accumulation": ["sum", "mean"],
    "schedule": list(SCHEDULES),
    "freeze": ["nothing", "encoder"],
    "monitor": ["loss", "f1"],
    "select": ["last", "best", "average"],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--tokenizer", help="folder with tokenizer.json (default: the model's)")
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--lang", default="en")
    parser.add_argument("--size", type=int, help="the first rows of the train split (default: all)")
    parser.add_argument("--score", default="", help="languages whose test splits are scored, with commas between")
    parser.add_argument("--score-limit", type=int, help="only the first rows of each test split")
    parser.add_argument("--save", help="folder for the trained weights")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--dropout", type=float, help="every dropout of the model (default: the checkpoint's own)")
    parser.add_argument("--attention", default=None, choices=["eager", "sdpa"])
    parser.add_argument("--threads", type=int)
    add_settings(parser)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)

    model = load_model(args.model, args.dropout, args.attention)
    tokenizer = args.tokenizer or args.model
    if args.rows:
        rows = json.loads(args.rows.read_text())
    else:
        rows = panx_rows(args.data, args.lang, "train", tokenizer, args.size)
    settings = {key: getattr(args, key) for key in DEFAULTS}
    trainer, result = run(model, rows, settings)
    result["settings"] = {**settings, "dropout": args.dropout, "rows": len(rows), "threads": torch.get_num_threads()}
    started = time.time()
    result["scores"] = {
        lang: score(trainer, panx_rows(args.data, lang, "test", tokenizer, args.score_limit))
        for lang in args.score.split(",")
        if lang
    }
    result["scoreSeconds"] = time.time() - started
    if args.save:
        model.save_pretrained(args.save)
    args.out.write_text(json.dumps(result) + "\n")


def add_settings(parser):
    """An option for each of DEFAULTS: --batch-size for batchSize."""
    for key, default in DEFAULTS.items():
        flag = "--" + "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in key)
        if key in CHOICES:
            parser.add_argument(flag, default=default, choices=CHOICES[key], help="see `run`")
        elif key == "warmupRatio":
            parser.add_argument(flag, dest=key, default=default, type=float)
        elif default is False:
            parser.add_argument(flag, dest=key, action="store_true")
        else:
            parser.add_argument(flag, dest=key, default=default, type=int if default is None else type(default))


def load_model(folder, dropout=None, attention=None):
    rates = ["hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"]
    changes = {} if dropout is None else dict.fromkeys(rates, dropout)
    if attention is not None:
        changes["attn_implementation"] = attention
    return AutoModelForTokenClassification.from_pretrained(folder, dtype=torch.float32, **changes)


def run(model, rows, settings, callbacks=(), evaluation_rows=None):
    """Train the model in place. `settings` as DEFAULTS, which stand in for what is left out.

    Early stopping is EarlyStoppingCallback, the best weights are those of load_best_model_at_end, a plateau is torch's ReduceLROnPlateau,
    and the average of all epochs is torch's AveragedModel, updated at the end of each epoch.

    Under gradient accumulation, transformers 5.18 leaves the division by the number of micro-batches to the models whose forward takes
    keyword arguments (`model_accepts_loss_kwargs`); XLM-R's takes them and then does not divide, so a window's gradient and
    logged loss are the SUM of its batches' means. accumulation="mean" says by transformers' own switch that the model does
    not divide: then Trainer does, by the batches of that window, as in versions where that forward took no keyword
    arguments. https://github.com/huggingface/transformers/issues/47688
    """
    settings = {**DEFAULTS, **settings}
    if settings["accumulation"] == "mean":
        model.accepts_loss_kwargs = False
    for name, parameter in model.named_parameters():
        parameter.requires_grad = settings["freeze"] == "nothing" or name.startswith("classifier.")
    batches, steps, evaluations = [], [], []
    averaged = AveragedModel(model) if settings["select"] == "average" else None
    listens = settings["patience"] is not None or settings["schedule"] == "plateau" or settings["select"] == "best"
    is_loss = settings["monitor"] == "loss"
    plateau = {
        "mode": "min" if is_loss else "max",
        "factor": settings["plateauFactor"],
        "patience": settings["plateauPatience"],
    }
    stopping = [] if settings["patience"] is None else [EarlyStoppingCallback(settings["patience"])]

    class Watch(TrainerCallback):
        def on_epoch_end(self, args, state, control, **kwargs):
            if averaged is not None:
                averaged.update_parameters(model)

        def on_evaluate(self, args, state, control, metrics=None, **kwargs):
            evaluations.append({"loss": metrics["eval_loss"], "f1": metrics["eval_f1"]})

        def on_log(self, args, state, control, logs=None, **kwargs):
            if "loss" in logs:
                steps.append(
                    {
                        "loss": float(logs["loss"]),
                        "gradNorm": float(logs["grad_norm"]),
                        "learningRate": float(logs["learning_rate"]),
                    }
                )

    def collate(items):
        if items[0]["trained"]:  # Loaders are ahead of the model, which does not yet know whether it trains.
            batches.append([item["index"] for item in items])
        return padded([item["row"] for item in items], model.config.pad_token_id)

    with tempfile.TemporaryDirectory() as scratch:
        arguments = TrainingArguments(
            output_dir=scratch,
            seed=settings["seed"],
            num_train_epochs=settings["epochs"],
            max_steps=settings["maxSteps"] or -1,
            per_device_train_batch_size=settings["batchSize"],
            per_device_eval_batch_size=32,  # panx's evaluation.batchSize
            gradient_accumulation_steps=settings["gradientAccumulationSteps"],
            learning_rate=settings["learningRate"],
            weight_decay=settings["weightDecay"],
            max_grad_norm=settings["maxGradNorm"],
            lr_scheduler_type=SCHEDULES[settings["schedule"]],
            # Below 1 it is a share of all steps.
            warmup_steps=settings["warmupSteps"] if settings["warmupRatio"] is None else settings["warmupRatio"],
            train_sampling_strategy="group_by_length" if settings["groupByLength"] else "random",
            lr_scheduler_kwargs=plateau if settings["schedule"] == "plateau" else {},
            logging_steps=1,
            eval_strategy="epoch" if listens else "no",
            save_strategy="epoch" if settings["select"] == "best" else "no",
            load_best_model_at_end=settings["select"] == "best",
            metric_for_best_model=settings["monitor"] if listens else None,
            greater_is_better=not is_loss if listens else None,
            report_to="none",
            remove_unused_columns=False,
            disable_tqdm=True,
            use_cpu=True,
        )
        model.train()
        trainer = Trainer(
            model=model,
            args=arguments,
            train_dataset=Rows(rows),
            data_collator=collate,
            eval_dataset=Rows(evaluation_rows, trained=False) if listens else None,
            compute_metrics=lambda predictions: entity_scores(model, *predictions),
            callbacks=[Watch(), *stopping, *callbacks],
        )
        started = time.time()
        trainer.train()
    if averaged is not None:
        model.load_state_dict(averaged.module.state_dict())
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    return trainer, {
        "versions": versions,
        "settings": settings,
        "steps": steps,
        "evaluations": evaluations,
        "batches": batches,
        "trainSeconds": time.time() - started,
    }


class Rows(torch.utils.data.Dataset):
    """Encoded rows as a data set; each item knows its index, so that the collator can note the order."""

    def __init__(self, rows, trained=True):
        self.rows = rows
        self.trained = trained

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        # Trainer's length sampler looks at input_ids.
        return {"index": index, "trained": self.trained, "row": self.rows[index], "input_ids": self.rows[index]["inputIds"]}


def padded(rows, pad_id):
    """What a collator hands to the model: (B, T) ids, mask and labels, padded on the right; with id 0 where there is no padding id."""
    width = max(len(row["inputIds"]) for row in rows)

    def fill(sequences, value):
        return torch.tensor([[*sequence, *[value] * (width - len(sequence))] for sequence in sequences])

    return {
        "input_ids": fill([row["inputIds"] for row in rows], pad_id or 0),
        "attention_mask": fill([[1] * len(row["inputIds"]) for row in rows], 0),
        "labels": fill([row["labelIds"] for row in rows], -100),
    }


def panx_rows(data, lang, split, tokenizer, limit):
    """Rows of PAN-X: the first subword of a word carries its tag, every other position -100; at most 512 subwords."""
    import pyarrow.parquet
    from tokenizers import Tokenizer

    files = sorted((data / f"PAN-X.{lang}").glob(f"{split}-*.parquet"))
    columns = [pyarrow.parquet.read_table(file, columns=["tokens", "ner_tags"]).to_pydict() for file in files]
    sentences = [words for column in columns for words in column["tokens"]][:limit]
    tags = [ids for column in columns for ids in column["ner_tags"]][:limit]
    encoder = Tokenizer.from_file(str(Path(tokenizer) / "tokenizer.json"))
    encoder.enable_truncation(512)
    rows = []
    for encoding, tag_ids in zip(encoder.encode_batch(sentences, is_pretokenized=True), tags):
        labels, before = [], None
        for word in encoding.word_ids:
            labels.append(-100 if word is None or word == before else tag_ids[word])
            before = word
        rows.append({"inputIds": encoding.ids, "labelIds": labels})
    return rows


def score(trainer, rows):
    """Entity-level micro scores as seqeval's default mode counts them, and the loss that Trainer reports.

    Under group_by_length Trainer scores in a grouped random order as well, which no score depends on but the loss (a mean over batches).
    So that it can be compared, the rows are scored as they lie, which is what Trainer does without grouping.
    """
    trainer.args.train_sampling_strategy = "random"
    output = trainer.predict(Rows(rows, trained=False))
    scores = entity_scores(trainer.model, output.predictions, output.label_ids)
    return {**scores, "loss": float(output.metrics["test_loss"]), "rows": len(rows)}


def entity_scores(model, predictions, label_ids):
    """Micro precision, recall and F1 of entities, and the accuracy of first subwords. (B, T, L) logits, (B, T) labels."""
    names = model.config.id2label
    right = words = hits = found = there = 0
    for logits, labels in zip(predictions, label_ids):
        kept = labels != -100
        gold, guess = labels[kept], logits[kept].argmax(-1)
        right, words = right + int((gold == guess).sum()), words + len(gold)
        true, predicted = (entities([names[int(id)] for id in ids]) for ids in (gold, guess))
        hits, found, there = hits + len(true & predicted), found + len(predicted), there + len(true)
    precision, recall = hits / max(1, found), hits / max(1, there)
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if hits else 0.0,
        "accuracy": right / max(1, words),
    }


def entities(tags):
    """The (type, first, last) that conlleval reads: B opens, so does an I after O or after another type; all else goes on."""
    spans, before = [], ("O", "")
    for index, tag in enumerate(tags):
        prefix, _, kind = tag.partition("-")
        if prefix == "B" or (prefix == "I" and (before[0] == "O" or before[1] != kind)):
            spans.append([kind, index, index])
        elif prefix == "I":
            spans[-1][2] = index
        before = (prefix, kind)
    return {tuple(span) for span in spans}


if __name__ == "__main__":
    main()
