"""What automatic pairs of any kind have in common: what may be wished for, and how clips come out.

A kind of pairs (tunes, settings for four voices, grooves) adds what its versions are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from chromasonic.abtest.paired_sound import ClipForm, write_clips
from chromasonic.abtest.ranges import check_ranges

if TYPE_CHECKING:
    from chromasonic.formats.audio import Sound

Progress = Callable[[float, str], None]


@dataclass(frozen=True, kw_only=True)
class ClipTask(ClipForm):
    """What the clips of an experiment shall be like, and how many.

    Args:
        items: how many pairs.
        seed: of the first item; each later one has the next.

    Raises:
        UsageError: a value is out of range.
    """

    items: int = 12
    seed: int = 1

    MOST_ITEMS: ClassVar[int] = 60

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(self, ("items", 1, self.MOST_ITEMS), ("seed", 0, 2**31 - 1))


def write_items(
    folder: Path,
    form: ClipForm,
    names: Sequence[str],
    played: Callable[[int], Mapping[str, Sound]],
    *,
    on_progress: Progress = lambda _share, _words: None,
    words: str = "Playing pair",
    begin: float = 0.0,
) -> tuple[str, ...]:
    """Play every item and write its clips; `clips.items_in` reads what lies there then.

    Args:
        folder: gets `LABEL/ITEM.mp3`, or .wav.
        form: what the clips shall be like.
        names: of the items.
        played: the number of an item to what each label plays.
        on_progress: is told the share done and what comes now.
        words: what is done to a pair.
        begin: the share that was done before.

    Returns:
        The names of the items.

    Raises:
        RenderError: a clip is silent, or this machine's libsndfile writes no MP3.
        StorageError: a file cannot be written.
    """
    for number, name in enumerate(names):
        share = begin + (1 - begin) * number / len(names)
        on_progress(share, f"{words} {number + 1} of {len(names)}")
        write_clips(folder, name, played(number), form)
    return tuple(names)
