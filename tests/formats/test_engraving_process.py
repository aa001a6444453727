"""An engraver that stays draws as one that does not, and is replaced when it ends or hangs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from chromasonic.errors import RenderError
from chromasonic.formats import engraving, score
from chromasonic.formats.abc import read_abc
from chromasonic.formats.engraving import KeptEngraver
from chromasonic.formats.score import ScoreLayout, engrave

ABC = "X:1\nT:A\nM:4/4\nL:1/8\nK:G\nGABc d2B2|c2A2 G4|]\n"
PATIENCE_S = 300.0
ECHO = """
import json, os, sys, time
for line in sys.stdin:
    for job in json.loads(line):
        if job.get("end"):
            os._exit(3)
        time.sleep(job.get("wait", 0))
        print(json.dumps({"process": os.getpid(), "job": job}), flush=True)
"""


@pytest.fixture
def echo() -> Iterator[KeptEngraver]:
    """A process that answers with what it is asked."""
    kept = KeptEngraver(
        lambda: subprocess.Popen(
            [sys.executable, "-c", ECHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    )
    yield kept
    kept.close()


@pytest.fixture
def keeping(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within a test, engraving goes through a process that stays."""
    monkeypatch.setattr(engraving, "_kept", None)
    engraving.keep_engraver()
    kept = engraving._kept
    assert kept is not None
    yield
    kept.close()


def test_it_draws_the_same(keeping: None, monkeypatch: pytest.MonkeyPatch) -> None:
    (tune,) = read_abc(ABC, source="A").tunes
    first, second = engrave(tune), engrave(tune)
    monkeypatch.setattr(engraving, "_kept", None)
    assert first == second == engrave(tune)


def test_one_process_answers_many_calls_until_it_is_replaced(
    echo: KeptEngraver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engraving, "MOST_CALLS", 3)
    outputs = [echo.run([{"n": n}, {"n": -n}], PATIENCE_S)[0] for n in range(4)]
    assert [output.count(b"\n") for output in outputs] == [2] * 4
    heads = [output.split(b",")[0] for output in outputs]
    assert heads[0] == heads[1] == heads[2] != heads[3]


def test_one_that_ends_or_hangs_is_told_and_the_next_call_gets_another(echo: KeptEngraver) -> None:
    output, how = echo.run([{"n": 1}, {"end": True}, {"n": 2}], PATIENCE_S)
    assert (output.count(b"\n"), how) == (1, "it ended with code 3")
    output, how = echo.run([{"wait": 3_600}], 0.5)
    assert (output, how) == (b"", "it took too long")
    assert echo.run([{"n": 3}], PATIENCE_S)[0].count(b"\n") == 1


def test_a_large_score_goes_through_whole(echo: KeptEngraver) -> None:
    output, how = echo.run([{"text": "x" * 3_000_000}], PATIENCE_S)
    assert how == "it answered less than it was asked"
    assert len(output) > 3_000_000


def test_what_cannot_be_engraved_is_an_error_and_harms_nothing(
    keeping: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tune,) = read_abc(ABC, source="A").tunes
    page = score.Page(title="Broken", musicxml="<nothing/>")
    with pytest.raises(RenderError, match="Broken"):
        score.engrave_pages([page], ScoreLayout())
    assert engrave(tune).startswith("<")
