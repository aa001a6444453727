"""The environment: Gymnasium's contract, rewards that are the rules', and what is observed."""

from __future__ import annotations

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from chromasonic.errors import UsageError
from chromasonic.formats.typed_notes import read_typed_notes
from chromasonic.harmonization.chords import TABLE
from chromasonic.harmonization.env import ID, HarmonizationEnv
from chromasonic.harmonization.episodes import BEATS_AHEAD, OBSERVATION_SIZE, Episodes
from chromasonic.harmonization.exact import candidates, harmonize_exactly
from chromasonic.harmonization.melodies import melody_of_tune
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.reward import Reward, breaches
from chromasonic.harmonization.voicings import BASS, Voicings
from chromasonic.music.key import Key


def melody_from(notes: str, key: Key) -> Melody:
    return melody_of_tune(read_typed_notes(notes, key=key, title="A tune"), key=key)


@pytest.fixture(scope="module")
def melodies() -> list[Melody]:
    return [
        melody_from("G4 | C5 D5 E5:1/2 D5:1/2 C5 | D5 B4 C5^", Key("C", "major")),
        melody_from("A4 B4 C5 D5 | E5:2 D5 C5 | B4:2 A4:2", Key("A", "minor")),
        melody_from("D5 A4 D5", Key("D", "dorian")),
    ]


@pytest.fixture
def env(melodies: list[Melody]) -> HarmonizationEnv:
    return HarmonizationEnv(melodies)


def played(env: HarmonizationEnv, seed: int, melody: int) -> tuple[list[float], list[dict]]:
    rng = np.random.default_rng(seed)
    _, info = env.reset(seed=seed, options={"melody": melody})
    rewards, infos, over = [], [info], False
    while not over:
        action = rng.choice(np.flatnonzero(infos[-1]["action_mask"]))
        _, reward, over, truncated, info = env.step(action)
        assert not truncated
        rewards.append(reward)
        infos.append(info)
    return rewards, infos


def test_gymnasiums_own_check_passes_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(ID).unwrapped)


def test_it_can_be_made_by_its_name_over_given_melodies(melodies: list[Melody]) -> None:
    env = gymnasium.make(ID, melodies=melodies)
    observation, info = env.reset(seed=3)
    assert observation.shape == (OBSERVATION_SIZE,)
    assert env.action_space.n == max(len(sets) for m in melodies for sets in candidates(m))
    assert info["beat"] == 0


