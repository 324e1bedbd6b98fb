"""Golden torch files: what torch.save writes of a dictionary of tensors, in both of its formats.

    python scripts/make-golden/torch_files.py [--out test/fixtures/golden/torch-files]

A folder for each case and format (`strided-zip`, `strided-legacy`, ...):

    pytorch_model.bin, or pytorch_model.bin.index.json and its shards
    expected.safetensors    the tensors as torch loads them, each laid out by itself
    expected.json           the names of the entries that are no tensors, or whose values panx does not know

A file of the legacy format holds addresses of memory as the keys of its storages: these alone differ from one call to the next.
"""

import argparse
import json
import os
import shutil
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import save_file

FORMATS = {"zip": True, "legacy": False}


def state_dict() -> OrderedDict:
    """As a module's state_dict() gives it, of all element types that safetensors knows too."""
    generator = torch.Generator().manual_seed(1)
    rows = torch.randn(7, 5, generator=generator)
    state = OrderedDict()
    state["embeddings.weight"] = rows
    state["half"] = (rows * 1e-3).half()
    state["bfloat16"] = rows.bfloat16()
    state["double"] = rows.double()
    state["scalar"] = torch.tensor(-2.5)
    state["empty"] = torch.zeros(0, 4)
    state["deep"] = torch.randn(2, 3, 4, generator=generator)
    for dtype in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool):
        state[str(dtype)] = torch.arange(6).to(dtype)
    state._metadata = OrderedDict({"": {"version": 1}, "embeddings": {"version": 1}})
    return state


def strided() -> dict:
    """Tensors whose values do not lie one behind the other."""
    generator = torch.Generator().manual_seed(2)
    table = torch.randn(12, 10, generator=generator)
    return {
        "table": table,
        "transposed": table.t(),
        "columns": table[:, 3:7],
        "every third row": table[::3],
        "every other of both": table[1::2, ::2],
        "transposed columns": table[:, 2:5].t(),
        "one row": table[4],
        "one column": table[:, 4],
        "permuted": torch.randn(3, 4, 5, generator=generator).permute(2, 0, 1),
        "permuted half": torch.randn(3, 4, 5, generator=generator).half().permute(1, 2, 0),
        "transposed bfloat16": torch.randn(6, 3, generator=generator).bfloat16().t(),
        "transposed double": torch.randn(6, 3, generator=generator).double().t(),
        "expanded": torch.randn(1, 5, generator=generator).expand(4, 5),
        "overlapping": torch.arange(9.0).unfold(0, 3, 1),
        "wide": torch.randn(2, 4200, generator=generator)[:, ::4199],
        "axes of size 1": torch.randn(5, 1, 1, generator=generator).transpose(0, 2),
    }


def tied() -> OrderedDict:
    """Tensors that share their storage: one under two names, and parts of one."""
    generator = torch.Generator().manual_seed(3)
    table = torch.randn(8, 6, generator=generator)
    state = OrderedDict()
    state["roberta.embeddings.word_embeddings.weight"] = table
    state["lm_head.decoder.weight"] = table
    state["first rows"] = table[:3]
    state["last rows"] = table[5:]
    return state


def parameters() -> dict:
    """Parameters, as `torch.save(dict(model.named_parameters()))` writes them, and a buffer."""
    generator = torch.Generator().manual_seed(4)
    weight = torch.nn.Parameter(torch.randn(4, 3, generator=generator))
    return {
        "weight": weight,
        "frozen": torch.nn.Parameter(torch.randn(3, generator=generator), requires_grad=False),
        "tied": weight,
        "transposed": torch.nn.Parameter(torch.randn(2, 5, generator=generator).t()),
        "buffer": torch.arange(3.0),
    }


def others() -> dict:
    """A plain dictionary with tensors among everything else."""
    generator = torch.Generator().manual_seed(5)
    momentum = torch.randn(3, 2, generator=generator)
    return {
        "weight": torch.randn(3, 2, generator=generator),
        "epoch": 3,
        "loss": 0.25,
        "name": "größer",
        "nothing": None,
        "large": 2**70,
        "flags": (True, False),
        "list": [1, [2, [3]], momentum],
        "optimizer": {"state": {0: {"momentum": momentum, "of complex": torch.ones(2, dtype=torch.complex64)}}, "lr": 1e-3},
        "set": {1, 2},
        "bytes": b"bytes",
        "arguments": argparse.Namespace(lr=1e-3),
        "device": torch.device("cpu"),
        "dtype": torch.float16,
        "complex": torch.ones(2, dtype=torch.complex64),
        "bias": torch.randn(3, generator=generator),
        7: torch.ones(1),
    }


