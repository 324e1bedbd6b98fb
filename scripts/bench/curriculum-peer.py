"""The peer's half of curriculum.mjs: the stages of `panx sweep` with transformers' Trainer, in one process, as a notebook would.

    python curriculum-peer.py --model DIR --data DIR --source en --target tr --sizes 250,500 --epochs 3 --batch-size 32 \\
        --learning-rate 1e-3 --warmup-steps 20 --seed 42 [--protocol cumulative] [--eval-rows N] [--bf16] [--group-by-length]

Stages, rows, their order, optimizer and schedule are panx's: the target alone, the source alone, then more and more rows of the target,
each from the model of the stage before (or, from-source, from the source's). Both languages' test splits are scored after each
stage. Rows are encoded once and stay in memory, a stage goes on with the model in memory, and nothing is saved to disk: all of that in
the peer's favour. Trainer logs as it does by default. Prints a line about each stage on stderr, and last on stdout a JSON object:

    stages   for each label, rows, steps, trainS, scoreS, trainLoss (mean over the steps), f1 by language
    totalS   from the start of this file, imports included, to the end
"""

import time

started = time.time()

import argparse
import copy
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "compare-with-trainer"))
from trainer import Rows, load_model, padded, panx_rows, score  # noqa: E402

import numpy  # noqa: E402
from transformers import Trainer, TrainingArguments  # noqa: E402


def main():
    args = arguments()
    langs = [args.source, args.target]
    train = {lang: shuffled(panx_rows(args.data, lang, "train", args.model, None), 0) for lang in langs}
    test = {lang: panx_rows(args.data, lang, "test", args.model, args.eval_rows) for lang in langs}

    target_only, _ = stage(args, load_model(args.model), args.target, train[args.target], test)
    source_only, model = stage(args, load_model(args.model), args.source, train[args.source], test)
    stages = [target_only, source_only]
    for size in map(int, args.sizes.split(",")):
        start = copy.deepcopy(model) if args.protocol == "from-source" else model
        rows = shuffled(train[args.target], 42)[:size]
        result, _ = stage(args, start, f"{args.source} → {args.target} {size}", rows, test)
        stages.append(result)
    print(json.dumps({"stages": stages, "totalS": time.time() - started}))


def stage(args, model, label, rows, test):
    """Train the model in place with a fresh Trainer, and score it. @returns what it came to, and the model"""
    with tempfile.TemporaryDirectory() as scratch:
        trainer = Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=scratch,
                seed=args.seed,
                num_train_epochs=args.epochs,
                per_device_train_batch_size=args.batch_size,
                per_device_eval_batch_size=args.batch_size,
                learning_rate=args.learning_rate,
                weight_decay=0.01,
                warmup_steps=args.warmup_steps,
                train_sampling_strategy="group_by_length" if args.group_by_length else "random",
                bf16=args.bf16,
                save_strategy="no",
                report_to="none",
                remove_unused_columns=False,
                disable_tqdm=True,
                use_cpu=True,
            ),
            train_dataset=Rows(rows),
            data_collator=lambda items: padded([item["row"] for item in items], model.config.pad_token_id),
        )
        trained_from = time.time()
        outcome = trainer.train()
    scored_from = time.time()
    scores = {lang: score(trainer, test[lang]) for lang in test}
    result = {
        "label": label,
        "rows": len(rows),
        "steps": outcome.global_step,
        "trainS": scored_from - trained_from,
        "scoreS": time.time() - scored_from,
        "trainLoss": outcome.training_loss,
        "f1": {lang: found["f1"] for lang, found in scores.items()},
    }
    print(json.dumps(result, ensure_ascii=False), file=sys.stderr, flush=True)
    return result, model


def shuffled(rows, seed):
    """As datasets' Dataset.shuffle(seed) orders them."""
    return [rows[i] for i in numpy.random.default_rng(seed).permutation(len(rows))]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--sizes", required=True)
    parser.add_argument("--protocol", default="cumulative", choices=["cumulative", "from-source"])
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--warmup-steps", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--eval-rows", type=int)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--group-by-length", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
