"""Set the tunes of this folder for four voices: scores, MusicXML, MIDI and sound of each.

Run from the repository's root:

    python examples/harmonize/set_all.py scores

Tunes that lie too high for a soprano are moved. The same agent gives the same settings.
"""

from __future__ import annotations

import sys
from pathlib import Path

from chromasonic.formats.melodies import load_melody
from chromasonic.formats.part_scores import save_part_score
from chromasonic.harmonization.harmonizing import fitted, harmonize
from chromasonic.harmonization.realizing import part_score

TUNES = Path(__file__).parent
ENDINGS = (".png", ".musicxml", ".mid", ".wav")


def set_all(folder: Path, agent: str = "hybrid") -> None:
    """Write every tune's setting into a folder, in four formats.

    Args:
        folder: made if it is not there.
        agent: "exact", "simple", "advanced" or "hybrid".
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(TUNES.glob("*.abc")):
        tune, moved = fitted(load_melody(path))
        (setting,) = harmonize(tune, agent=agent)
        score = part_score(setting, tune)
        for ending in ENDINGS:
            save_part_score(score, folder / f"{path.stem}{ending}")
        shift = f", moved by {moved:+d} semitones" if moved else ""
        beat = setting.reward / len(setting.melody)
        print(f"{tune.title}: {tune.key}, {tune.metre}{shift}; reward a beat {beat:.3f}")


if __name__ == "__main__":
    set_all(Path(sys.argv[1] if len(sys.argv) > 1 else "scores"), *sys.argv[2:3])
