"""The evaluation judges all by the same code, and its tables say what was found."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from small_chorales import chorale

from chromasonic.errors import EvaluationError, UsageError
from chromasonic.evaluation.figure import Figure
from chromasonic.files import json_text
from chromasonic.harmonization import evaluating
from chromasonic.harmonization.baselines import harmonize_at_random
from chromasonic.harmonization.evaluating import (
    BACH,
    BACH_AT_BEATS,
    count_breaches,
    evaluate_harmonizers,
)
from chromasonic.harmonization.exact import n_best
from chromasonic.harmonization.rates import count_rates
from chromasonic.harmonization.results import Judged, evaluation_from, results_of
from chromasonic.harmonization.results_table import (
    as_text,
    is_worse,
    markdown,
    number,
    tables_of,
    verdicts,
    with_interval,
)
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.rules import RULES

CHORALES = [chorale("small/1"), chorale("small/2", semitones=3), chorale("small/3", semitones=-2)]


class SecondBest:
    """An agent that gives the second best harmonization."""

    name = "advanced"

    def harmonize(self, melody, *, seed=0):
        return replace(n_best(melody, 2)[1], agent=self.name)


@pytest.fixture(scope="module")
def evaluation():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluating, "load_agent", _load)
        return evaluate_harmonizers(CHORALES, part="validation")


def _load(name, models=None):
    if name == "advanced":
        return SecondBest()
    raise UsageError(f"There is no model of {name} here.")


def test_all_methods_are_judged_on_all_chorales(evaluation):
    assert list(evaluation.methods) == [
        "exact", "advanced", "first chord", "random", BACH, BACH_AT_BEATS
    ]  # fmt: skip
    assert {method.share.n for method in evaluation.methods.values()} == {3}
    assert (evaluation.chorales, evaluation.beats) == (3, 24)
    assert evaluation.missing == {
        "simple": "There is no model of simple here.",
        "hybrid": "There is no model of hybrid here.",
    }


def test_exact_search_is_the_ceiling_and_nothing_is_above_it(evaluation):
    methods = evaluation.methods

    assert methods["exact"].share.value == 1.0
    for method in methods.values():
        assert method.share.value <= 1.0
        assert method.reward.value <= methods["exact"].reward.value
    assert 0.9 < methods["advanced"].share.value <= 1.0
    assert methods["random"].share.value < methods["first chord"].share.value


def test_bachs_rates_are_of_all_his_notes_and_at_beats_of_his_voicings():
    piece = chorale()
    moving = piece.pitches.copy()
    moving[2:4, 1] = 65  # a passing note of the alto, between beats
    ornate = replace(piece, pitches=moving)

    found = evaluate_harmonizers([ornate], part="validation").methods

    steps = count_rates(moving)["overlap"][1]
    assert steps == 8  # seven changes of chord, one of them with the passing note; and the note
    assert found[BACH].rates["overlap"].value == count_rates(moving)["overlap"][0] / steps
    at_beats = count_rates(piece.pitches)["overlap"]
    assert found[BACH_AT_BEATS].rates["overlap"].value == at_beats[0] / at_beats[1]


def test_plain_chords_of_bach_are_all_found_by_his_labels(evaluation):
    chords = evaluation.methods[BACH].chords

    assert [chords[which].value for which in ("all", "new", "held")] == [1.0, 1.0, 1.0]
    assert evaluation.methods["random"].chords["all"].value < 1.0


def test_breaches_times_weights_are_the_reward(evaluation):
    for method in evaluation.methods.values():
        cost = sum(RULES[name].weight * figure.value for name, figure in method.rules.items())
        assert method.reward.value == pytest.approx(-cost)


def test_counted_breaches_of_one_harmonization_cost_its_reward():
    melody = evaluating.melody_of_chorale(CHORALES[0])
    one = harmonize_at_random(melody, seed=3)

    cost = sum(RULES[name].weight * count for name, count in count_breaches(one, RULES).items())

    assert (
        one.reward
        == pytest.approx(-cost)
        == pytest.approx(Reward().of_path(one.voicings, melody.beats))
    )


def test_a_chorale_that_cannot_be_judged_is_left_out_for_all_and_said():
    silent = CHORALES[1].pitches.copy()
    silent[:, 1] = -1
    broken = replace(CHORALES[1], pitches=silent)

    found = evaluate_harmonizers([CHORALES[0], broken], part="test")

    assert set(found.skipped) == {"small/2"}
    assert "silent" in found.skipped["small/2"]
    assert {method.share.n for method in found.methods.values()} == {1}
    with pytest.raises(EvaluationError, match="None of the 1 chorales of the test part"):
        evaluate_harmonizers([broken], part="test")


def test_an_agent_that_is_asked_for_must_be_there(tmp_path):
    with pytest.raises(UsageError, match="There is no advanced_harmonization_model.json"):
        evaluate_harmonizers(CHORALES, part="test", models=tmp_path, agents=["advanced"])
    with pytest.raises(UsageError, match="'bach' is no trained agent; known: simple, advanced"):
        evaluate_harmonizers(CHORALES, part="test", agents=["bach"])


def test_progress_is_told():
    told = []

    evaluate_harmonizers(CHORALES[:2], part="test", on_progress=lambda *step: told.append(step))

    assert told == [("judging harmonizers", 0, 2), ("judging harmonizers", 1, 2)]


def test_share_of_the_ceiling_is_immune_to_a_shift_of_the_reward():
    one = Judged(chorale="a", beats=4, reward=-30.0, floor=-100.0, ceiling=-20.0, seconds=1.0,
                 rates=count_rates([(60, 48), (62, 47)]), rules={"range": 2.0})  # fmt: skip
    shifted = replace(one, reward=70.0, floor=0.0, ceiling=80.0)

    assert one.share == shifted.share == 70 / 80
    results = results_of("x", "four voices", [one, replace(one, beats=8, reward=-20.0)])
    assert results.share.value == pytest.approx((70 / 80 + 1) / 2)
    assert results.reward.value == pytest.approx(-50 / 12)
    assert results.rules["range"].value == pytest.approx(4 / 12)
    assert not results.ratio.is_defined  # both ceilings are below 0
    assert results_of("x", "two voices", [shifted, shifted]).ratio.value == pytest.approx(70 / 80)


def test_the_document_is_plain_json(evaluation):
    document = json.loads(json_text(evaluation.to_dict()))

    assert document["methods"]["exact"]["share_of_ceiling"]["value"] == 1.0
    assert document["methods"][BACH]["chords_found"]["all"]["n"] == 3
    assert set(document["methods"]["exact"]["breaches_per_beat"]) == set(RULES)
    assert set(document["methods"]["exact"]["share_of_ceiling_by_chorale"]) == {
        "small/1", "small/2", "small/3"
    }  # fmt: skip


def test_an_evaluation_comes_back_from_its_document(evaluation):
    again = evaluation_from(json.loads(json_text(evaluation.to_dict())))

    assert json_text(again.to_dict()) == json_text(evaluation.to_dict())
    assert [as_text(table) for table in tables_of(again)] == [
        as_text(table) for table in tables_of(evaluation)
    ]
    with pytest.raises(EvaluationError, match="no document of an evaluation of harmonizers"):
        evaluation_from({"methods": {"exact": {}}})


def test_tables_hold_every_method_rate_and_rule(evaluation):
    overview, rates, rules = tables_of(evaluation)

    assert [line[0] for line in overview.lines] == [
        "exact", "advanced", "first chord", "random", BACH
    ]  # fmt: skip
    assert rates.headings[1:] == tuple(evaluation.methods)
    assert {line[0] for line in rules.lines} == set(RULES)
    for table in (overview, rates, rules):
        assert all(len(line) == len(table.headings) for line in table.lines)
        assert markdown(table).count("\n| ") == len(table.lines) + 2
        assert as_text(table).startswith(table.title)


@pytest.mark.parametrize(
    ("name", "value", "is_marked"),
    [
        ("parallel_fifths", 0.003, False),
        ("parallel_fifths", 0.0041, True),
        ("contrary", 0.65, False),
        ("contrary", 0.70, True),
        ("contrary", 0.47, True),
        ("crossing", math.nan, False),
    ],
)
def test_a_rate_is_marked_where_it_is_worse_than_bachs(name, value, is_marked):
    bach = {"contrary": Figure(value=0.587, n=77, low=0.57, high=0.61)}.get(
        name, Figure(value=0.002, n=77, low=0.001, high=0.004)
    )

    assert is_worse(name, Figure(value=value, n=77), bach) == is_marked


def test_numbers_are_written_for_people():
    assert with_interval(Figure(value=0.9731, n=3, low=0.96, high=0.98), 1, 100) == (
        "97.3 [96.0, 98.0]"
    )
    assert with_interval(Figure(value=0.5, n=1), 2) == "0.50"
    assert with_interval(Figure(value=math.nan, n=0, reason="none"), 2) == "undefined"
    assert number(-0.001, 2) == "0.00"


def test_goals_are_told_as_reached_or_not(evaluation):
    hybrid = replace(
        evaluation.methods["exact"],
        name="hybrid",
        rates=evaluation.methods["random"].rates,
        share=Figure(value=0.95, n=3, low=0.9, high=0.97),
    )
    told = verdicts(replace(evaluation, methods={**evaluation.methods, "hybrid": hybrid}))

    assert [sentence.endswith("NOT reached.") for sentence in told if "ceiling" in sentence] == [
        False, True
    ]  # fmt: skip
    assert any("parallel octaves" in sentence and "NOT" in sentence for sentence in told)


def test_two_evaluations_with_one_seed_are_equal():
    documents = [
        json.loads(json_text(evaluate_harmonizers(CHORALES[:2], part="test", seed=4).to_dict()))
        for _ in range(2)
    ]
    for document in documents:
        for method in document["methods"].values():
            del method["seconds_per_chorale"]

    assert documents[0] == documents[1]
    assert not np.isnan(documents[0]["methods"]["random"]["reward_per_beat"]["value"])
