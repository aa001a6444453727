"""The MelodyTransformer's features, and what is drawn of its answers: C++ equal to Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from asking import PARITY, Cpp, largest_gap
from exported_network import network_of

from chromasonic.companion.melody_clips import line_of_clip
from chromasonic.companion.melody_features import features_of
from chromasonic.companion.melody_lines import MelodyLine, _frame, line_of_tune
from chromasonic.companion.melody_steering import set_last_pitch
from chromasonic.data.loading import load
from chromasonic.formats.abc import read_abc
from chromasonic.melody_generation.sampling import draw
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.tune import Tune

TUNES = Path(__file__).parents[1] / "fixtures" / "tunes.abc"


@pytest.fixture(scope="module")
def cpp(built: Path) -> Iterator[Cpp]:
    with Cpp(built) as child:
        yield child


def tones(row: np.ndarray) -> list[int]:
    return np.flatnonzero(row).tolist()


def moments(line: MelodyLine) -> list[dict[str, Any]]:
    """What is known before each note."""
    return [
        {
            "last_pitch": line.pitch[n - 1] if n else -1,
            "last_sixteenths": float(line.length[n - 1]) if n else 0.0,
            "after_silence": bool(line.after_rest[n]),
            "place": line.place[n],
            "chord": tones(line.chord[n]),
            "tonic": line.tonic[n],
            "scale": tones(line.key[n]),
            "valence": line.valence,
            "arousal": line.arousal,
        }
        for n in range(len(line))
    ]


def random_line(rng: np.random.Generator) -> MelodyLine:
    count = int(rng.integers(1, 60))
    known = rng.random(6) < 0.7
    return MelodyLine(
        id="made up",
        corpus="",
        pitch=rng.integers(0, 128, count),
        place=(rng.integers(-1, 16, count) if known[0] else np.full(count, -1)).astype(np.int8),
        length=(2.0 ** rng.uniform(-6, 8, count)).astype(np.float32),
        after_rest=np.concatenate([[True], rng.random(count - 1) < 0.2]),
        chord=(rng.random((count, 12)) < 0.3 * known[1]).astype(np.uint8),
        key=(rng.random((count, 12)) < 0.6 * known[2]).astype(np.uint8),
        tonic=(rng.integers(-1, 12, count) if known[3] else np.full(count, -1)).astype(np.int8),
        valence=float(rng.uniform(-1, 1)) if known[4] else 0.0,
        arousal=float(rng.uniform(-1, 1)) if known[5] else 0.0,
    )


def test_features_of_made_up_melodies_are_pythons(cpp: Cpp) -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        line = random_line(rng)
        answer = cpp.ask("melody_features", moments=moments(line))
        assert largest_gap(answer, features_of(line)) <= PARITY


def notes(tune: Tune, line: MelodyLine) -> list[dict[str, Any]]:
    """The notes of a tune on a host's clock, in quarters."""
    starts = _frame(tune.bars)[0]
    asked = []
    for n, (onset, length, pitch) in enumerate(tune.sounding()):
        bar = max(number for number, (start, _, _) in enumerate(starts) if start <= onset)
        metre = tune.bars[bar].metre
        asked.append(
            {
                "pitch": pitch,
                "onset": onset / TICKS_PER_QUARTER,
                "duration": length / TICKS_PER_QUARTER,
                "bar": (starts[bar][0] - starts[bar][1]) / TICKS_PER_QUARTER,
                "metre": [metre.numerator, metre.denominator] if metre else [0, 0],
                "chord": tones(line.chord[n]),
                "tonic": line.tonic[n],
                "scale": tones(line.key[n]),
            }
        )
    return asked


def worst_of_tunes(cpp: Cpp, tunes: Sequence[Tune]) -> float:
    """The largest gap over tunes that a player hears as they are played."""
    worst = 0.0
    for tune in (written.expanded() for written in tunes):
        line = line_of_tune(tune)
        answer = cpp.ask("melody_line", notes=notes(tune, line))
        worst = max(worst, largest_gap(answer, features_of(line)))
    return worst


def test_a_player_that_hears_a_tune_is_told_what_python_tells(cpp: Cpp) -> None:
    tunes = read_abc(TUNES.read_text("utf-8"), source="tunes.abc").tunes
    assert len(tunes) == 12
    assert worst_of_tunes(cpp, tunes) <= PARITY


