"""Does a humanized drum part have the touch of a drummer's? Step by step, in numbers.

The takes of Groove MIDI's validation part are made straight (every hit on its sixteenth, velocity
100), humanized by a trained model, and set beside what the drummers played: mean and spread of the
timing and the velocity of each sixteenth of the bar. Run:

    python benchmarks/groove_listening.py runs/groove [--data-dir DIR]

It writes benchmarks/results/groove_listening.json.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from chromasonic.companion.groove_features import Groove
from chromasonic.companion.groove_humanizing import HumanizeSettings, humanize
from chromasonic.companion.models import load_companion
from chromasonic.data import load
from chromasonic.files import write_json
from chromasonic.formats.drum_pattern import hits_midi
from chromasonic.formats.midi_drums import DrumFile
from chromasonic.music.drums import STEPS, DrumTake, drum_grid

RESULTS = Path(__file__).parent / "results" / "groove_listening.json"
WAYS = {"model": 0.0, "model, looseness 1": 1.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", help="a run, or a checkpoint of the GroovePredictor")
    parser.add_argument("--data-dir", help="a folder with groove-midi in it")
    arguments = parser.parse_args()
    network = load_companion(arguments.model, "groove").network
    takes = load("groove-midi", data_dir=arguments.data_dir, download=False).part("validation")
    takes = [take for take in takes if (take.numerator, take.denominator) == (4, 4)]

    played: dict[str, list[Groove]] = {name: [] for name in ("drummers", *WAYS)}
    masks = []
    for take in takes:
        grid = drum_grid(take.onset_quarters, take.pitch, take.velocity)
        masks.append(grid.struck)
        played["drummers"].append(Groove(grid.velocity, grid.offset))
        for name, looseness in WAYS.items():
            played[name].append(_humanized(take, network, looseness))
    struck = np.concatenate(masks)
    result: dict[str, Any] = {"part": "validation", "takes": len(takes), "steps": int(struck.sum())}
    for name, grooves in played.items():
        velocity = np.concatenate([groove.velocity for groove in grooves])
        offset = np.concatenate([groove.offset for groove in grooves])
        result[name] = _by_step(velocity, offset, struck)
        print(name)
        for number, row in enumerate(result[name]["steps"]):
            print(f"  step {number + 1:2d}  " + "  ".join(f"{k} {v:7.3f}" for k, v in row.items()))
        print("  all      " + "  ".join(f"{k} {v:7.3f}" for k, v in result[name]["all"].items()))
    print(write_json(RESULTS, result))


def _humanized(take: DrumTake, network: Any, looseness: float) -> Groove:
    """A take made straight, then humanized; on the grid of what was written."""
    grid = drum_grid(take.onset_quarters, take.pitch, take.velocity)
    steps = grid.first_step[grid.hit_bar] + grid.hit_step
    hits = sorted({(int(s), int(p)) for s, p in zip(steps, take.pitch, strict=True)})
    data = hits_midi([(step, pitch, 100) for step, pitch in hits], tempo_bpm=take.tempo_bpm)
    new = humanize(DrumFile(data, take.id), network, HumanizeSettings(looseness=looseness, seed=1))
    again = drum_grid(new.quarters, new.pitch, new.new_velocity)
    velocity, offset = np.zeros(again.velocity.shape), np.zeros(again.offset.shape)
    order = np.argsort(new.new_velocity, kind="stable")  # the loudest is written last
    place = again.hit_bar[order], again.hit_step[order]
    velocity[place] = new.new_velocity[order]
    offset[place] = 4 * (new.new_quarters - new.quarters)[order]
    return Groove(velocity, offset)


def _by_step(velocity: np.ndarray, offset: np.ndarray, struck: np.ndarray) -> dict[str, Any]:
    def row(mask: np.ndarray) -> dict[str, float]:
        return {
            "velocity": float(velocity[mask].mean()),
            "velocity spread": float(velocity[mask].std()),
            "offset": float(offset[mask].mean()),
            "offset spread": float(offset[mask].std()),
        }

    each = [row(struck & (np.arange(STEPS) == step)) for step in range(STEPS)]
    return {"steps": each, "all": row(struck)}


if __name__ == "__main__":
    main()
