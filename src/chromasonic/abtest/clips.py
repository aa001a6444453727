"""What listeners hear: files of a folder, or what versions write for the same seeds.

A folder has a folder for each version, A, B, ... (and `anchor`), and in them files of the same
names: `A/opening-1.wav`, `B/opening-1.wav`. WAV, FLAC, OGG, MP3 and MIDI are read for their length.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chromasonic.abtest.design import Clip, Item
from chromasonic.errors import FormatError, UsageError
from chromasonic.files import sha256_of_file

SOUNDS, MIDI = (".wav", ".flac", ".ogg", ".mp3"), (".mid", ".midi")


def seeded_items(count: int, labels: Sequence[str], *, duration_ms: int) -> tuple[Item, ...]:
    """Items that a page lets each version write itself, by the same seed.

    Args:
        count: how many.
        labels: of the versions.
        duration_ms: how long a clip plays.
    """
    if count < 1:
        raise UsageError(f"{count} items were asked for; allowed: 1 and more.")
    return tuple(
        Item(
            name=f"seed-{seed}",
            clips={label: Clip(source=f"seed {seed}", duration_ms=duration_ms) for label in labels},
        )
        for seed in range(1, count + 1)
    )


def items_in(folder: Path, labels: Sequence[str]) -> tuple[Item, ...]:
    """Items from files.

    Args:
        folder: has a folder of each label in it.
        labels: of the versions, "anchor" among them where there is one.

    Raises:
        UsageError: a folder or a version's file is not there.
        FormatError: a file cannot be read.
    """
    files = {label: _files(folder / label) for label in labels}
    names = sorted(set().union(*files.values()))
    if missing := [
        f"{label}/{name}" for label in labels for name in names if name not in files[label]
    ]:
        raise UsageError(
            f"{folder} has no {missing[0]}.wav (or .flac, .ogg, .mp3, .mid)"
            + (f", nor {len(missing) - 1} more" if len(missing) > 1 else "")
            + ". Every version needs a clip of every item."
        )
    return tuple(
        Item(name=name, clips={label: _clip(files[label][name], folder) for label in labels})
        for name in names
    )


def _files(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}; a version's clips lie there.")
    found = {
        path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() in SOUNDS + MIDI
    }
    if not found:
        raise UsageError(f"{folder} has no clip; allowed: {', '.join(SOUNDS + MIDI)}.")
    return found


def _clip(path: Path, folder: Path) -> Clip:
    return Clip(
        source=path.relative_to(folder).as_posix(),
        duration_ms=max(1, round(1000 * _seconds(path))),
        sha256=sha256_of_file(path),
    )


def _seconds(path: Path) -> float:
    if path.suffix.lower() in MIDI:
        import symusic

        try:
            return float(symusic.Score(str(path)).to("second").end())
        except (RuntimeError, ValueError, OSError) as error:
            raise FormatError(f"{path} cannot be read as MIDI ({error}). Write it anew.") from error
    import soundfile

    try:
        return float(soundfile.info(str(path)).duration)
    except (RuntimeError, OSError) as error:
        raise FormatError(f"{path} cannot be read as sound ({error}). Write it anew.") from error