@pytest.mark.corpus
def test_a_player_that_hears_nottingham_is_told_what_python_tells(
    cpp: Cpp, corpus_folder: Path
) -> None:
    tunes = load("nottingham", data_dir=corpus_folder, download=False).pieces[::25]
    assert len(tunes) > 30
    assert worst_of_tunes(cpp, tunes) <= PARITY


@pytest.mark.corpus
def test_clips_with_an_emotion_have_pythons_features(cpp: Cpp, corpus_folder: Path) -> None:
    clips = load("emopia", data_dir=corpus_folder, download=False).pieces[::100]
    assert len(clips) > 5
    for clip in clips:
        line = line_of_clip(clip, corpus="emopia")
        answer = cpp.ask("melody_features", moments=moments(line))
        assert largest_gap(answer, features_of(line)) <= PARITY


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"temperature": 0.6},
        {"temperature": 3.0, "top_k": 5},
        {"top_p": 0.8},
        {"temperature": 1.3, "top_k": 20, "top_p": 0.5},
        {"top_k": 1},
    ],
)
def test_the_same_chance_draws_the_same_pitches(cpp: Cpp, how: dict[str, Any]) -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 3, (300, 128))
    probabilities = np.exp(logits - logits.max(1, keepdims=True))
    probabilities = (probabilities / probabilities.sum(1, keepdims=True)).astype(np.float32)
    probabilities[::7, 40:90] = 0  # what cannot come
    probabilities[:3] = 0
    may = np.zeros(128, bool)
    may[36:97] = rng.random(61) < 0.7
    uniform = rng.random(300)
    answer = cpp.ask(
        "melody_draws", probabilities=probabilities, uniform=uniform, allowed=tones(may), **how
    )
    with np.errstate(divide="ignore"):
        scores = np.log(probabilities.astype(np.float64))
    expected = draw(scores, np.tile(may, (300, 1)), uniform, **how)
    assert answer == expected.tolist()


def pcg32(seed: int) -> Iterator[float]:
    """The random numbers of C++, written down a second time (O'Neill's XSH-RR 64/32)."""
    state, mask = 0, (1 << 64) - 1

    def advanced() -> int:
        return (state * 6364136223846793005 + 1) & mask

    state = (advanced() + seed) & mask
    state = advanced()
    while True:
        mixed, turn = (state >> 18 ^ state) >> 27 & 0xFFFFFFFF, state >> 59
        state = advanced()
        yield (mixed >> turn | mixed << (-turn & 31) & 0xFFFFFFFF) / (1 << 32)


def test_a_drawn_melody_is_the_same_in_cpp_and_in_python(cpp: Cpp, exported_models: Path) -> None:
    """Note by note: features, network with its state, chance, and the drawn pitch as the last."""
    rng, key, count = np.random.default_rng(3), Key("D", "minor"), 150
    length = rng.choice([1, 2, 3, 4, 6, 8], count)
    onset = np.concatenate([[0], np.cumsum(length)[:-1]])
    scale = np.zeros(12, np.uint8)
    scale[list(key.pitch_classes)] = 1
    line = MelodyLine(
        id="rhythm",
        corpus="",
        pitch=np.full(count, 60),
        place=(onset % 16).astype(np.int8),
        length=length.astype(np.float32),
        after_rest=np.arange(count) == 0,
        chord=np.zeros((count, 12), np.uint8),
        key=np.tile(scale, (count, 1)),
        tonic=np.full(count, key.tonic_pitch_class, np.int8),
        valence=-0.4,
        arousal=0.7,
    )
    how = {"temperature": 1.2, "top_p": 0.95}
    network, state, chance = network_of(exported_models, "melody_transformer"), None, pcg32(77)
    may = (np.arange(128) >= 50) & (np.arange(128) <= 89)
    expected: list[int] = []
    with torch.no_grad():
        for row in features_of(line):
            if expected:
                set_last_pitch(row, expected[-1])
            logits, state = network.step(torch.from_numpy(row)[None, None], state)
            drawn = draw(logits[0].double().numpy(), may[None], np.array([next(chance)]), **how)
            expected.append(int(drawn[0]))
    answer = cpp.ask(
        "melody_drawn_on",
        model=str(exported_models / "melody_transformer.json"),
        notes=[
            {"onset": at / 4, "duration": sixteenths / 4}
            for at, sixteenths in zip(onset.tolist(), length.tolist(), strict=True)
        ],
        tonic=key.tonic_pitch_class,
        scale=tones(scale),
        valence=-0.4,
        arousal=0.7,
        lowest=50,
        highest=89,
        seed=77,
        **how,
    )
    assert answer == expected
    assert len(set(answer)) > 5
