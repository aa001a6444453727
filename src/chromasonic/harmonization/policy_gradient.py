"""Fine-tuning the prior on the rules: policy gradient with a bound on the distance to the prior.

The network is a policy: at each beat it chooses one of the admissible voicings, given the melody
and the voicing before. What is climbed is the expected reward less `price` times the divergence
from the prior (Kullback-Leibler, summed over beats, computed over all admissible voicings and not
sampled). The price rises while the divergence is above its bound and falls below it.

    gradient = mean over samples of  sum_t  advantage_t * grad log policy(a_t) - price * grad KL_t
    advantage_t = (reward from t on - price * KL after t) - the same of the melody's other samples

Source: R. J. Williams, "Simple statistical gradient-following algorithms for connectionist
reinforcement learning", Machine Learning 8 (1992); the bound as in N. Jaques and others, "Sequence
Tutor", ICML 2017.

Axes: S samples of one melody, T beats, N admissible voicings of a beat, G distinct given voices,
H hidden, W classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from chromasonic.errors import TrainingError
from chromasonic.harmonization.chorale_network import ChoraleNetwork
from chromasonic.harmonization.exact import candidates
from chromasonic.harmonization.melody import Melody
from chromasonic.harmonization.prior import Prior
from chromasonic.harmonization.prior_features import Steps, steps_of_beats
from chromasonic.harmonization.prior_frames import GIVEN, LOWEST, NONE, ORDER
from chromasonic.harmonization.reward import Reward
from chromasonic.harmonization.voicings import Voicings

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Choice:
    """The admissible voicings of one beat, and how their likelihood is put together.

    Attributes:
        voicings: N of them.
        lower: (N, 3) their lower voices.
        names: (N,) log of how many chords the same pitches spell: their likelihood is shared.
        given: voice to (G, others) the distinct voices set before it.
        group: voice to (N,) which of these each voicing has.
        classes: voice to (N,) class of its pitch.
    """

    voicings: Voicings
    lower: Tensor
    names: Tensor
    given: dict[int, Tensor]
    group: dict[int, Tensor]
    classes: dict[int, Tensor]

    @classmethod
    def of(cls, voicings: Voicings) -> Choice:
        """The choice among some voicings."""
        lower = voicings.pitches[:, 1:]
        _, same, count = np.unique(lower, axis=0, return_inverse=True, return_counts=True)
        given, group, classes = {}, {}, {}
        for voice in ORDER:
            others = [other for other, _ in GIVEN[voice]]
            rows, spread = np.unique(lower[:, others], axis=0, return_inverse=True)
            given[voice], group[voice] = torch.from_numpy(rows), torch.from_numpy(spread.ravel())
            classes[voice] = torch.from_numpy(lower[:, voice] - LOWEST[voice] + 1)
        return cls(
            voicings=voicings,
            lower=torch.from_numpy(lower.copy()),
            names=torch.from_numpy(np.log(count[same.ravel()]).astype(np.float32)),
            given=given,
            group=group,
            classes=classes,
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Task:
    """A melody to be harmonized by a policy, all choices laid out."""

    melody: Melody
    steps: Steps
    choices: list[Choice]

    @classmethod
    def of(cls, melody: Melody) -> Task:
        """The task of a melody; choices that are alike are shared."""
        known: dict[int, Choice] = {}
        choices = []
        for voicings in candidates(melody):
            if id(voicings) not in known:
                known[id(voicings)] = Choice.of(voicings)
            choices.append(known[id(voicings)])
        return cls(melody=melody, steps=steps_of_beats(melody.beats), choices=choices)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Samples:
    """S harmonizations of one melody by a policy.

    Attributes:
        nodes: (S, T) number of the voicing chosen at each beat.
        log_policy: (S, T) log-probability of each choice; carries gradients where wanted.
        divergence: (S, T) Kullback-Leibler divergence of the policy from the prior at each choice.
        rewards: (S, T) the rules' reward of each voicing and of the way into it.
    """

    nodes: Integers
    log_policy: Tensor
    divergence: Tensor
    rewards: Doubles


@dataclass(kw_only=True)
class Price:
    """What a nat of divergence costs, in reward; moved so that the bound is kept.

    Attributes:
        bound: nats a beat that the policy may be from the prior, in the mean.
        value: the price now.
        step: how much the logarithm of the price moves at most in an update.
        least: it does not fall below.
    """

    bound: float
    value: float = 1.0
    step: float = 0.2
    least: float = 0.3

    def update(self, divergence: float) -> None:
        """Move by what was measured: nats a beat. A third beyond the bound moves it the most."""
        excess = np.clip(3 * (divergence / self.bound - 1.0), -1.0, 1.0)
        self.value = float(np.clip(self.value * np.exp(self.step * excess), self.least, 1e3))


def log_probabilities(
    network: ChoraleNetwork,
    context: Tensor,
    choice: Choice,
    before: Tensor,
    soprano: int,
    tonic: int,
) -> Tensor:
    """(S, N) log-probabilities of the admissible voicings.

    Args:
        network: of first order.
        context: (2E,) of the beat.
        choice: N admissible voicings.
        before: (S, 3) alto, tenor and bass of the beat before; `NONE` at the beginning.
        soprano: MIDI number of the melody.
        tonic: pitch class.
    """
    S = len(before)
    sopranos, tonics = torch.full((S,), soprano), torch.full((S,), tonic)
    trunk_SH = network.trunk_of(context.expand(S, -1), before, sopranos, tonics)
    total_SN = -choice.names
    for voice in ORDER:
        logs_SGW = network.voice_log_probabilities(
            voice, trunk_SH, choice.given[voice], before[:, voice], soprano, tonic
        )
        total_SN = total_SN + logs_SGW[:, choice.group[voice], choice.classes[voice]]
    return total_SN.log_softmax(-1)


def sample(
    network: ChoraleNetwork,
    prior: Prior,
    task: Task,
    count: int,
    generator: torch.Generator,
    reward: Reward | None = None,
) -> Samples:
    """Harmonizations of a melody drawn from a policy.

    Args:
        network: the policy, in evaluation mode.
        prior: what its divergence is measured from.
        task: the melody.
        count: how many, S.
        generator: of chance.
        reward: the rules; all by default.
    """
    context = network.context(torch.from_numpy(task.steps.features)[None])[0]
    prior_context = prior.context(task.steps)
    before = torch.full((count, 3), NONE)
    nodes, logs, divergences = [], [], []
    for beat, choice in enumerate(task.choices):
        where = int(task.steps.soprano[beat]), int(task.steps.tonic[beat])
        policy_SN = log_probabilities(network, context[beat], choice, before, *where)
        prior_SN = _prior_log_probabilities(prior, prior_context[beat], choice, before, *where)
        with torch.no_grad():
            chosen_S = torch.multinomial(policy_SN.exp(), 1, generator=generator)[:, 0]
        divergences.append((policy_SN.exp() * (policy_SN - prior_SN)).sum(-1))
        logs.append(policy_SN.gather(1, chosen_S[:, None])[:, 0])
        nodes.append(chosen_S.numpy())
        before = choice.lower[chosen_S]
    chosen = np.stack(nodes, 1)
    return Samples(
        nodes=chosen,
        log_policy=torch.stack(logs, 1),
        divergence=torch.stack(divergences, 1),
        rewards=rewards_of(task, chosen, reward or Reward()),
    )


def _prior_log_probabilities(
    prior: Prior, context: npt.NDArray[np.float32], choice: Choice, before: Tensor, *where: int
) -> Tensor:
    """(S, N) as `log_probabilities`, without gradients."""
    soprano, tonic = where
    logs = prior.of_all_pairs(context, soprano, tonic, before.numpy(), choice.lower.numpy())
    return (torch.from_numpy(logs) - choice.names).log_softmax(-1)


def rewards_of(task: Task, nodes: Integers, reward: Reward) -> Doubles:
    """(S, T) reward of each chosen voicing and of the way into it."""
    S, T = nodes.shape
    rows = Voicings.joined(
        [choice.voicings[nodes[:, beat]] for beat, choice in enumerate(task.choices)]
    )  # beat by beat, S rows each
    beats = task.melody.beats[np.repeat(np.arange(T), S)]
    found = reward.of_voicings(rows, beats)
    if T > 1:
        end = S * (T - 1)
        found[S:] += reward.motion_in_rows(rows[:end], rows[S:], beats[:end], beats[S:])
    return found.reshape(T, S).T


def objective(samples: Samples, price: float) -> Tensor:
    """What is climbed for one melody, a scalar whose gradient is the policy gradient.

    The mean over samples, divided by the beats, so that long melodies weigh no more than short.
    """
    S, T = samples.nodes.shape
    if S < 2:
        raise TrainingError(
            f"{S} sample of a melody has no others to be compared with. Draw 2 or more."
        )
    divergence = samples.divergence.detach().numpy().astype(np.float64)
    own = samples.rewards - price * np.concatenate([divergence[:, 1:], np.zeros((S, 1))], 1)
    onward = own[:, ::-1].cumsum(1)[:, ::-1]  # reward from t on, divergence after t
    advantage = (onward - onward.mean(0)) * S / (S - 1)  # against the mean of the others
    weights = torch.from_numpy(advantage.astype(np.float32))
    return (weights * samples.log_policy - price * samples.divergence).sum() / (S * T)


@dataclass(kw_only=True)
class FineTuning:
    """A policy on its way from the prior.

    Attributes:
        network: the policy.
        prior: where it began; not changed.
        optimizer: of the policy.
        price: of divergence.
        generator: of chance.
        history: reward a beat of each harmonization that was drawn.
        divergences: mean divergence, in nats a beat, of each update.
    """

    network: ChoraleNetwork
    prior: Prior
    optimizer: torch.optim.Optimizer
    price: Price
    generator: torch.Generator
    history: list[float] = field(default_factory=list)
    divergences: list[float] = field(default_factory=list)

    def update(self, tasks: Sequence[Task], count: int, *, clip: float = 1.0) -> None:
        """One step uphill on some melodies, `count` samples each.

        Raises:
            TrainingError: the gradient is not finite; the weights are as before.
        """
        self.optimizer.zero_grad(set_to_none=True)
        divergences, rewards = [], []
        for task in tasks:
            samples = sample(self.network, self.prior, task, count, self.generator)
            (-objective(samples, self.price.value) / len(tasks)).backward()
            divergences.append(float(samples.divergence.detach().mean()))
            rewards += samples.rewards.mean(1).tolist()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), clip)
        if not torch.isfinite(norm):
            raise TrainingError(
                f"The gradient of update {len(self.divergences) + 1} is not finite; fine-tuning "
                "stopped before the step. Lower its learning rate."
            )
        self.optimizer.step()
        self.history += rewards
        self.divergences.append(float(np.mean(divergences)))
        self.price.update(self.divergences[-1])
