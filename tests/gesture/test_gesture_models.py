"""A gesture model carries all that it needs: nothing about it has to be guessed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_movements import HAND, LABELS, made, made_corpus

from chromasonic.errors import CheckpointError, DataError
from chromasonic.gesture import models
from chromasonic.gesture.feature_config import FeatureConfig
from chromasonic.gesture.models import GestureModel, build, describe, load_gesture
from chromasonic.gesture.network_config import NetworkConfig
from chromasonic.gesture.preparing import prepare
from chromasonic.gesture.recipe import GestureData
from chromasonic.music.movement import Movement, Skeleton
from chromasonic.training.checkpoint import FORMAT_VERSION, load_checkpoint, save_checkpoint

TINY = NetworkConfig(
    spatial_dim=8, spatial_layers=1, temporal_dim=12, temporal_layers=1, classifier_dim=16
)


def model_of(features: FeatureConfig | None = None, *, causal: bool = False) -> GestureModel:
    data = prepare(made_corpus(), GestureData(), features or FeatureConfig())
    torch.manual_seed(1)
    network = build(replace(TINY, causal=causal), data.skeleton, data.classes, data.reader.config)
    return GestureModel(
        network=network.eval(), classes=data.classes, skeleton=data.skeleton, reader=data.reader
    )


def saved(model: GestureModel, folder: Path) -> Path:
    return save_checkpoint(
        folder / "best_model.pth",
        {
            "format_version": FORMAT_VERSION,
            "model_state_dict": model.network.state_dict(),
            "epoch": 1,
            "config": describe(model),
            "metrics": {},
        },
    )


@pytest.mark.parametrize("normalization", ["none", "recording", "performer"])
@pytest.mark.parametrize("causal", [False, True])
def test_what_is_loaded_says_what_was_saved(
    tmp_path: Path, normalization: str, causal: bool
) -> None:
    features = FeatureConfig(normalization=normalization, bones=True, rate_hz=15.0)  # type: ignore[arg-type]
    model = model_of(features, causal=causal)
    saved(model, tmp_path)
    loaded = load_gesture(tmp_path)
    movement = made("wave", 99, performer="ben")
    np.testing.assert_array_equal(loaded.probabilities(movement), model.probabilities(movement))
    assert loaded.classes == LABELS
    assert loaded.skeleton == HAND
    assert loaded.is_causal is causal


def test_many_recordings_together_are_judged_as_each_alone() -> None:
    model = model_of()
    movements = [made(label, number) for label in LABELS for number in range(4)]
    together = model.probabilities_of(movements)
    alone = np.stack([model.probabilities(movement) for movement in movements])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_a_causal_model_says_the_same_of_a_beginning_whatever_follows() -> None:
    model = model_of(causal=True)
    movement = made("circle", 5)
    whole = model.probabilities(movement)
    begun = model.probabilities(replace(movement, frames=movement.frames[:7]))
    np.testing.assert_allclose(whole[:7], begun, atol=1e-6)


def test_a_performers_size_and_place_are_taken_out() -> None:
    model = model_of(FeatureConfig(normalization="performer"))
    mine = [made(label, number) for label in LABELS for number in range(3)]
    theirs = [
        replace(m, frames=m.frames * 3 + np.float32(7), performer="someone new") for m in mine
    ]
    known = model.with_performers([*mine, *theirs])
    np.testing.assert_allclose(
        known.probabilities_of(theirs), known.probabilities_of(mine), atol=1e-4
    )


def test_a_stranger_is_taken_at_home_in_their_own_recording() -> None:
    model = model_of(FeatureConfig(normalization="performer"))
    movement = made("wave", 7)
    stranger = replace(movement, performer="nobody", frames=movement.frames * 4 + np.float32(2))
    same = model.probabilities(replace(movement, performer="nobody"))
    np.testing.assert_allclose(model.probabilities(stranger), same, atol=1e-4)


def test_another_skeleton_is_refused_by_its_missing_nodes() -> None:
    other = Skeleton(
        name="glove", nodes=("wrist", "thumb"), edges=((0, 1),), channels=HAND.channels
    )
    movement = Movement(
        id="mine.csv", skeleton=other, frames=np.zeros((4, 2, 3), np.float32), rate_hz=20.0
    )
    with pytest.raises(DataError, match=r"mine\.csv.*'glove'.*'made-hand'.*lacks index"):
        model_of().probabilities(movement)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["config"].pop("gesture"), "no gesture model"),
        (lambda c: c["config"].update(task="melody"), "one of the task melody"),
        (lambda c: c["config"]["gesture"].update(classes=["a"]), "do not fit"),
        (lambda c: c["config"]["gesture"]["skeleton"].update(edges=[[0, 9]]), "what cannot be"),
        (lambda c: c["config"]["gesture"]["features"].update(median=-3), "what cannot be"),
        (lambda c: c["config"]["model"]["config"].update(spatial_dim="wide"), "what cannot be"),
    ],
)
def test_a_checkpoint_that_was_changed_is_refused(tmp_path: Path, change, message: str) -> None:  # type: ignore[no-untyped-def]
    content = load_checkpoint(saved(model_of(), tmp_path))
    change(content)
    save_checkpoint(tmp_path / "best_model.pth", content)
    with pytest.raises(CheckpointError, match=message):
        load_gesture(tmp_path)


def test_checkpoints_carry_the_specifications_names() -> None:
    assert models.LAYOUT.file_name("gesture", "best.pt") == "best_model.pth"
    assert models.LAYOUT.file_name("gesture", "final.pt") == "final_model.pth"


def test_a_long_recording_among_many_makes_no_batch_of_long_ones() -> None:
    lengths = [*range(1, 130), 100_000, 12_000, 9_000]
    batches = list(models._batches(lengths))
    assert sorted(number for batch in batches for number in batch) == list(range(len(lengths)))
    assert [len(batch) for batch in batches] == [64, 64, 2, 1, 1]
    assert [lengths[number] for number in batches[2]] == [129, 9_000]
    assert list(models._batches([])) == []
