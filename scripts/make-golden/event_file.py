"""A golden event file: what TensorBoard's own messages and its own writer of records make of a few events.

    python scripts/make-golden/event_file.py [--out test/fixtures/golden/tensorboard]

    events.out.tfevents.golden    the version, the start of a session, scalars of two steps, scores at step 0, the end of the session
    lengths.json                  bytes of each event
"""

import argparse
import io
import json
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import metadata
from tensorboard.plugins.hparams.api_pb2 import STATUS_SUCCESS
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo
from tensorboard.summary.writer.record_writer import RecordWriter

START = 1796035598.125


def scalars(wall_time: float, step: int, values: dict[str, float]) -> Event:
    value = [Summary.Value(tag=tag, simple_value=number) for tag, number in values.items()]
    return Event(wall_time=wall_time, step=step, summary=Summary(value=value))


def hparams(wall_time: float, tag: str, content: HParamsPluginData) -> Event:
    # create_summary_metadata serializes the map in any order; panx sorts it.
    summary_metadata = metadata.create_summary_metadata(content)
    content.version = metadata.PLUGIN_DATA_VERSION
    summary_metadata.plugin_data.content = content.SerializeToString(deterministic=True)
    value = Summary.Value(tag=tag, metadata=summary_metadata, tensor=metadata.NULL_TENSOR)
    return Event(wall_time=wall_time, summary=Summary(value=[value]))


def events() -> list[Event]:
    start = SessionStartInfo(group_name="en-tr/phase-3.1-tr-250", start_time_secs=START)
    start.hparams["training.learningRate"].number_value = 2e-5
    start.hparams["training.warmupSteps"].number_value = 0
    start.hparams["model"].string_value = "FacebookAI/xlm-roberta-base"
    start.hparams["trained_on"].string_value = "en → tr 250"
    start.hparams["training.groupByLength"].bool_value = False
    start.hparams["training.newHead"].bool_value = True
    end = SessionEndInfo(status=STATUS_SUCCESS, end_time_secs=START + 2)
    return [
        Event(wall_time=START, file_version="brain.Event:2"),
        hparams(START, metadata.SESSION_START_INFO_TAG, HParamsPluginData(session_start_info=start)),
        scalars(START + 0.5, 1, {"train/loss": 2.014150619506836, "train/grad_norm": 0.0, "train/epoch": 1 / 3}),
        scalars(START + 1, 300, {"train/loss": 1e-8, "train/learning_rate": 2e-5}),
        scalars(START + 2, 0, {"eval/tr_f1": 0.87654321}),
        hparams(START + 2, metadata.SESSION_END_INFO_TAG, HParamsPluginData(session_end_info=end)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("test/fixtures/golden/tensorboard"))
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    file = io.BytesIO()
    writer = RecordWriter(file)
    contents = [event.SerializeToString(deterministic=True) for event in events()]
    for content in contents:
        writer.write(content)
    (out / "events.out.tfevents.golden").write_bytes(file.getvalue())
    (out / "lengths.json").write_text(json.dumps([len(content) for content in contents]) + "\n")


if __name__ == "__main__":
    main()
