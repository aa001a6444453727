"""Clips for a listening experiment from the models themselves: the same task for each.

For an item each version writes a tune of the same key, metre, length, tempo and seed; all are
played by the same instrument in the same room and come out equally loud. With an anchor, a tune by
people stands beside them, one that no model of ours was trained on, brought into that key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from chromasonic.abtest.clip_task import ClipTask, Progress, write_items
from chromasonic.abtest.ranges import check_ranges
from chromasonic.errors import CorpusError
from chromasonic.registry.reference import located

if TYPE_CHECKING:
    from chromasonic.formats.audio import Sound
    from chromasonic.music.key import Key
    from chromasonic.music.metre import Metre
    from chromasonic.music.tune import Tune

KEYS = ("G major", "D major", "A minor", "C major", "E minor", "F major")
METRES = ("4/4", "6/8", "3/4")
MINOR_METRES = ("4/4", "6/8")
"""Waltzes in minor are rare: neither models nor the tunes by people have met many."""

TEMPO_BPM = {"4/4": 112.0, "6/8": 88.0, "3/4": 126.0, "2/4": 104.0, "2/2": 84.0, "9/8": 88.0}
OTHER_TEMPO_BPM = 104.0
ANCHOR_RANGE = (55, 84)
"""Where an anchor's mean pitch may lie after it was moved into the item's key."""


@dataclass(frozen=True, kw_only=True)
class Pairing(ClipTask):
    """What tunes versions are asked for.

    Args:
        bars: length of each.
        key: of all, such as "D major"; None: `KEYS` in turn.
        metre: of all; None: `METRES` in turn, in minor `MINOR_METRES`.
        temperature: of all versions.
        program: General MIDI instrument.
    """

    bars: int = 8
    key: str | None = None
    metre: str | None = None
    temperature: float = 1.0
    program: int = 73

    def __post_init__(self) -> None:
        from chromasonic.music.key_text import parse_key

        super().__post_init__()
        check_ranges(self, ("bars", 2, 32), ("program", 0, 127))
        if self.key is not None:
            parse_key(self.key)


@dataclass(frozen=True, kw_only=True)
class Place:
    """What one item asks of every version.

    Args:
        name: of the item, fit for a file's name.
        key: of the tune.
        metre: of the tune.
        tempo_bpm: felt beats a minute.
        seed: of the draw.
    """

    name: str
    key: Key
    metre: Metre
    tempo_bpm: float
    seed: int


def places(pairing: Pairing) -> tuple[Place, ...]:
    """What the items ask for, in order."""
    from chromasonic.melody_generation.opening import parse_metre
    from chromasonic.music.key_text import parse_key

    found = []
    for number in range(pairing.items):
        key = pairing.key or KEYS[number % len(KEYS)]
        metres = MINOR_METRES if "minor" in key else METRES
        # Each run through the keys begins with another metre, so that all of them meet.
        turn = number + number // len(KEYS)
        metre = parse_metre(pairing.metre or metres[turn % len(metres)])
        found.append(
            Place(
                name=f"{number + 1:02}-{_plain(key)}-{_plain(str(metre))}",
                key=parse_key(key),
                metre=metre,
                tempo_bpm=TEMPO_BPM.get(str(metre), OTHER_TEMPO_BPM),
                seed=pairing.seed + number,
            )
        )
    return tuple(found)


def _plain(text: str) -> str:
    """A text fit for a file's name: "F# minor" is "f-sharp-minor"."""
    spelled = text.lower().replace("#", " sharp")
    return "-".join("".join(one if one.isalnum() else " " for one in spelled).split())


