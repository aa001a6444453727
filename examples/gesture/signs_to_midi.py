"""Signs become music: recordings of Auslan signs, one after the other, through a trained model.

    python examples/gesture/signs_to_midi.py --model RUN [--performer waleed] [--output signs.mid]

Takes recordings of one signer that the training of the model did not learn from (its validation
part), puts them one after the other with rests between, finds and recognizes them, and plays what
signs.toml says. Needs the corpus auslan95-signs (`chromasonic data info auslan95-signs`), and a
model of it (`chromasonic train gesture --recipe recipes/gesture-auslan95-seen.toml`). The sequence
is written beside the music, as .npz, for `chromasonic gesture play`.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from chromasonic.data import load
from chromasonic.files import write_bytes
from chromasonic.formats.drum_audio import write_midi_audio
from chromasonic.formats.movements import write_movement
from chromasonic.gesture.mapping import PhraseAction
from chromasonic.gesture.mapping_file import read_mapping
from chromasonic.gesture.models import load_gesture
from chromasonic.gesture.playing import play
from chromasonic.gesture.playing_picture import draw_timeline
from chromasonic.gesture.spotting import count_matches, spot
from chromasonic.gesture.spotting_sequences import sequence_of
from chromasonic.training.run_directory import RunDirectory

PIECE = (
    "hello", "happy", "come", "go", "thank", "love", "name", "sad", "come", "go", "love", "hot",
    "thank",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", required=True, help="a run of auslan95-signs")
    parser.add_argument("--performer", default="waleed", help="whose recordings")
    parser.add_argument("--map", type=Path, default=Path(__file__).with_name("signs.toml"))
    parser.add_argument("--melody", help="a run of the MelodyTransformer: then love is a phrase")
    parser.add_argument("--data-dir", help="a folder with the corpus in it")
    parser.add_argument("--output", type=Path, default=Path("signs.mid"))
    parser.add_argument("--seed", type=int, default=0, help="of which recordings are taken")
    arguments = parser.parse_args()

    model = load_gesture(arguments.model)
    learned = set(RunDirectory(arguments.model).split()["train"])
    corpus = load("auslan95-signs", data_dir=arguments.data_dir, download=False)
    chance = np.random.default_rng(arguments.seed)
    signs = []
    for label in (label for label in PIECE if label in model.classes):
        takes = [
            one
            for one in corpus.pieces
            if (one.label, one.performer) == (label, arguments.performer) and one.id not in learned
        ]
        if takes:
            signs.append(takes[int(chance.integers(len(takes)))])
    recording, truth = sequence_of(signs, id=f"signs of {arguments.performer}")

    mapping = read_mapping(arguments.map)
    if arguments.melody:
        mapping = replace(
            mapping,
            play=replace(mapping.play, melody=arguments.melody),
            actions={**mapping.actions, "love": (PhraseAction(bars=2, channel=3),)},
        )
    mapping.check(model.classes, model.skeleton)
    spotting = spot(model, recording)
    music = play(mapping, recording, spotting)
    right, found, true = count_matches(spotting.events, truth)
    for one in music.events:
        print(f"{one.time:7.2f} s  {one.event.label:<10} {', '.join(one.did)}")
    print(f"{true} signs, {found} recognized, {right} of them rightly")
    write_bytes(arguments.output, music.midi(title=recording.id))
    write_movement(recording, arguments.output.with_suffix(".npz"))
    draw_timeline(
        music,
        spotting,
        arguments.output.with_suffix(".png"),
        title=f"{recording.id}, by {arguments.model}",
    )
    write_midi_audio(music.midi(), arguments.output.with_suffix(".mp3"))


if __name__ == "__main__":
    main()
