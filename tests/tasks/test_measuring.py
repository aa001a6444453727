"""Figures of a judged model: values by hand, pieces of one group resampled together."""

from __future__ import annotations

import numpy as np
import pytest

from chromasonic.evaluation.judged import Judged, PieceScores
from chromasonic.tasks.measuring import judgement_of


def judged(sums: list[float], counts: list[float], groups: dict[str, str] | None = None) -> Judged:
    return Judged(
        model="m",
        task="melody",
        kind="lstm",
        seed=0,
        corpus="folk",
        part="validation",
        unit="tune",
        pieces=tuple(f"t{number}" for number in range(len(sums))),
        scores={
            "pitch bits": PieceScores(
                unit="bits a note",
                is_lower_better=True,
                sums_N=np.array(sums),
                counts_N=np.array(counts),
            )
        },
        group_of=groups or {},
    )


def test_a_figure_is_all_sums_over_all_counts_with_its_interval_and_direction() -> None:
    found = judgement_of(judged([2.0, 6.0, 9.0, 3.0], [1.0, 2.0, 3.0, 4.0]))
    figure = found.figures["pitch bits"]
    assert figure["value"] == pytest.approx(20 / 10)
    assert figure["low"] < 2 < figure["high"]
    assert (figure["n"], figure["unit"], figure["is_lower_better"]) == (4, "bits a note", True)
    assert (found.kind, found.corpus, found.part, found.pieces) == ("lstm", "folk", "validation", 4)


def test_pieces_of_one_group_count_once() -> None:
    sums, counts = [1.0, 1.0, 9.0, 9.0] * 5, [2.0] * 20
    alone = judgement_of(judged(sums, counts)).figures["pitch bits"]
    pairs = {f"t{number}": f"g{number // 2}" for number in range(20)}
    together = judgement_of(judged(sums, counts, pairs)).figures["pitch bits"]
    assert together["value"] == alone["value"] == pytest.approx(2.5)
    assert (alone["n"], together["n"]) == (20, 10)
    width = {name: figure["high"] - figure["low"] for name, figure in
             {"alone": alone, "together": together}.items()}  # fmt: skip
    assert width["together"] > 1.2 * width["alone"]  # by hand: the square root of 2


def test_the_same_seed_gives_the_same_interval() -> None:
    one, other = (judgement_of(judged([2.0, 6.0, 9.0], [1.0] * 3), seed=7) for _ in range(2))
    assert one.figures == other.figures
