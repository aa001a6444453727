"""What steering a melody by valence and arousal changes, and what in it does so.

Run from the repository's root:

    CHROMASONIC_DATA=DIR python benchmarks/steering.py --count
    CHROMASONIC_DATA=DIR python benchmarks/steering.py --checkpoint DIR [--melodies 100]

The first counts the training parts of EMOPIA and VGMIDI, writes the statistics that steering goes
by, `src/chromasonic/companion/moods.json`, and the figures of their clips. The second makes
melodies in each quadrant with the same seeds, four times: steered by the network and the rules; by
the network alone (one rhythm, one tempo, one register, the key C major told to it); by the network
alone that is not told the key; by the rules alone. It writes to `benchmarks/results/steering.json`
the figures of each quadrant, beside those of the corpora's own clips, and for valence and for
arousal the difference between its sides, paired by seed. Intervals are 95%, over melodies (or
clips).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chromasonic.companion.melody_clips import key_of_weights, line_of_clip
from chromasonic.companion.melody_moods import (
    FIGURES,
    FILE,
    ClipFigures,
    Moods,
    figures_of_clip,
    major_third,
    pitch_figures,
)
from chromasonic.companion.melody_steering import SteeredMelody, Steering, steer
from chromasonic.companion.models import load_companion
from chromasonic.data import load
from chromasonic.evaluation.statistics import bootstrap_mean
from chromasonic.files import write_json
from chromasonic.formats.midi import quarters_per_minute
from chromasonic.music.emotion import QUADRANTS
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "steering.json"
MOODS = ROOT / "src" / "chromasonic" / "companion" / FILE
STRENGTH = 0.8
"""How far out in its quadrant a melody is steered."""

WAYS: dict[str, dict[str, Any]] = {
    "network and rules": {},
    "network alone, told C major": {"by_rules": False, "key": Key("C", "major")},
    "network alone, key left open": {"by_rules": False, "tells_key": False},
    "rules alone": {"by_network": False},
}
SIDES = {"valence": 0, "arousal": 1}
"""Direction of the plane to its place in a quadrant's pair of signs."""


def count() -> None:
    """Count the corpora and write the statistics that steering goes by."""
    parts = {name: load(name, download=False) for name in ("emopia", "vgmidi")}
    clips = {
        name: [(clip, line_of_clip(clip, corpus=name)) for clip in corpus.part("train")]
        for name, corpus in parts.items()
    }
    held_out = [line_of_clip(clip, corpus="emopia") for clip in parts["emopia"].part("validation")]
    moods = Moods.of(
        [*clips["emopia"], *clips["vgmidi"]],
        recorded=clips["emopia"],
        source={
            "command": "python benchmarks/steering.py --count",
            "tempo, velocity, register": f"emopia, {len(clips['emopia'])} clips of its train part",
            "mode, rhythm": f"the same and vgmidi, {len(clips['vgmidi'])} clips of its train part",
            "fingerprints": {n: corpus.manifest.fingerprint for n, corpus in parts.items()},
        },
    )
    print(
        f"rhythm, bits a length on emopia's validation: {moods.rhythm.bits_a_length(held_out):.3f}"
    )
    write_json(MOODS, moods.to_dict())
    tables = {}
    for name, pairs in clips.items():
        by_quadrant: dict[int, list[ClipFigures]] = {number: [] for number in QUADRANTS}
        for clip, line in pairs:
            if len(line) > 2:
                by_quadrant[clip.quadrant].append(figures_of_clip(clip, line))
        tables[name] = table_of(by_quadrant)
    write_json(RESULTS, {**known_results(), "corpora, train parts": tables})


def known_results() -> dict[str, Any]:
    """What was measured before."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}


def figures_of_melody(melody: SteeredMelody, tells_key: bool) -> ClipFigures:
    """The same figures of a made melody, by the same estimate of the key.

    The thirds are those of the key that the network was told; where it was told none there is no
    tonic to count them from.
    """
    heard = np.array(list(melody.tune.sounding()), np.float64)
    onset, length, pitch = heard.T
    tempo = quarters_per_minute(melody.tune)
    seconds = (onset[-1] - onset[0]) / TICKS_PER_QUARTER * 60 / tempo
    weight = np.bincount(pitch.astype(int) % 12, length, 12).astype(np.float64)
    return ClipFigures(
        **pitch_figures(pitch),
        major_third=major_third(pitch, length, melody.key.tonic_pitch_class)
        if tells_key
        else float("nan"),
        is_major=float(key_of_weights(weight).mode == "major"),
        notes_a_second=(len(pitch) - 1) / seconds,
        velocity=melody.velocity,
        tempo_bpm=tempo,
    )


def table_of(by_quadrant: Mapping[int, Sequence[ClipFigures]]) -> dict[str, Any]:
    """Mean of each figure in each quadrant, and how the sides of the plane differ."""
    return {
        f"Q{number}": {
            name: bootstrap_mean([getattr(value, name) for value in values]).to_dict()
            for name in (*FIGURES, "tempo_bpm")
        }
        for number, values in by_quadrant.items()
    }


def differences(by_quadrant: Mapping[int, Sequence[ClipFigures]]) -> dict[str, Any]:
    """For valence and arousal: mean of the positive side less the negative, paired by seed."""
    result: dict[str, Any] = {}
    for side, place in SIDES.items():
        result[side] = {}
        for name in FIGURES:
            table = {
                number: np.array([getattr(value, name) for value in values])
                for number, values in by_quadrant.items()
            }
            signed = [QUADRANTS[number][place] * column for number, column in table.items()]
            gap = np.sum(signed, axis=0) / 2
            result[side][name] = bootstrap_mean(gap).to_dict()
    return result


def measure(checkpoint: Path, melodies: int) -> dict[str, Any]:
    """Melodies of all ways and quadrants."""
    network = load_companion(checkpoint, "melody_transformer").network
    ways: dict[str, Any] = {}
    for way, settings in WAYS.items():
        made: dict[int, list[ClipFigures]] = {}
        for number, (valence, arousal) in QUADRANTS.items():
            wanted = Steering(
                valence=STRENGTH * valence, arousal=STRENGTH * arousal, bars=16, **settings
            )
            made[number] = [
                figures_of_melody(steer(network, wanted, seed=seed), wanted.tells_key)
                for seed in range(melodies)
            ]
        ways[way] = {"quadrants": table_of(made), "differences": differences(made)}
        print(f"{way}:")
        for side, gaps in ways[way]["differences"].items():
            line = ", ".join(
                f"{name} {gap['value']:+.2f} [{gap['low']:+.2f}, {gap['high']:+.2f}]"
                for name, gap in gaps.items()
            )
            print(f"  {side}: {line}")
    return {
        "melodies a quadrant": melodies,
        "bars": 16,
        "strength": STRENGTH,
        "ways": ways,
    }


def main() -> None:
    """Count, or measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", action="store_true", help="count the corpora")
    parser.add_argument("--checkpoint", type=Path, help="a MelodyTransformer, or its folder")
    parser.add_argument("--melodies", type=int, default=100, help="in each quadrant")
    options = parser.parse_args()
    if options.count:
        count()
    if options.checkpoint:
        found = measure(options.checkpoint, options.melodies)
        write_json(RESULTS, {**known_results(), **found})


if __name__ == "__main__":
    main()
