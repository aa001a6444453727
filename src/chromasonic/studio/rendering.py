"""A tune or a setting as the files that the pages show and offer: score, notes, notation.

Sound is made when it is asked for: `sound.work`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromasonic import files
from chromasonic.studio.sound.files import TIMELINE

if TYPE_CHECKING:
    from chromasonic.music.part_score import PartScore
    from chromasonic.music.tune import Tune

WIDE_PX, NARROW_PX = 840, 360
"""Widths of the two engravings; the page takes the one that fits."""
SETTING_PX = 720
"""Width of a setting's, beside which its rules are listed."""


def tune_files(tune: Tune) -> dict[str, bytes | str]:
    """Every form of a tune but its sound.

    Returns:
        tune.abc, tune.mid, tune.musicxml, score.svg and score-narrow.svg (note heads named, no
        title), timeline.json (see `formats.score_timeline`).
    """
    from chromasonic.formats.score import ScoreLayout, engrave_widths
    from chromasonic.formats.score_timeline import tune_timeline
    from chromasonic.formats.tunes import save_tune

    wide, narrow = engrave_widths(tune, [NARROW_PX], ScoreLayout(width_px=WIDE_PX, title=False))
    return {
        **_saved(lambda path: save_tune(tune, path), "tune"),
        **_shown(wide, narrow, tune_timeline(tune)),
    }


def setting_files(score: PartScore) -> dict[str, bytes | str]:
    """Every form of a score of several parts but its sound.

    Returns:
        setting.abc, setting.mid, setting.musicxml, and the others as `tune_files`.
    """
    from chromasonic.formats.part_score_picture import engrave_widths
    from chromasonic.formats.part_scores import save_part_score
    from chromasonic.formats.score import ScoreLayout
    from chromasonic.formats.score_timeline import score_timeline

    layout = ScoreLayout(width_px=SETTING_PX, title=False)
    wide, narrow = engrave_widths(score, [NARROW_PX], layout)
    return {
        **_saved(lambda path: save_part_score(score, path), "setting"),
        **_shown(wide, narrow, score_timeline(score)),
    }


def _saved(save: Callable[[Path], Path], stem: str) -> dict[str, bytes | str]:
    with tempfile.TemporaryDirectory() as folder, files.passing():
        names = [f"{stem}.abc", f"{stem}.mid", f"{stem}.musicxml"]
        return {name: save(Path(folder) / name).read_bytes() for name in names}


def _shown(wide: str, narrow: str, timeline: dict[str, Any]) -> dict[str, bytes | str]:
    return {"score.svg": wide, "score-narrow.svg": narrow, TIMELINE: json.dumps(timeline)}
