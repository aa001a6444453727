"""The harmonization of a melody as a Gymnasium environment: at each beat choose a voicing.

    import gymnasium
    import chromasonic.harmonization.env

    env = gymnasium.make("chromasonic/Harmonization-v0", melodies=melodies)

- Observation: `OBSERVATION_SIZE` float32 from -1 to 1, laid out in `episodes`.
- Action: which of the beat's admissible voicings, in the order of `voicings.admissible` (by chord,
  then bass, tenor, alto). Beats have different numbers of them: an action beyond is taken modulo
  their number, so that every action is legal; `info["action_mask"]` is 1 for those that are not
  taken twice.
- Reward: what the step costs under the rules: the voicing itself, and from the second beat on the
  way into it. The sum over an episode is `Reward.of_path` of what was chosen.
- End: after the last beat (`terminated`); nothing is ever truncated.
- Info: `action_mask` (int8), `beat` (of the next choice; the number of beats at the end), `melody`
  (which of them is played); with `explain=True` also `breaches`, what the step broke.
- Reset: a melody is drawn with the environment's generator, or named by
  `options={"melody": index}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from chromasonic.errors import UsageError
from chromasonic.harmonization.chords import VOCABULARY
from chromasonic.harmonization.episodes import OBSERVATION_SIZE, Episodes
from chromasonic.harmonization.exact import Harmonization
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.realizing import key_name
from chromasonic.harmonization.reward import Breach, Reward, breaches
from chromasonic.harmonization.spelling import spelled_key, spelled_note
from chromasonic.harmonization.voicings import BASS, Voicings
from chromasonic.music.key import Key

ID = "chromasonic/Harmonization-v0"

Floats = npt.NDArray[np.float32]


def observation_space() -> spaces.Box:
    """Space of one observation."""
    return spaces.Box(-1.0, 1.0, (OBSERVATION_SIZE,), np.float32)


class HarmonizationEnv(gymnasium.Env):
    """Episodes over given melodies.

    Args:
        melodies: what is harmonized; or `Episodes` of them, to be shared by many environments;
            the one of `example_melody` by default.
        reward: the rules; all by default.
        explain: whether `info` lists the breaches of each step.
        render_mode: None or "ansi": the piece so far as text.

    Raises:
        UsageError: no melody, a note that no voicing fits, or an unknown render mode.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 4}  # noqa: RUF012 (Gymnasium's own form)

    def __init__(
        self,
        melodies: Sequence[Melody] | Episodes | None = None,
        *,
        reward: Reward | None = None,
        explain: bool = False,
        render_mode: str | None = None,
    ) -> None:
        if render_mode not in (None, "ansi"):
            raise UsageError(f"Render mode '{render_mode}' is unknown; known: 'ansi', or None.")
        self.episodes = Episodes.of(melodies)
        self.reward = reward or Reward()
        self.explain = explain
        self.render_mode = render_mode
        self.observation_space = observation_space()
        self.action_space = spaces.Discrete(self.episodes.size)
        self._melody = 0
        self._path: list[int] = []
        self._has_begun = False

    @property
    def melody(self) -> Melody:
        """The one that is played."""
        return self.episodes.melodies[self._melody]

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Floats, dict[str, Any]]:
        """Begin an episode.

        Args:
            seed: of the generator that draws melodies.
            options: `{"melody": index}` plays that one.

        Raises:
            UsageError: no melody has that index.
        """
        super().reset(seed=seed)
        count = len(self.episodes.melodies)
        wanted = (options or {}).get("melody")
        if wanted is None:
            self._melody = int(self.np_random.integers(count))
        elif 0 <= int(wanted) < count:
            self._melody = int(wanted)
        else:
            raise UsageError(f"There is no melody {wanted}; they are numbered 0 to {count - 1}.")
        self._path, self._has_begun = [], True
        return self._observation(), self._info()

    def step(self, action: np.int64) -> tuple[Floats, float, bool, bool, dict[str, Any]]:
        """Choose the voicing of the next beat.

        Raises:
            UsageError: no episode is under way.
        """
        beat, row = len(self._path), self._row
        if not self._has_begun or beat == len(self.melody):
            raise UsageError("The episode is over or has not begun. Call reset() first.")
        rows = np.array([row])
        self._path.append(int(self.episodes.chosen(rows, np.array([int(action)]))[0]))
        beats = self.episodes.beats
        after = self.episodes.candidates[[self._path[-1]]]
        value = self.reward.of_voicings(after, beats[row])[0]
        if beat:
            before = self.episodes.candidates[[self._path[-2]]]
            value += self.reward.motion_in_rows(before, after, beats[row - 1], beats[row])[0]
        info = self._info()
        if self.explain:
            info["breaches"] = self._breaches_of_last()
        terminated = len(self._path) == len(self.melody)
        return self._observation(), float(value), terminated, False, info

    def render(self) -> str | None:
        """The piece so far, one line a beat: bar and quarter, voices, key and numeral."""
        if self.render_mode != "ansi":
            return None
        melody = self.melody
        lines = [f"{melody.title or melody.id}: {len(melody)} beats"]
        chosen = self.episodes.candidates[np.array(self._path, np.int64)]
        home = spelled_key(int(melody.beats.tonic[0]), int(melody.beats.mode[0]), Key())
        for beat in range(len(chosen)):
            chord, tonic = int(chosen.chord[beat]), int(chosen.tonic[beat])
            mode = int(melody.beats.mode[beat])
            names = [
                _with_octave(spelled_note(pitch, chord, tonic, mode, home), pitch)
                for pitch in chosen.pitches[beat].tolist()
            ]
            numeral = VOCABULARY[chord].figured(int(chosen.member[beat, BASS]))
            place = f"{melody.bar[beat]}:{melody.place[beat]:g}"
            voices = "  ".join(f"{name:>4}" for name in names)
            lines.append(
                f"{place:>7}  {voices}  {key_name(spelled_key(tonic, mode, home))}: {numeral}"
            )
        return "\n".join(lines)

    def harmonization(self, agent: str = "env") -> Harmonization:
        """What a finished episode has made.

        Raises:
            UsageError: the episode is not at its end.
        """
        if not self._has_begun or len(self._path) != len(self.melody):
            raise UsageError(
                f"Only {len(self._path)} of {len(self.melody)} beats have a voicing. Go on to the "
                "end of the episode first."
            )
        voicings = self.episodes.candidates[np.array(self._path)]
        return Harmonization(
            melody=self.melody,
            voicings=voicings,
            reward=self.reward.of_path(voicings, self.melody.beats),
            agent=agent,
        )

    @property
    def _row(self) -> int:
        """Row of the beat to choose for; past the last it is the end's."""
        if len(self._path) >= len(self.melody):
            return self.episodes.end
        return int(self.episodes.first[self._melody]) + len(self._path)

    def _observation(self) -> Floats:
        before = self._path[-1] if self._path else -1
        return self.episodes.observe(np.array([self._row]), np.array([before]))[0]

    def _info(self) -> dict[str, Any]:
        return {
            "action_mask": self.episodes.masks(np.array([self._row]))[0],
            "beat": len(self._path),
            "melody": self._melody,
        }

    def _breaches_of_last(self) -> tuple[Breach, ...]:
        """What the voicing chosen last breaks, alone and with the one before."""
        end = len(self._path)
        begin = max(0, end - 2)
        voicings: Voicings = self.episodes.candidates[np.array(self._path[begin:])]
        found = breaches(voicings, self.melody.beats[begin:end], self.reward.rules)
        last = end - begin - 1
        return tuple(
            Breach(
                rule=breach.rule,
                beat=end - 1,
                voices=breach.voices,
                count=breach.count,
                cost=breach.cost,
            )
            for breach in found
            if breach.beat == last
        )


def _with_octave(name: str, pitch: int) -> str:
    """A spelled name with the number of its octave: B#3 is C4, Cb5 is B4."""
    shift = name.count("#") - name.count("b")
    return f"{name}{(pitch - shift) // 12 - 1}"


if ID not in gymnasium.registry:
    gymnasium.register(
        id=ID,
        entry_point="chromasonic.harmonization.env:HarmonizationEnv",
        vector_entry_point="chromasonic.harmonization.batched_env:BatchedHarmonizationEnv",
    )