@pytest.mark.parametrize("melody", [0, 1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_the_rewards_of_an_episode_add_up_to_the_reward_of_the_path(
    env: HarmonizationEnv, melodies: list[Melody], seed: int, melody: int
) -> None:
    rewards, _ = played(env, seed, melody)
    made = env.harmonization()
    assert made.melody is melodies[melody]
    assert len(rewards) == len(melodies[melody])
    assert sum(rewards) == pytest.approx(
        Reward().of_path(made.voicings, melodies[melody].beats), abs=1e-9
    )


def test_the_best_path_of_the_exact_search_pays_what_the_search_says(
    env: HarmonizationEnv, melodies: list[Melody]
) -> None:
    best = harmonize_exactly(melodies[1])
    env.reset(options={"melody": 1})
    total = 0.0
    for row, sets in enumerate(candidates(melodies[1])):
        is_it = (sets.pitches == best.voicings.pitches[row]).all(1)
        is_it &= sets.chord == best.voicings.chord[row]
        _, reward, over, _, _ = env.step(np.flatnonzero(is_it)[0])
        total += reward
    assert over
    assert total == pytest.approx(best.reward, abs=1e-9)


def test_an_action_takes_the_voicing_of_that_number_and_beyond_them_begins_anew(
    env: HarmonizationEnv, melodies: list[Melody]
) -> None:
    first = candidates(melodies[2])[0]
    env.reset(options={"melody": 2})
    for action in (0, 7, len(first) - 1, len(first), len(first) + 7):
        env.reset(options={"melody": 2})
        env.step(action)
        for _ in range(2):
            env.step(0)
        assert (
            env.harmonization().voicings.pitches[0].tolist()
            == first.pitches[action % len(first)].tolist()
        )


def test_the_mask_marks_as_many_actions_as_the_beat_has_voicings(
    env: HarmonizationEnv, melodies: list[Melody]
) -> None:
    _, infos = played(env, 0, 0)
    counts = [len(sets) for sets in candidates(melodies[0])]
    assert [int(info["action_mask"].sum()) for info in infos] == [*counts, 1]
    for info, count in zip(infos, counts, strict=False):
        assert info["action_mask"][:count].all()
    assert [info["beat"] for info in infos] == list(range(len(counts) + 1))


def test_the_same_seed_draws_the_same_melodies_and_pays_the_same(
    env: HarmonizationEnv, melodies: list[Melody]
) -> None:
    def trace(seed: int) -> list[tuple[int, float]]:
        found = []
        env.reset(seed=seed)
        for _ in range(6):
            _, info = env.reset()
            _, reward, _, _, _ = env.step(5)
            found.append((info["melody"], reward))
        return found

    assert trace(11) == trace(11)
    assert len({melody for melody, _ in trace(11)}) > 1


def test_the_observation_says_what_the_page_says(
    env: HarmonizationEnv, melodies: list[Melody]
) -> None:
    melody = melodies[0]
    observation, _ = env.reset(options={"melody": 0})
    assert env.observation_space.contains(observation)
    # G4 in C major, an upbeat: there, degree 7, 7 semitones above C4 of 21, no motion, weak.
    own = np.zeros(20)
    own[[0, 1 + 7]] = 1.0
    own[13] = 7 / 21
    own[16 + 1] = 1.0  # begins a phrase
    np.testing.assert_allclose(observation[:20], own, atol=1e-6)
    # C5 on the downbeat: degree 0, height 12 of 21, up by a fourth of an octave and more, strong.
    following = observation[20:40]
    assert following[[0, 1]].tolist() == [1.0, 1.0]
    np.testing.assert_allclose(following[13:16], [12 / 21, 5 / 12, 1.0], atol=1e-6)
    assert observation[20 * BEATS_AHEAD] == 1.0  # major is the first mode
    assert observation[-70:].tolist() == pytest.approx([0.0] * 70)  # nothing was before

    observation, _, _, _, _ = env.step(17)
    voicing = candidates(melody)[0][[17]]
    before = observation[-74:]
    assert before[0] == 1.0
    degrees = voicing.pitches[0] % 12
    assert before[1:49].reshape(4, 12).argmax(1).tolist() == degrees.tolist()
    assert before[53:65].argmax() == TABLE.root[voicing.chord[0]]
    assert before[65:69].argmax() == TABLE.function[voicing.chord[0]]
    assert before[69] == (TABLE.size[voicing.chord[0]] == 4)
    assert before[70:].argmax() == voicing.member[0, BASS]


def test_after_the_last_beat_nothing_is_observed(env: HarmonizationEnv) -> None:
    env.reset(options={"melody": 2})
    for _ in range(3):
        observation, _, over, _, info = env.step(0)
    assert over
    assert not observation.any()
    assert info["action_mask"].sum() == 1


def test_what_a_step_broke_is_told_on_request(melodies: list[Melody]) -> None:
    env = HarmonizationEnv(melodies, explain=True)
    rewards, infos = played(env, 4, 1)
    costs = [sum(breach.cost for breach in info["breaches"]) for info in infos[1:]]
    np.testing.assert_allclose(costs, -np.array(rewards), atol=1e-9)
    made = env.harmonization()
    names = sorted(
        (breach.beat, breach.rule.name) for breach in breaches(made.voicings, melodies[1].beats)
    )
    told = sorted(
        (breach.beat, breach.rule.name) for info in infos[1:] for breach in info["breaches"]
    )
    assert told == names


def test_the_piece_is_written_as_text_with_names_and_numerals(melodies: list[Melody]) -> None:
    env = HarmonizationEnv(melodies, render_mode="ansi")
    env.reset(options={"melody": 1})
    first = candidates(melodies[1])[0]
    wanted = Voicings.of([[69, 64, 60, 45]], [0], [9]).pitches[0]  # A4 E4 C4 A2: i of A minor
    rows = np.flatnonzero((first.pitches == wanted).all(1) & (first.member[:, BASS] == 0))
    env.step(rows[0])
    text = env.render()
    assert text is not None
    assert text.splitlines()[0] == "A tune: 11 beats"
    assert text.splitlines()[1].split() == ["1:0", "A4", "E4", "C4", "A2", "a:", "i"]


def test_an_episode_that_is_over_or_has_not_begun_takes_no_step(env: HarmonizationEnv) -> None:
    with pytest.raises(UsageError, match="reset"):
        env.step(0)
    env.reset(options={"melody": 2})
    with pytest.raises(UsageError, match="0 of 3 beats"):
        env.harmonization()
    for _ in range(3):
        env.step(0)
    with pytest.raises(UsageError, match="reset"):
        env.step(0)


def test_what_cannot_be_played_is_refused(melodies: list[Melody]) -> None:
    with pytest.raises(UsageError, match="no melody"):
        HarmonizationEnv([])
    with pytest.raises(UsageError, match="'human'"):
        HarmonizationEnv(melodies, render_mode="human")
    with pytest.raises(UsageError, match="numbered 0 to 2"):
        HarmonizationEnv(melodies).reset(options={"melody": 3})


def test_equal_beats_share_their_candidates(melodies: list[Melody]) -> None:
    once, thrice = Episodes(melodies), Episodes(melodies * 3)
    assert len(once.candidates) == len(thrice.candidates)
    assert thrice.length.tolist() == once.length.tolist() * 3