def write_pairs(
    models: Mapping[str, Path | str],
    folder: Path,
    pairing: Pairing,
    *,
    anchor: str | None = None,
    on_progress: Progress = lambda _share, _words: None,
) -> tuple[str, ...]:
    """Let every version write and play every item; `clips.items_in` reads what lies there then.

    Args:
        models: label to a melody model (a path, NAME@VERSION, the name of one that ships).
        folder: gets `LABEL/ITEM.mp3`, or .wav, and such in `anchor/` with an anchor.
        pairing: what they are asked for.
        anchor: a corpus of tunes by people whose test part is taken; None: no anchor.
        on_progress: is told the share done and what comes now.

    Returns:
        The names of the items.

    Raises:
        CheckpointError: a model cannot be opened.
        CorpusError: the corpus of the anchor has too few tunes that fit.
        RenderError: there is no soundfont.
    """
    for model in models.values():  # all of them, before the first writes for minutes
        located(model, of="melody")
    asked = places(pairing)
    tunes: dict[str, list[Tune]] = {}
    for number, (label, model) in enumerate(models.items()):
        on_progress(0.4 * number / len(models), f"Version {label} writes")
        tunes[label] = list(_written(model, asked, pairing))
    if anchor:
        on_progress(0.4, "Looking for tunes by people")
        tunes["anchor"] = anchors(asked, pairing, anchor)

    def played(number: int) -> dict[str, Sound]:
        tempo = asked[number].tempo_bpm
        return {
            label: _played(replace(written[number], tempo_bpm=tempo), program=pairing.program)
            for label, written in tunes.items()
        }

    names = [place.name for place in asked]
    return write_items(folder, pairing, names, played, on_progress=on_progress, begin=0.5)


def _played(tune: Tune, *, program: int) -> Sound:
    from chromasonic.formats.audio import render

    return render(tune, program=program)


def _written(model: Path | str, asked: Sequence[Place], pairing: Pairing) -> Iterator[Tune]:
    """One version's tunes."""
    from chromasonic.melody_generation.generation import GenerationSettings, generate_tunes
    from chromasonic.melody_generation.models import load_model

    loaded = load_model(model).model
    for place in asked:
        settings = GenerationSettings(
            bars=pairing.bars, key=place.key, metre=place.metre, temperature=pairing.temperature
        )
        (tune,) = generate_tunes(loaded, 1, settings=settings, seed=place.seed)
        yield tune


def anchors(asked: Sequence[Place], pairing: Pairing, corpus: str) -> list[Tune]:
    """Openings of tunes by people, one an item, none twice, in the item's metre, mode and key.

    Args:
        asked: the items.
        pairing: how many bars.
        corpus: by name; its test part is taken, which models are judged on and never trained on.

    Raises:
        CorpusError: too few of its tunes are in that metre and mode.
    """
    import numpy as np

    from chromasonic.data.loading import load
    from chromasonic.music.tune import Tune

    tunes = [tune.expanded() for tune in load(corpus).part("test") if isinstance(tune, Tune)]
    if not tunes:
        raise CorpusError(f"{corpus} has no tunes. Name a corpus that has; for melodies: folk-pd.")
    order = np.random.default_rng(pairing.seed).permutation(len(tunes))
    left = [tunes[index] for index in order]
    found = []
    for place in asked:
        fitting = next((tune for tune in left if _fits(tune, place, pairing.bars)), None)
        if fitting is None:
            raise CorpusError(
                f"{corpus} has no further tune in {place.metre} and a {place.key.mode} key among "
                f"those held out, for {place.name}. Ask for fewer pairs, another key or metre, or "
                "no tunes by people."
            )
        left.remove(fitting)
        found.append(_moved(_opening(fitting, pairing.bars), place.key))
    return found


def _fits(tune: Tune, place: Place, bars: int) -> bool:
    """Whether a tune's opening is in one metre and key, those of the place but for the tonic."""
    opening = _opening(tune, bars).bars
    return (
        sum(bar.is_full for bar in opening) >= bars - 1
        and all(bar.metre == place.metre for bar in opening)
        and all(bar.key == opening[0].key for bar in opening)
        and opening[0].key.mode == place.key.mode
    )


def _opening(tune: Tune, bars: int) -> Tune:
    """The first bars, a pickup before them."""
    pickup = 0 if tune.bars[0].is_full else 1
    return replace(tune, bars=tune.bars[: bars + pickup])


def _moved(tune: Tune, key: Key) -> Tune:
    """A tune in another key of its mode, by the shorter way that keeps it where people sing."""
    up = (key.tonic_pitch_class - tune.key.tonic_pitch_class) % 12
    pitches = [note.pitch for note in tune.notes() if note.pitch is not None]
    mean = sum(pitches) / max(1, len(pitches))
    low, high = ANCHOR_RANGE
    steps = up if up <= 6 else up - 12
    if not low <= mean + steps <= high:
        steps += 12 if mean + steps < low else -12
    return tune.transposed(steps)
