"""What the check of a setting makes of Bach: tones on the beat that it explains, before and after.

Run from the repository's root:

    python benchmarks/setting_check.py

The validation chorales, each checked as a setting that somebody wrote. Before: his pitches at the
beats with the chords that suit them best, as the reward sees them. After: suspensions and other
ornaments by their names, chords without them. Writes `benchmarks/results/setting_check.json`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from chromasonic.data.harmonizer_chorales import harmonizer_chorales
from chromasonic.files import write_json
from chromasonic.harmonization.bach import labelled
from chromasonic.harmonization.between_beats import all_marks
from chromasonic.harmonization.given_voices import GivenSetting, given_setting
from chromasonic.harmonization.melodies import tune_of_steps
from chromasonic.harmonization.placing import marks
from chromasonic.harmonization.rule_guide import Gravity
from chromasonic.music.chorale import SILENT, Chorale

RESULTS = Path(__file__).parent / "results" / "setting_check.json"


def checked(chorale: Chorale) -> GivenSetting:
    """The chorale's voices as a setting."""
    onsets = chorale.onsets()
    parts = [
        tune_of_steps(
            chorale.pitches[:, voice],
            metre=chorale.metre,
            pickup_steps=chorale.pickup_steps,
            fermatas=chorale.fermatas if voice == 0 else (),
            key=chorale.key,
            is_onset=onsets[:, voice],
        )
        for voice in range(4)
    ]
    return given_setting(parts)


def main() -> None:
    """Check, count, print and write."""
    before, after, names = Counter[str](), Counter[str](), Counter[str]()
    chorales = harmonizer_chorales(analyses=False).validation
    for chorale in chorales:
        if (chorale.pitches == SILENT).all(0).any():
            continue
        given = checked(chorale)
        sounding, plain = given.harmonization, given.plain
        old = labelled(sounding.voicings.pitches, sounding.melody.beats)
        before["tones on the beat"] += old.member.size
        before["foreign"] += int((old.member < 0).sum())
        after["tones on the beat"] += plain.voicings.member.size
        after["foreign, not named"] += int((plain.voicings.member < 0).sum())
        names.update(one.text for one in given.ornaments)
        judged = type(sounding)(
            melody=sounding.melody, voicings=old, reward=0.0, agent=sounding.agent
        )
        for counts, found in ((before, marks(judged, given.tune)), (after, all_marks(given))):
            counts.update(mark.advice.gravity.value for mark in found)
            counts.update(
                f"rule {mark.remark.rule}"
                for mark in found
                if mark.advice.gravity is not Gravity.ORNAMENT
            )
    document = {
        "chorales": len(chorales),
        "before": dict(before.most_common()),
        "after": dict(after.most_common()),
        "ornaments": dict(names.most_common()),
    }
    for name, value in document.items():
        print(name, value)
    write_json(RESULTS, document)


if __name__ == "__main__":
    main()
