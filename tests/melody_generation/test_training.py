"""ModelTrainer, the melody task and create_training_data."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from chromasonic.errors import ConfigError, DataError, DeviceError, UsageError
from chromasonic.melody_generation.task import GROUPS, MelodyTask, groups_of_vocabulary, windows_of
from chromasonic.melody_generation.tokens import (
    BAR,
    END,
    PAD,
    START,
    VOCABULARY,
    Kind,
    decode,
    transpositions,
)
from chromasonic.melody_generation.training import (
    ModelTrainer,
    TrainingHistory,
    create_training_data,
)
from chromasonic.training.checkpoint import load_checkpoint

WIDER = 5  # classes beyond the vocabulary


class CustomMelodyModel(nn.Module):
    """All that a user's model must have: forward from ids to logits."""

    def __init__(self, size: int = 16) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.embedding = nn.Embedding(VOCABULARY.size, size)
            self.recurrent = nn.GRU(size, size, batch_first=True)
            self.output = nn.Linear(size, VOCABULARY.size + WIDER)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.output(self.recurrent(self.embedding(x))[0])


@pytest.fixture(scope="module")
def tunes() -> tuple[list[list[int]], list[list[int]]]:
    return create_training_data(30, 0.8, seq_length=24, dataset="synthetic-structured")


