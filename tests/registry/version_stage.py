"""A registry on a copy of one empty database, and models made up to be registered."""

from __future__ import annotations

from pathlib import Path

from chromasonic.registry.manifest import FileFacts
from chromasonic.registry.model import CorpusUsed, ModelFacts, TrainedModel
from chromasonic.registry.version import Version

FOLK = CorpusUsed(
    name="folk", title="Folk tunes", licence="CC0", fingerprint="f" * 64, weights_may_ship=True
)


def made_model(
    folder: Path, *, weights: bytes = b"weights", parent: str = "", **facts: object
) -> TrainedModel:
    """A model of two files and a text, as a training of melodies leaves one."""
    run = folder / "run"
    (run / "lstm_checkpoints").mkdir(parents=True, exist_ok=True)
    best = run / "lstm_checkpoints" / "melody_lstm_best.pt"
    best.write_bytes(weights)
    table = run / "lstm_checkpoints" / "melody_lstm_history.csv"
    table.write_text("epoch,loss\n1,2.5\n")
    told = {
        "title": "An LSTM",
        "parameters": 7,
        "corpora": (FOLK,),
        "seed": 3,
        "validation": {"pitch_bits": 2.5},
        "headline": "pitch_bits",
        "recipe": {"data": {"dataset": "folk"}, "lstm": {"training": {"seed": 3}}},
        "command": ("chromasonic", "train", "melody"),
        "code": {"version": "0.1.0"},
        "run": "run",
        **facts,
    }
    return TrainedModel(
        facts=ModelFacts(task="melody", kind="lstm", parent=parent, **told),  # type: ignore[arg-type]
        files={f"lstm_checkpoints/{path.name}": path for path in (best, table)},
        texts={"run.json": '{"task": "melody"}\n'},
    )


def made_version(
    name: str, number: int, *, aliases: tuple[str, ...] = (), parent: str = "", held: str = ""
) -> Version:
    """A version as a value, of no files that lie anywhere."""
    return Version(
        name=name,
        number=number,
        aliases=aliases,
        facts=ModelFacts(task="melody", kind="lstm"),
        files={"a": FileFacts(sha256="0" * 64, size_bytes=1)},
        content="0" * 64,
        created="2026-01-01T00:00:00+00:00",
        parent=parent,
        held_by=(held,) if held else (),
    )
