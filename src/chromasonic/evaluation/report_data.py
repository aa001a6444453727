"""What a report shows, as plain values: whoever has trained, judged and generated fills them in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from chromasonic.errors import EvaluationError
from chromasonic.evaluation.figure import Figure
from chromasonic.music.tune import Tune

HUMAN = "human"
"""Stands where a model's name would, for held-out tunes that people made."""


@dataclass(frozen=True, kw_only=True)
class ReportModel:
    """One model of the report.

    Attributes:
        name: short and unique ("lstm").
        label: as it is printed ("LSTM").
        says: what it is, in one line.
        parameters: numbers that were trained or counted; 0 is not said.
        seconds: how long that took; NaN is not said.
        is_baseline: the others are measured against it.
    """

    name: str
    label: str
    says: str = ""
    parameters: int = 0
    seconds: float = float("nan")
    is_baseline: bool = False


@dataclass(frozen=True, kw_only=True)
class ReportCurves:
    """What a model's training went through; one value an epoch, NaN where there is none.

    Attributes:
        model: its name.
        train_loss, val_loss: nats a token.
        val_accuracy: share of the next notes' pitches that were foreseen.
        learning_rate: of the epoch's last update.
        best_epoch: counted from 1; 0 is unknown.
        findings: the reading of the curves: (severity, what is seen, what to change).
    """

    model: str
    train_loss: tuple[float, ...]
    val_loss: tuple[float, ...]
    val_accuracy: tuple[float, ...] = ()
    learning_rate: tuple[float, ...] = ()
    best_epoch: int = 0
    findings: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReportRow:
    """One line of the comparison table.

    Attributes:
        title: of the metric ("Pitch bits a note").
        says: what it means, in one line.
        kind: how its numbers are printed.
        figures: model name to figure; a model may be absent.
        words: model name to the word of its band ("good"); may be empty.
        reference: the same figure of held-out human tunes, where that makes sense.
        better: which way is better; "" where neither is.
        in_radar: whether it is an axis of the radar: then it runs from 0 to 1, higher is better.
    """

    title: str
    says: str
    figures: Mapping[str, Figure]
    kind: Literal["number", "share", "score", "count"] = "number"
    words: Mapping[str, str] = field(default_factory=dict)
    reference: Figure | None = None
    better: Literal["lower", "higher", ""] = ""
    in_radar: bool = False


@dataclass(frozen=True, kw_only=True)
class ReportTune:
    """One tune to be seen and heard.

    Attributes:
        tune: its notes.
        model: name of the model that wrote it, or `HUMAN`.
        seed: of the generation; None is not said.
        temperature: of the generation; None is not said.
        copied_share: share of its notes that stand in the training tunes in runs of `run_notes`.
        longest_run: longest such run, in notes.
        run_notes: notes of a run that counts as copied.
    """

    tune: Tune
    model: str
    seed: int | None = None
    temperature: float | None = None
    copied_share: float | None = None
    longest_run: int | None = None
    run_notes: int = 8


@dataclass(frozen=True, kw_only=True)
class ReportData:
    """A whole report.

    Attributes:
        title: the page's heading.
        lead: one or two sentences that say what this is.
        models: in the order of the columns.
        facts: what was trained on what: (term, text), such as ("Licence", "...").
        verdicts: what the figures come to, sentence by sentence.
        curves: of the networks.
        rows: of the comparison table.
        pitch_bits: model name to pitch bits a note, for a drawing of its own.
        pitch_bits_note: under that drawing: test part, n, paired differences.
        tunes: generated ones and, with `HUMAN` as model, held-out ones.
        remarks: what the reader should know (something skipped, a fallback taken).
        colophon: how to make the report again: (term, text), such as versions and commands.
    """

    title: str
    lead: str
    models: tuple[ReportModel, ...]
    facts: tuple[tuple[str, str], ...] = ()
    verdicts: tuple[str, ...] = ()
    curves: tuple[ReportCurves, ...] = ()
    rows: tuple[ReportRow, ...] = ()
    pitch_bits: Mapping[str, Figure] = field(default_factory=dict)
    pitch_bits_note: str = ""
    tunes: tuple[ReportTune, ...] = ()
    remarks: tuple[str, ...] = ()
    colophon: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        known = {model.name for model in self.models}
        named = {curves.model for curves in self.curves} | set(self.pitch_bits)
        named |= {name for row in self.rows for name in row.figures}
        named |= {tune.model for tune in self.tunes} - {HUMAN}
        if named - known:
            raise EvaluationError(
                f"The report names {', '.join(sorted(named - known))}, but its models are "
                f"{', '.join(sorted(known)) or 'none'}. Add them to `models`."
            )
        for curves in self.curves:
            if len(curves.train_loss) != len(curves.val_loss):
                raise EvaluationError(
                    f"The curves of {curves.model} have {len(curves.train_loss)} training and "
                    f"{len(curves.val_loss)} validation losses; they must be as many."
                )