@pytest.mark.usefixtures("real_pictures")
def test_a_custom_module_trains_as_the_specification_says(
    tunes: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    train, validation = tunes
    trainer = ModelTrainer(CustomMelodyModel(), model_name="custom_model")
    history = trainer.train(
        train_data=train, val_data=validation, epochs=8, batch_size=32, learning_rate=0.01,
        checkpoint_dir=Path("./checkpoints"),
    )  # fmt: skip
    history.plot_curves(save_path="learning_curves.png")
    assert Path("learning_curves.png").stat().st_size > 0
    assert history.val_losses[-1] < history.val_losses[0] - 0.5
    loaded = TrainingHistory.load("checkpoints/custom_model_history.json")
    assert (loaded.best_val_loss, loaded.best_epoch) == (history.best_val_loss, history.best_epoch)
    checkpoint = torch.load("checkpoints/custom_model_best.pt")
    CustomMelodyModel().load_state_dict(checkpoint["model_state_dict"])
    assert checkpoint["epoch"] == history.best_epoch


def test_the_checkpoint_says_what_was_trained(tunes: tuple, tmp_path: Path) -> None:
    trainer = ModelTrainer(CustomMelodyModel(), metadata={"corpus": {"name": "made"}})
    trainer.train(*tunes, epochs=1, checkpoint_dir=tmp_path, seed=5)
    config = load_checkpoint(tmp_path / "custom_model_best.pt")["config"]
    assert config["task"] == "melody"
    assert config["model"] == {"kind": "custom", "class": "CustomMelodyModel", "config": {}}
    assert config["vocabulary"] == VOCABULARY.signature
    assert config["training"]["seed"] == 5
    assert config["corpus"] == {"name": "made"}


def test_own_models_are_described_so_that_they_can_be_built_again() -> None:
    from chromasonic.melody_generation.models import build_model
    from chromasonic.melody_generation.training import describe_model

    model = build_model("lstm", {"hidden_size": 8, "num_layers": 1})
    told = describe_model(model)
    assert told["kind"] == "lstm"
    again = build_model(told["kind"], told["config"])
    assert describe_model(again) == told


def test_loss_and_metrics_are_those_of_the_reals_targets_alone(tunes: tuple) -> None:
    """Against torch's own mean over a batch without padding, sequence by sequence."""
    sequences = tunes[1]
    task, model = MelodyTask(sequences, sequences, transpose=False), CustomMelodyModel().eval()
    batches = task.epoch("validation", seed=0, epoch=1, batch_size=len(sequences))
    got = task.loss(model, batches.batch(batches.plan[0]), label_smoothing=0.0)
    losses, right, pitch_bits, pitch_right, notes = [], 0, 0.0, 0, 0
    for ids in sequences:
        logits = model(torch.tensor([ids[:-1]])).detach()[0, :, : VOCABULARY.size]
        targets = torch.tensor(ids[1:])
        nll = functional.cross_entropy(logits, targets, reduction="none")
        is_pitch = torch.tensor([VOCABULARY.kind[token] == Kind.PITCH for token in ids[1:]])
        losses.append(nll.sum())
        right += int((logits.argmax(1) == targets).sum())
        pitch_bits += float(nll[is_pitch].sum()) / math.log(2)
        pitch_right += int((logits.argmax(1) == targets)[is_pitch].sum())
        notes += int(is_pitch.sum())
    tokens = sum(len(ids) - 1 for ids in sequences)
    assert float(got.loss_sum.detach()) == pytest.approx(float(sum(losses)), rel=1e-5)
    values = {name: (float(a), float(b)) for name, (a, b) in got.metrics.items()}
    assert values["accuracy"] == (right, tokens)
    assert values["pitch_accuracy"] == (pitch_right, notes)
    assert values["pitch_bits"] == (pytest.approx(pitch_bits, rel=1e-5), notes)
    bars = sum(ids.count(BAR) for ids in sequences)
    assert values["bar_accuracy"][1] == values["bar_bits"][1] == bars


def test_every_token_is_in_one_group_and_easy_ones_are_apart() -> None:
    groups = groups_of_vocabulary()
    assert groups.sum(1).tolist() == [1.0] * VOCABULARY.size
    named = {
        GROUPS[int(row.argmax())]: name for row, name in zip(groups, VOCABULARY.names, strict=True)
    }
    assert named["bar"] == "BAR"
    for group, kinds in (("pitch", {Kind.PITCH}), ("rhythm", {Kind.NOTE, Kind.REST, Kind.HOLD})):
        column = groups[:, GROUPS.index(group)].astype(bool)
        assert {Kind(kind) for kind in VOCABULARY.kind[column]} == kinds


def test_each_epoch_transposes_each_tune_within_its_range_and_repeatably(tunes: tuple) -> None:
    task = MelodyTask(tunes[0], tunes[1], transpose=True)

    def epoch(number: int, seed: int = 0) -> dict[int, np.ndarray]:
        batches = task.epoch("train", seed=seed, epoch=number, batch_size=4)
        rows = {}
        for examples in batches.plan:
            ids = batches.batch(examples).tensors["ids"].numpy()
            rows.update({n: row[row != PAD] for n, row in zip(examples, ids, strict=True)})
        return rows

    first, again, second = epoch(1), epoch(1), epoch(2)
    assert all(np.array_equal(first[n], again[n]) for n in first)
    assert not all(np.array_equal(first[n], second[n]) for n in first)
    shifts = set()
    for number, row in first.items():
        written = np.array(tunes[0][number][: len(row)])  # the longest has lost its END
        is_pitch = VOCABULARY.kind[written] == Kind.PITCH
        moved = set((row - written)[is_pitch].tolist())
        assert len(moved) == 1
        assert moved <= set(transpositions(written))
        assert decode(row.tolist() if row[-1] == END else [*row.tolist(), END]).bars
        shifts |= moved
    assert len(shifts) > 4
    plain = MelodyTask(tunes[0], tunes[1], transpose=False)
    batches = plain.epoch("train", seed=0, epoch=1, batch_size=1)
    assert batches.batch([3]).tensors["ids"][0].tolist() == tunes[0][3][:-1]


def test_long_tunes_are_cut_at_bars_and_each_token_is_predicted_once(tunes: tuple) -> None:
    for number, ids in enumerate(tunes[0]):
        pieces = windows_of(ids, number, 30)
        asked = np.concatenate([piece.ids[piece.context :] for piece in pieces])
        assert asked.tolist() == ids[1:]
        assert all(len(piece) <= 30 for piece in pieces)
        for before, piece in itertools.pairwise(pieces):
            assert before.ids[-1] == BAR
            assert piece.ids[0] == START
            assert [Kind(VOCABULARY.kind[t]) for t in piece.ids[1 : piece.context]] == [
                Kind.METRE, Kind.TONIC, Kind.MODE,
            ]  # fmt: skip
    task = MelodyTask(tunes[0], tunes[1], window=30)
    for part, sequences in (("train", tunes[0]), ("validation", tunes[1])):
        batches = task.epoch(part, seed=0, epoch=1, batch_size=4)  # type: ignore[arg-type]
        count = sum(batches.batch(examples).count for examples in batches.plan)
        assert count == sum(len(ids) - 1 for ids in sequences)


def test_streams_without_bars_are_cut_where_they_must() -> None:
    ids = [START, *range(60, 160)]
    pieces = windows_of(ids, 0, 16)
    assert np.concatenate([p.ids[p.context :] for p in pieces]).tolist() == ids[1:]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ([[0, 1, 9999]], "holds the id 9999; the vocabulary has 0 to"),
        ([[0, -1]], "holds the id -1"),
        ([[1]], "is no list of two or more token ids"),
        ([[0.5, 1.5]], "is no list of two or more token ids"),
        ([], "The train part holds nothing"),
    ],
)
def test_unusable_sequences_are_named(tunes: tuple, bad: list, says: str) -> None:
    with pytest.raises(DataError, match=says):
        ModelTrainer(CustomMelodyModel(), device="cpu").train(bad, tunes[1], epochs=1)