def lightning() -> dict:
    """A checkpoint of PyTorch Lightning: the weights have a name of their own, beside the state of the training."""
    generator = torch.Generator().manual_seed(7)
    state = OrderedDict()
    state["model.weight"] = torch.randn(3, 2, generator=generator)
    state["model.bias"] = torch.randn(3, generator=generator).double()
    momentum = torch.randn(3, 2, generator=generator)
    return {
        "epoch": 2,
        "global_step": 10,
        "pytorch-lightning_version": "2.5.5",
        "state_dict": state,
        "loops": {"fit_loop": {"state_dict": {}, "progress": {"total": 3}}},
        "callbacks": {"EarlyStopping{'monitor': 'f1'}": {"best_score": torch.tensor(0.5)}},
        "optimizer_states": [{"state": {0: {"step": torch.tensor(10.0), "exp_avg": momentum}}, "param_groups": [{"lr": 1e-3}]}],
        "lr_schedulers": [],
        "hyper_parameters": {"lr": 1e-3},
    }


def elsewhere() -> dict:
    """The weights of an encoder stand under a name that few programs use."""
    generator = torch.Generator().manual_seed(8)
    state = {
        "bert.embeddings.word_embeddings.weight": torch.randn(4, 2, generator=generator),
        "classifier.bias": torch.randn(3, generator=generator),
    }
    return {"args": {"lr": 1e-3}, "network": state, "ema": {"decay": torch.tensor(0.5)}, "accuracy": 0.9}


class Call:
    """What Python's own pickle would call when the file is loaded, as a hostile file has it."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def calls() -> dict:
    """Each would leave a file `panx-was-called` in the current folder."""
    generator = torch.Generator().manual_seed(6)
    write = "open('panx-was-called', 'w')"
    return {
        "weight": torch.randn(3, 2, generator=generator),
        "system": Call(os.system, "touch panx-was-called"),
        "eval": Call(eval, write),
        "exec": Call(exec, write),
        "open": Call(open, "panx-was-called", "w"),
        "inside": [{"a": Call(os.system, "touch panx-was-called")}],
        "bias": torch.randn(3, generator=generator),
    }


def save(case: Path, state: dict, zipped: bool, protocol: int = 2, shards: list[list[str]] | None = None) -> None:
    shutil.rmtree(case, ignore_errors=True)
    case.mkdir(parents=True)
    write = lambda content, name: torch.save(  # noqa: E731
        content, case / name, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped
    )
    if shards is None:
        write(state, "pytorch_model.bin")
    else:
        names = [f"pytorch_model-{i + 1:05}-of-{len(shards):05}.bin" for i in range(len(shards))]
        for name, keys in zip(names, shards):
            write({key: state[key] for key in keys}, name)
        weight_map = {key: name for name, keys in zip(names, shards) for key in keys}
        index = {"metadata": {"total_size": 0}, "weight_map": weight_map}
        (case / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=2) + "\n")
    tensors = {}
    inside = next((name for name in ("state_dict", "network") if name in state), None)
    weights = state if inside is None else state[inside]
    not_tensors = [] if inside is None else [name for name in state if name != inside]
    for name, value in weights.items():
        is_known = isinstance(name, str) and isinstance(value, torch.Tensor) and value.dtype != torch.complex64
        if is_known:
            tensors[name] = value.detach().clone(memory_format=torch.contiguous_format)
        else:
            not_tensors.append(str(name))
    save_file(tensors, case / "expected.safetensors")
    (case / "expected.safetensors").chmod(0o644)
    (case / "expected.json").write_text(json.dumps({"notTensors": not_tensors}, ensure_ascii=False) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("test/fixtures/golden/torch-files"))
    out = parser.parse_args().out
    for name, zipped in FORMATS.items():
        for protocol in (2, 4, 5):
            save(out / f"protocol-{protocol}-{name}", state_dict(), zipped, protocol)
        for case in (strided, tied, parameters, others, calls, lightning, elsewhere):
            save(out / f"{case.__name__}-{name}", case(), zipped)
        save(out / f"others-5-{name}", others(), zipped, 5)
        keys = list(strided())
        save(out / f"shards-{name}", strided(), zipped, shards=[keys[:6], keys[6:]])
    torch.serialization.set_crc32_options(False)
    save(out / "without-checksums-zip", state_dict(), True)


if __name__ == "__main__":
    main()
