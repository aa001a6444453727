"""Optimizers told by their groups' keys, learning rates held against schedules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.optim import lr_scheduler

from chromasonic.inspection import inspect_file
from chromasonic.inspection.optimizers import describe_optimizer
from chromasonic.inspection.schedules import fits, fits_cosine

NAMES = (
    "SGD", "Adam", "AdamW", "RMSprop", "NAdam", "RAdam", "Adamax", "Adagrad", "Adadelta", "ASGD",
    "Rprop", "Adafactor", "LBFGS",
)  # fmt: skip


def parameters() -> list[nn.Parameter]:
    return [nn.Parameter(torch.ones(2, 2)), nn.Parameter(torch.ones(2))]


def stepped(scheduler_of: Any, epochs: int, initial: float = 1e-3) -> float:
    """The rate that PyTorch itself has after some epochs."""
    optimizer = torch.optim.SGD(parameters(), lr=initial)
    scheduler = scheduler_of(optimizer)
    for _ in range(epochs):
        optimizer.step()
        scheduler.step()
    return float(optimizer.param_groups[0]["lr"])


@pytest.mark.parametrize("name", NAMES)
def test_each_of_pytorchs_optimizers_is_told_by_its_state_dict(name: str) -> None:
    known = describe_optimizer(getattr(torch.optim, name)(parameters()).state_dict())
    assert known is not None
    assert known.name == name
    assert known.parameters == 2


def test_adam_of_older_versions_is_told_by_its_weight_decay_and_only_likely() -> None:
    group = {"lr": 0.1, "betas": (0.9, 0.999), "eps": 1e-8, "amsgrad": False, "params": [0]}
    for decay, name in ((0.0, "Adam"), (0.01, "AdamW")):
        known = describe_optimizer({"param_groups": [{**group, "weight_decay": decay}]})
        assert known is not None
        assert (known.name, known.certainty) == (name, "likely")


def test_settings_of_further_groups_are_told_where_they_differ() -> None:
    one, other = parameters()
    optimizer = torch.optim.AdamW(
        [{"params": [one], "weight_decay": 0.1}, {"params": [other], "weight_decay": 0.0}]
    )
    known = describe_optimizer(optimizer.state_dict())
    assert known is not None
    assert known.settings["weight_decay"] == 0.1
    assert known.groups == ({"weight_decay": 0.0},)


@settings(max_examples=60, deadline=None)
@given(
    total=st.integers(2, 2000),
    share=st.sampled_from([0.01, 0.0, 0.1]),
    initial=st.sampled_from([1e-3, 3e-4, 0.1]),
    data=st.data(),
)
def test_the_number_of_epochs_of_a_cosine_is_found_again(
    total: int, share: float, initial: float, data: st.DataObject
) -> None:
    epoch = data.draw(st.integers(1, min(total - 1, 60))) if total > 2 else 1
    low = share * initial
    rate = stepped(
        lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, total, low), epoch, initial
    )
    assert any(fit.epochs == total for fit in fits(rate, initial, epoch))
    assert fits_cosine(rate, initial, epoch, total)


def test_constant_and_stepped_rates_are_told_as_such() -> None:
    assert fits(0.01, 0.01, 5)[0].text == "a constant rate"
    rate = stepped(lambda optimizer: lr_scheduler.StepLR(optimizer, 10, 0.5), 25)
    assert "cut 2 times by 0.5" in fits(rate, 1e-3, 25)[0].text


def test_a_rate_that_nothing_fits_is_given_no_schedule() -> None:
    assert fits(0.00031416, 1e-3, 7) == ()
    assert fits(2e-3, 1e-3, 7) == ()
    assert fits(float("nan"), 1e-3, 7) == ()


def test_a_rate_of_another_number_of_epochs_does_not_pass() -> None:
    rate = stepped(lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, 1000, 1e-5), 33)
    assert not fits_cosine(rate, 1e-3, 33, 100)


def saved(folder: Path, rate: float, **more: Any) -> Path:
    network = nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    optimizer.param_groups[0] |= {"initial_lr": 1e-3, "lr": rate}
    content = {
        "model": network.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 33, **more
    }  # fmt: skip
    torch.save(content, folder / "some.pt")
    return folder / "some.pt"


@pytest.mark.parametrize(
    "more",
    [
        {"lr_scheduler": {"T_max": 100, "eta_min": 1e-5, "last_epoch": 33, "base_lrs": [1e-3]}},
        {"config": {"training": {"scheduler": "cosine", "epochs": 100, "learning_rate": 1e-3}}},
    ],
    ids=["scheduler", "configuration"],
)
def test_a_rate_against_the_files_own_schedule_is_a_contradiction(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    right = stepped(lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, 100, 1e-5), 33)
    fine = inspect_file(saved(tmp_path, right, **more))
    assert "schedule" not in {found.rule for found in fine.findings}
    wrong = inspect_file(saved(tmp_path, 0.0009973422519357583, **more))
    (found,) = [found for found in wrong.findings if found.rule == "schedule"]
    assert found.level == "contradiction"
    assert "would be at 0.000757 then" in found.message


def test_a_rate_above_the_one_that_it_began_with_is_a_contradiction(tmp_path: Path) -> None:
    more = {"lr_scheduler": {"T_max": 100, "last_epoch": 33, "base_lrs": [1e-3]}}
    known = inspect_file(saved(tmp_path, 5e-3, **more))
    (found,) = [found for found in known.findings if found.rule == "schedule"]
    assert "above the 0.001" in found.message


def test_an_optimizer_of_another_network_is_a_contradiction(tmp_path: Path) -> None:
    network, other = nn.Linear(2, 3), nn.Linear(4, 5)
    optimizer = torch.optim.Adam(other.parameters())
    other(torch.ones(1, 4)).sum().backward()
    optimizer.step()
    torch.save(
        {"model": network.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "a.pt"
    )
    (found,) = [f for f in inspect_file(tmp_path / "a.pt").findings if f.rule == "optimizer"]
    assert "one of 5 x 4" in found.message
    deeper = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 3))
    torch.save(
        {
            "model": network.state_dict(),
            "optimizer": torch.optim.Adam(deeper.parameters()).state_dict(),
        },
        tmp_path / "b.pt",
    )
    (found,) = [f for f in inspect_file(tmp_path / "b.pt").findings if f.rule == "optimizer"]
    assert "moves 4 tensors, but the weights have 2" in found.message


def test_an_optimizer_alone_is_explained(tmp_path: Path) -> None:
    torch.save(torch.optim.SGD(parameters(), lr=0.1, momentum=0.9).state_dict(), tmp_path / "o.pt")
    known = inspect_file(tmp_path / "o.pt")
    assert known.kind == "optimizer alone"
    told = {fact.name: fact.value for fact in known.training_facts()}
    assert (told["Optimizer"], told["Momentum"], told["Learning rate"]) == ("SGD", "0.9", 0.1)