def test_an_empty_validation_part_is_an_error(tunes: tuple) -> None:
    with pytest.raises(DataError, match="validation part holds nothing"):
        ModelTrainer(CustomMelodyModel(), device="cpu").train(tunes[0], [], epochs=1)


@pytest.mark.parametrize("shape", ["narrow", "flat", "short"])
def test_a_model_with_another_output_is_told_what_is_wanted(tunes: tuple, shape: str) -> None:
    class Wrong(CustomMelodyModel):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            logits = super().forward(x)
            return {"narrow": logits[..., :50], "flat": logits[:, -1], "short": logits[:, 1:]}[
                shape
            ]

    with pytest.raises(UsageError, match=r"must give logits of shape .*, W\) with W at least"):
        ModelTrainer(Wrong(), device="cpu").train(*tunes, epochs=1)


def test_wrong_settings_are_named_with_the_nearest(tunes: tuple) -> None:
    trainer = ModelTrainer(CustomMelodyModel(), device="cpu")
    with pytest.raises(ConfigError, match="Unknown key 'grad_clipp'.*Did you mean 'grad_clip'"):
        trainer.train(*tunes, grad_clipp=1.0)
    with pytest.raises(ConfigError, match="allowed: 'reduce_on_plateau', 'step', 'cosine'"):
        trainer.train(*tunes, lr_scheduler="linear")
    with pytest.raises(ConfigError, match="epochs is 0; allowed: 1 or more"):
        trainer.train(*tunes, epochs=0)
    with pytest.raises(DeviceError, match="Unknown device"):
        ModelTrainer(CustomMelodyModel(), device="gpu")


def test_training_data_are_valid_streams_split_as_asked() -> None:
    train, validation = create_training_data(20, 0.75, seed=3)
    assert (len(train), len(validation)) == (15, 5)
    for ids in [*train, *validation]:
        assert all(type(token) is int for token in ids)
        assert decode(ids).bars
    assert create_training_data(20, 0.75, seed=3) == (train, validation)
    assert create_training_data(20, 0.75, seed=4) != (train, validation)
    nothing, everything = create_training_data(num_sequences=7, train_split=0.0)
    assert (nothing, len(everything)) == ([], 7)
    short, _ = create_training_data(10, 1.0, seq_length=12)
    kinds = [[Kind(VOCABULARY.kind[t]) for t in ids].count(Kind.PITCH) for ids in short]
    assert max(kinds) <= 12


@pytest.mark.parametrize(
    "wrong", [{"num_sequences": 0}, {"train_split": 1.5}, {"seq_length": 1}, {"dataset": "no"}]
)
def test_wrong_choices_of_training_data_are_refused(wrong: dict) -> None:
    with pytest.raises(UsageError):
        create_training_data(**wrong)


@pytest.mark.corpus
def test_padding_of_nottingham_is_under_a_tenth(
    corpus_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMASONIC_DATA", str(corpus_folder))
    from chromasonic.melody_generation.data_loader import load_dataset

    data = load_dataset("nottingham")
    task = MelodyTask(data.train, data.validation)
    for part in ("train", "validation"):
        batches = task.epoch(part, seed=0, epoch=1, batch_size=32)  # type: ignore[arg-type]
        made = [batches.batch(examples) for examples in batches.plan]
        assert sum(b.padded for b in made) < 0.1 * sum(b.cells for b in made)
