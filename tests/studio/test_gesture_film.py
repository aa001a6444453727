"""Recordings as films of bounded size, and mappings that reach for no file."""

from __future__ import annotations

import numpy as np
import pytest

from chromasonic.errors import ConfigError
from chromasonic.formats.body_skeletons import HAND_21
from chromasonic.music.movement import Movement, Skeleton
from chromasonic.studio.gesture.film import FULL, MOST_BYTES, UNSEEN, film_of
from chromasonic.studio.gesture.mapping_text import safe_mapping

PAIR = Skeleton(name="pair", nodes=("a", "b"), edges=((0, 1),), channels=("x", "y"), axes=(0, 1))


def numbers_of(movement: Movement) -> np.ndarray:
    told, data = film_of(movement)
    shape = (told["frames"], len(told["nodes"]), told["dimensions"])
    return np.frombuffer(data, "<i2").reshape(shape)


def test_points_fill_the_picture_in_proportion_and_the_unseen_is_told() -> None:
    frames = np.zeros((201, 2, 2), np.float32)
    frames[:, 0] = np.linspace((-4, 0), (4, 0), 201)
    frames[:, 1, 1] = 2.0
    frames[100, 1] = np.nan
    numbers = numbers_of(Movement(id="m", skeleton=PAIR, frames=frames, rate_hz=20))
    assert numbers[0, 0, 0] == pytest.approx(-FULL, rel=0.03)
    assert numbers[-1, 0, 0] == pytest.approx(FULL, rel=0.03)
    # y goes from 0 to 2 while x goes from -4 to 4: a quarter as far.
    height = int(numbers[0, 1, 1]) - int(numbers[0, 0, 1])
    assert height == pytest.approx(FULL / 2, rel=0.03)
    assert numbers[100, 1].tolist() == [UNSEEN, UNSEEN]


def test_an_hour_of_a_face_is_still_a_small_film() -> None:
    frames = np.zeros((3600, 88, 3), np.float32)
    frames[:, :, 0] = np.random.default_rng(1).random((3600, 88))
    skeleton = Skeleton(
        name="many", nodes=tuple(map(str, range(88))), edges=(), channels=("x", "y", "z")
    )
    fast, slow = (
        film_of(Movement(id="m", skeleton=skeleton, frames=frames, rate_hz=rate))
        for rate in (1000.0, 1.0)
    )
    assert fast[0]["frames"] == 108  # 3.6 s at 30 a second
    assert slow[0]["frames"] == 3600
    assert len(slow[1]) <= MOST_BYTES
    assert slow[0]["seconds"] == pytest.approx(3600, abs=1.5)


def test_a_recording_without_coordinates_is_drawn_as_its_numbers() -> None:
    glove = Skeleton(name="glove", nodes=("thumb",), edges=(), channels=("bend",))
    frames = np.linspace(5, 9, 101, dtype=np.float32).reshape(-1, 1, 1)
    numbers = numbers_of(Movement(id="m", skeleton=glove, frames=frames, rate_hz=10))
    assert numbers.shape[1:] == (1, 1)
    assert numbers[50, 0, 0] == pytest.approx(0, abs=FULL / 40)


def test_a_picture_stands_on_its_feet() -> None:
    frames = np.random.default_rng(1).random((9, 21, 3)).astype(np.float32)
    hand = Movement(id="m", skeleton=HAND_21, frames=frames, rate_hz=30)
    assert film_of(hand)[0]["downwards"] is True
    body = Movement(id="m", skeleton=PAIR, frames=frames[:, :2, :2], rate_hz=30)
    assert film_of(body)[0]["downwards"] is False


def test_nothing_seen_at_all_is_a_film_too() -> None:
    frames = np.full((5, 2, 2), np.nan, np.float32)
    numbers = numbers_of(Movement(id="m", skeleton=PAIR, frames=frames, rate_hz=5))
    assert (numbers == UNSEEN).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[gesture.a]\naction = 'drums'\npattern = '/etc/passwd'", "write the pattern's lines"),
        ("[play]\ngroove = '/tmp/x'\n[gesture.a]\nnote = 'C4'", "mappings in the studio use none"),
        ("[play]\nmelody = 'x'\n[gesture.a]\nnote = 'C4'", "mappings in the studio use none"),
        ("[gesture.a]\naction='drums'\ntimes=64\npattern='''\nkick x\n'''", "times is 64"),
        ("note = = 3", "is no TOML"),
        ("[gesture.a]\nnote = 'H2'", "gesture 'a': note is 'H2'"),
        ("#" * 50_000, "50,000 characters"),
        ("a = " + "[" * 5_000, "is no TOML|nested deeper"),
    ],
)
def test_a_typed_mapping_that_cannot_be_says_why(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        safe_mapping(text)
