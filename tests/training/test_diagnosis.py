"""The reading of the curves, on curves drawn by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from chromasonic.errors import FormatError
from chromasonic.training.diagnosis import (
    Reference,
    find_reference,
    load_references,
    read_counts,
    read_curves,
)
from chromasonic.training.history import Epoch, Metric, TrainingHistory

EPOCHS = np.arange(30)
SETTLED = 1.2 + 2 * np.exp(-EPOCHS / 3)


def history(train, val, *, rate: float = 1e-3, end: str = "patience", bits: float | None = None):  # type: ignore[no-untyped-def]
    metrics = {"pitch_bits": Metric(sum=100 * bits, count=100)} if bits else {}
    return TrainingHistory(
        name="toy",
        end=end,
        epochs=[
            Epoch(
                epoch=i + 1, learning_rate=rate, train_loss=float(t), val_loss=float(v), val=metrics
            )
            for i, (t, v) in enumerate(zip(train, val, strict=True))
        ],
    )  # fmt: skip


def test_curves_that_fall_and_settle_are_healthy() -> None:
    reading = read_curves(history(SETTLED - 0.1, SETTLED))
    assert reading.kinds == ["healthy"]
    assert reading.findings[0].severity == "good"
    assert "1.200 in epoch 30 of 30" in reading.text


@pytest.mark.parametrize(("rise", "severity"), [(0.06, "note"), (0.5, "warning")])
def test_validation_that_rises_while_training_falls_is_over_fitting(
    rise: float, severity: str
) -> None:
    val = SETTLED + rise * np.maximum(0, EPOCHS - 15) / 14
    reading = read_curves(history(SETTLED - 0.02 * EPOCHS, val))
    found = next(f for f in reading.findings if f.kind == "over-fitting")
    assert found.severity == severity
    assert found.evidence["best_epoch"] in (16, 17)
    assert "dropout" in found.advice
    assert "healthy" not in reading.kinds


def test_a_wide_gap_alone_is_remembered_tunes() -> None:
    reading = read_curves(history(SETTLED - 0.5, SETTLED))
    assert reading.kinds == ["over-fitting"]
    assert "The training loss is 42% below the validation loss" in reading.text  # 0.7 of 1.2


def test_flat_and_close_curves_are_under_fitting_unless_the_level_is_normal() -> None:
    assert read_curves(history(SETTLED, SETTLED)).kinds == ["under-fitting"]
    near = Reference(corpus="c", model="m", val_loss=1.19)
    assert read_curves(history(SETTLED, SETTLED), reference=near).kinds == ["normal", "healthy"]
    far = Reference(corpus="c", model="m", val_loss=0.9, how="chromasonic train melody")
    reading = read_curves(history(SETTLED, SETTLED), reference=far)
    assert set(reading.kinds) == {"worse-than-reference", "under-fitting"}
    assert "chromasonic train melody" in reading.text


def test_a_jumping_training_loss_is_a_rate_too_high() -> None:
    train = SETTLED + 0.6 * (EPOCHS % 2)
    reading = read_curves(history(train, train + 0.1, rate=0.1))
    found = reading.findings[0]
    assert (found.kind, found.severity) == ("learning-rate-too-high", "warning")
    assert "--learning-rate 0.01" in found.advice


def test_a_loss_that_only_jumps_and_never_falls_is_a_problem() -> None:
    train = 5 + 0.5 * (EPOCHS % 3)
    reading = read_curves(history(train, train, rate=1.0))
    assert reading.findings[0].kind == "learning-rate-too-high"
    assert reading.findings[0].severity == "problem"


def test_a_straight_fall_is_a_rate_too_low_and_stopped_too_soon() -> None:
    train = 5 - 0.05 * EPOCHS
    reading = read_curves(history(train, train + 0.1, rate=1e-5, end="epochs"))
    assert set(reading.kinds) == {"learning-rate-too-low", "stopped-while-improving"}
    assert "--learning-rate 0.0001" in reading.text
    assert "--epochs 60" in reading.text


def test_a_loss_that_hardly_moves_is_a_rate_too_low() -> None:
    train = 5 - 0.001 * np.sqrt(EPOCHS)
    reading = read_curves(history(train, train + 0.1, rate=1e-7))
    assert "learning-rate-too-low" in reading.kinds


def test_stopping_in_the_fall_is_told_from_a_best_last_epoch_that_hardly_gains() -> None:
    falling = 1.2 + 2 * np.exp(-EPOCHS / 12)
    assert (
        "stopped-while-improving"
        in read_curves(history(falling - 0.1, falling, end="epochs")).kinds
    )
    reading = read_curves(history(SETTLED - 0.1, SETTLED, end="epochs"))
    assert set(reading.kinds) == {"best-at-last-epoch", "healthy"}


def test_a_fall_is_a_share_of_what_it_fell_from() -> None:
    val = np.array([2.6, 2.55, 2.5, 2.0, 1.75, 1.5])  # over the last three from 2.5 by 1.0: 40%
    reading = read_curves(history(val - 0.1, val, end="epochs"))
    assert "still fell (40.0% over the last 3 epochs)" in reading.text
    # Just below and above the threshold of 0.5%, both ways of dividing apart.
    for last, kind in ((0.9951, "best-at-last-epoch"), (0.9949, "stopped-while-improving")):
        flat = np.array([1.3, 1.1, 1.0, 0.999, 0.998, last])
        assert kind in read_curves(history(flat - 0.1, flat, end="epochs")).kinds


def test_pitch_bits_are_compared_where_both_have_them() -> None:
    reference = Reference(corpus="n", model="lstm", val_loss=9, metrics={"pitch_bits": 2.5})
    for bits, kind in (
        (2.45, "normal"),
        (2.2, "better-than-reference"),
        (3, "worse-than-reference"),
    ):
        reading = read_curves(history(SETTLED - 0.1, SETTLED, bits=bits), reference=reference)
        assert kind in reading.kinds
        assert f"{bits:.3f} beside 2.500" in reading.text


def test_too_few_epochs_say_so() -> None:
    assert read_curves(history([3, 2, 1], [3, 2, 1])).kinds == ["too-short"]
    assert read_curves(TrainingHistory("none")).kinds == ["too-short"]


def test_a_counted_model_has_no_curves_to_read() -> None:
    assert read_counts(history([1], [1])).kinds == ["counted"]


def test_the_gravest_stands_first_and_all_is_plain_json() -> None:
    val = SETTLED + 0.5 * np.maximum(0, EPOCHS - 15) / 14
    near = Reference(corpus="c", model="m", val_loss=1.2)
    reading = read_curves(history(SETTLED - 0.02 * EPOCHS, val), reference=near)
    severities = [finding.severity for finding in reading.findings]
    assert severities == sorted(severities, key=["problem", "warning", "note", "good"].index)
    assert json.loads(json.dumps(reading.to_dict()))["name"] == "toy"


def test_references_are_found_by_corpus_content_and_model(tmp_path: Path) -> None:
    table = tmp_path / "runs.json"
    runs = [
        {"corpus": "n", "model": "lstm", "val_loss": 1.0},
        {"corpus": "n", "model": "lstm", "val_loss": 2.0, "fingerprint": "abc"},
    ]
    table.write_text(json.dumps({"runs": runs}))
    known = load_references(table)
    for fingerprint, loss in (("abc", 2.0), ("other", 1.0)):
        found = find_reference(known, corpus="n", fingerprint=fingerprint, model="lstm")
        assert found is not None
        assert found.val_loss == loss
    assert find_reference(known, corpus="n", fingerprint="abc", model="markov") is None
    assert load_references(tmp_path / "absent.json") == ()
    table.write_text("{}")
    with pytest.raises(FormatError, match="table of reference runs"):
        load_references(table)
