"""Recordings of one's own as clips of an experiment, made equal in all but what is played."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from chromasonic.abtest.clip_task import Progress, write_items
from chromasonic.abtest.paired_sound import RATE_HZ, ClipForm
from chromasonic.errors import FormatError, UsageError
from chromasonic.formats.audio import Sound

MOST_SECONDS = 600.0
"""Of a recording, most of which would be cut anyway."""


def write_own(
    sounds: Mapping[str, Mapping[str, Path]],
    folder: Path,
    form: ClipForm | None = None,
    *,
    on_progress: Progress = lambda _share, _words: None,
) -> tuple[str, ...]:
    """Write clips from recordings; `clips.items_in` reads what lies there then.

    Args:
        sounds: label to item to recording; every label has the same items.
        folder: gets `LABEL/ITEM.mp3`, or .wav.
        form: what the clips are like.
        on_progress: is told the share done and what comes now.

    Returns:
        The names of the items, in order.

    Raises:
        UsageError: a version lacks an item.
        FormatError: a recording cannot be read.
        RenderError: it is silent.
    """
    items = sorted(set().union(*(taken.keys() for taken in sounds.values())))
    for label, taken in sounds.items():
        if missing := [item for item in items if item not in taken]:
            raise UsageError(
                f"Version {label} has no recording '{missing[0]}'. Recordings of the same name "
                "make a pair: each version needs one of each."
            )
    form = form or ClipForm()

    def read(number: int) -> dict[str, Sound]:
        return {
            label: read_stereo(taken[items[number]], form.longest_s)
            for label, taken in sounds.items()
        }

    return write_items(folder, form, items, read, on_progress=on_progress, words="Levelling pair")


def read_stereo(path: Path, longest_s: float) -> Sound:
    """The beginning of a recording at `RATE_HZ`, one channel or two.

    Raises:
        FormatError: it cannot be read, is empty, too long, or a sample is no number.
    """
    import soundfile
    import soxr

    try:
        with soundfile.SoundFile(path) as file:
            if file.frames > MOST_SECONDS * file.samplerate:
                raise FormatError(
                    f"{path.name} lasts {file.frames / file.samplerate / 60:.0f} minutes; up to "
                    f"{MOST_SECONDS / 60:.0f} are read. Cut out what shall be heard."
                )
            rate = file.samplerate
            # A second more than is wanted: so it is seen that something was cut.
            samples_MC = file.read(round((longest_s + 1) * rate), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise FormatError(
            f"{path.name} is no recording that can be read ({error}). Export it again as WAV, "
            "FLAC, OGG or MP3."
        ) from error
    if not len(samples_MC) or not np.isfinite(samples_MC).all():
        raise FormatError(f"{path.name} is empty or holds samples that are no numbers.")
    if samples_MC.shape[1] > 2:
        samples_MC = samples_MC.mean(axis=1, keepdims=True)
    if rate != RATE_HZ:
        samples_MC = soxr.resample(samples_MC, rate, RATE_HZ).astype(np.float32)
    return Sound(samples_MC[:, 0] if samples_MC.shape[1] == 1 else samples_MC, RATE_HZ)
