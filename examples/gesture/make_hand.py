"""A hand that plays: made gestures put one after the other, as examples/gesture/hand.npz.

    python examples/gesture/make_hand.py [FILE]

The hand is a made one (`chromasonic.data.synthetic_gestures`). The way back to where the next
gesture begins is out of sight, as a hand that leaves the picture is.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from chromasonic.data.synthetic_gestures import made_gestures
from chromasonic.formats.movements import write_movement
from chromasonic.gesture.spotting_sequences import sequence_of

PIECE = (
    "swipe-right", "swipe-right", "pinch", "swipe-right", "circle-right", "swipe-right", "tap",
    "swipe-down", "swipe-right", "swipe-right", "circle-right", "swipe-right", "swipe-right",
    "swipe-up", "wave", "swipe-right", "fist",
)  # fmt: skip
PERFORMER = "performer 10"
SEED = 1234
STEPS = 1024
"""Coordinates are kept in shares of a picture's side of so many: as a camera sees it."""


def main() -> None:
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("hand.npz")
    takes = [one for one in made_gestures(1200, SEED) if one.performer == PERFORMER]
    chosen = []
    for label in PIECE:  # each time another take of the gesture
        take = next(one for one in takes if one.label == label)
        takes.remove(take)
        chosen.append(take)
    recording, truth = sequence_of(chosen, id="hand")
    frames = np.round(recording.frames * STEPS) / STEPS
    recording = replace(recording, frames=frames.astype(np.float32), performer="", session="")
    print(write_movement(recording, file))
    for label, start, end in truth:
        print(f"{start:6.2f} s to {end:6.2f} s  {label}")


if __name__ == "__main__":
    main()
