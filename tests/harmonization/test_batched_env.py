"""The batched environment: the same episodes as the plain one, many at once."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from chromasonic.errors import UsageError
from chromasonic.formats.typed_notes import read_typed_notes
from chromasonic.harmonization.batched_env import BatchedHarmonizationEnv
from chromasonic.harmonization.env import ID, HarmonizationEnv
from chromasonic.harmonization.episodes import Episodes
from chromasonic.harmonization.melodies import melody_of_tune
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.rules import RULES
from chromasonic.music.key import Key

TUNES = {
    "G4 | C5 D5 E5:1/2 D5:1/2 C5 | D5 B4 C5^": Key("C", "major"),
    "A4 B4 C5 D5 | E5:2 D5 C5 | B4:2 A4:2": Key("A", "minor"),
    "D5 A4 D5": Key("D", "dorian"),
    "E5": Key("C", "major"),
}


@pytest.fixture(scope="module")
def episodes() -> Episodes:
    return Episodes(
        [melody_of_tune(read_typed_notes(notes, key=key), key=key) for notes, key in TUNES.items()]
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_does_what_gymnasium_does_with_the_plain_environment(
    episodes: Episodes, seed: int
) -> None:
    size = 6
    plain = SyncVectorEnv([lambda: HarmonizationEnv(episodes) for _ in range(size)])
    batched = BatchedHarmonizationEnv(episodes, num_envs=size)
    rng = np.random.default_rng(seed)
    expected, found = plain.reset(seed=seed), batched.reset(seed=seed)
    _assert_same(expected, found)
    ends = 0
    for _ in range(40):
        actions = rng.integers(episodes.size, size=size)
        expected, found = plain.step(actions), batched.step(actions)
        _assert_same((expected[0], expected[4]), (found[0], found[4]))
        np.testing.assert_allclose(found[1], expected[1], atol=1e-9)
        np.testing.assert_array_equal(found[2], expected[2])
        assert not found[3].any()
        ends += int(found[2].sum())
    assert ends > 2 * size  # episodes ended and began anew many times over


def _assert_same(expected: tuple, found: tuple) -> None:
    np.testing.assert_array_equal(found[0], expected[0])
    assert found[1].keys() == expected[1].keys()
    for name, values in expected[1].items():
        np.testing.assert_array_equal(found[1][name], values, err_msg=name)


def test_spaces_are_those_of_the_plain_one_many_times(episodes: Episodes) -> None:
    plain = SyncVectorEnv([lambda: HarmonizationEnv(episodes) for _ in range(3)])
    batched = BatchedHarmonizationEnv(episodes, num_envs=3)
    assert batched.single_observation_space == plain.single_observation_space
    assert batched.single_action_space == plain.single_action_space
    assert batched.observation_space == plain.observation_space
    assert batched.action_space == plain.action_space
    assert batched.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP


def test_gymnasium_makes_it_by_name(episodes: Episodes) -> None:
    made = gymnasium.make_vec(
        ID, num_envs=4, vectorization_mode="vector_entry_point", melodies=episodes
    )
    assert isinstance(made.unwrapped, BatchedHarmonizationEnv)
    assert made.num_envs == 4


def test_an_action_that_begins_an_episode_is_not_played(episodes: Episodes) -> None:
    envs = BatchedHarmonizationEnv(episodes, num_envs=2)
    envs.reset(seed=0, options={"melody": 3})  # one beat
    _, _, over, _, _ = envs.step(np.array([4, 5]))
    assert over.all()
    _, rewards, over, _, info = envs.step(np.array([1, 2]))
    assert rewards.tolist() == [0.0, 0.0]
    assert not over.any()
    assert info["beat"].tolist() == [0, 0]


def test_other_rules_are_taken_as_they_are(episodes: Episodes) -> None:
    only = Reward(rules={"parallel_fifths": RULES["parallel_fifths"]})
    plain = HarmonizationEnv(episodes, reward=only)
    batched = BatchedHarmonizationEnv(episodes, num_envs=1, reward=only)
    plain.reset(seed=5)
    batched.reset(seed=5)
    rng = np.random.default_rng(0)
    paid = set()
    for _ in range(60):
        action = rng.integers(episodes.size)
        _, reward, over, _, _ = plain.step(action)
        _, rewards, _, _, _ = batched.step(np.array([action]))
        assert rewards[0] == reward
        paid.add(reward)
        if over:
            plain.reset()
            batched.step(np.array([0]))
    weight = RULES["parallel_fifths"].weight
    assert 0.0 in paid
    assert all(reward % weight == 0 for reward in paid)


def test_what_cannot_be_stepped_is_refused(episodes: Episodes) -> None:
    with pytest.raises(UsageError, match="0 environments"):
        BatchedHarmonizationEnv(episodes, num_envs=0)
    envs = BatchedHarmonizationEnv(episodes, num_envs=3)
    with pytest.raises(UsageError, match="reset"):
        envs.step(np.zeros(3, int))
    with pytest.raises(UsageError, match="2 seeds for 3"):
        envs.reset(seed=[1, 2])
    with pytest.raises(UsageError, match="numbered 0 to 3"):
        envs.reset(options={"melody": 4})
    envs.reset()
    with pytest.raises(UsageError, match="3 actions"):
        envs.step(np.zeros(2, int))
