"""What the HarmonyPredictor has to beat: keeping the chord, n-grams, logistic regression.

Each answers with log probabilities of all 64 classes at each beat (N, 64), counted from the tonic
as the network's own. All learn from the same training beats. N-grams are made for each corpus by
itself, which serves them better than all together; their facts and smoothing are chosen by
perplexity on that corpus's validation part.

Legend: N beats, I inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from chromasonic.companion.harmony_features import FACTS, HISTORY, PLACE, TARGET
from chromasonic.evaluation.ngram import Ngram, Smoothing
from chromasonic.music.chord import CLASSES, NONE, START
from chromasonic.training.examples import FEATURES, MASK, Examples

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

STREAM = ("chord0", "held0", "chord1", "held1", "chord2", "held2", "chord3", "held3", "chord4")
"""The stream of chords and holds, shortened: each chord and for how many beats it sounded."""

NGRAM_FACTS: tuple[tuple[str, ...], ...] = (
    ("beat", *STREAM),
    ("chord0", "beat", "chord1", "held0", "held1", "chord2"),
    ("chord0", "chord1", "chord2", "chord3"),
)
"""Chains that an n-gram may read, each cut anywhere; validation chooses."""

MEMORY_FACTS: tuple[tuple[str, ...], ...] = (
    ("beat", "due", "chord0", "expected", "held0"),
    ("due", "beat", "expected", "chord0", "chord1", "held0"),
    ("due", "beat", "found", "expected", "chord0", "held0"),
    ("due", "expected", "found", "beat", "chord0", "held0"),
)
"""Chains with the piece's own memory, which the network hears too."""

SMOOTHINGS: tuple[Smoothing, ...] = ("kneser-ney", "witten-bell")
LOGISTIC_ROUNDS, LOGISTIC_BATCH, LOGISTIC_RATE = 4, 1024, 0.01


@dataclass(frozen=True)
class HarmonyBeats:
    """The beats of examples, end to end.

    Attributes:
        features: (N, I) float32.
        targets: (N,) classes.
        history: (N, F) the facts of `harmony_features.FACTS`.
        pieces: (N,) id of each beat's piece.
        corpora: (N,) name of each beat's corpus.
    """

    features: npt.NDArray[np.float32]
    targets: Integers
    history: Integers
    pieces: npt.NDArray[np.str_]
    corpora: npt.NDArray[np.str_]

    @classmethod
    def of(cls, examples: Examples, *, once: bool = False) -> HarmonyBeats:
        """Those that count; of made-up examples only the chord before and the beat are history.

        Args:
            examples: of chords.
            once: whether what training meets several times is taken once.
        """
        if once:
            examples = _distinct(examples)
        counts = [np.atleast_1d(item[MASK]) > 0 for item in examples.items]
        lengths = [int(count.sum()) for count in counts]
        corpora = examples.groups.get("corpus", ["synthetic"] * len(examples))

        def joined(key: str, width: tuple[int, ...]) -> np.ndarray:
            rows = [np.asarray(item[key]).reshape(-1, *width) for item in examples.items]
            return np.concatenate([row[count] for row, count in zip(rows, counts, strict=True)])

        features = joined(FEATURES, (PLACE["beat"].stop,))
        has_history = all(HISTORY in item for item in examples.items)
        return cls(
            features=features,
            targets=joined(TARGET, ()),
            history=joined(HISTORY, (len(FACTS),)) if has_history else _history(features),
            pieces=np.repeat(np.array(examples.pieces), lengths),
            corpora=np.repeat(np.array(corpora), lengths),
        )

    def of_corpus(self, name: str) -> HarmonyBeats:
        """Those of one corpus."""
        chosen = self.corpora == name
        return HarmonyBeats(*(getattr(self, field)[chosen] for field in self.__dataclass_fields__))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Its corpora in order of appearance."""
        return tuple(dict.fromkeys(self.corpora.tolist()))

    def chain(self, facts: tuple[str, ...]) -> Integers:
        """(N, L) some of the facts, in this order."""
        return self.history[:, [FACTS.index(fact) for fact in facts]]


def _distinct(examples: Examples) -> Examples:
    """Each example once, however often it stands in the list."""
    numbers = list({id(item): number for number, item in enumerate(examples.items)}.values())
    return Examples(
        [examples.items[number] for number in numbers],
        [examples.pieces[number] for number in numbers],
        {name: [group[number] for number in numbers] for name, group in examples.groups.items()},
    )


def _history(features: npt.NDArray[np.float32]) -> Integers:
    history = np.full((len(features), len(FACTS)), -1, np.int64)
    history[:, FACTS.index("beat")] = features[:, PLACE["beat"]].argmax(axis=1)
    chords = features[:, PLACE["last_chord"]]
    history[:, FACTS.index("chord0")] = np.where(
        chords[:, :NONE].max(axis=1) > 0, chords[:, :NONE].argmax(axis=1), START
    )
    return history


def keep_the_chord(train: HarmonyBeats, asked: HarmonyBeats) -> Floats:
    """The same answer at every beat: how often each class was right (most often: hold)."""
    counts = np.bincount(train.targets, minlength=CLASSES) + 1.0
    return np.tile(np.log(counts / counts.sum()), (len(asked.targets), 1))


@dataclass(frozen=True)
class ChosenNgram:
    """An n-gram and what validation chose for it.

    Attributes:
        model: fitted.
        facts: its chain.
        smoothing: its smoothing.
        perplexity: on validation.
    """

    model: Ngram
    facts: tuple[str, ...]
    smoothing: Smoothing
    perplexity: float

    def log_probabilities(self, asked: HarmonyBeats) -> Floats:
        """(N, 64) of some beats."""
        return self.model.log_probabilities(asked.chain(self.facts))


def chosen_ngram(
    train: HarmonyBeats, validation: HarmonyBeats, candidates: tuple[tuple[str, ...], ...]
) -> ChosenNgram:
    """The n-gram of some chains, each cut to any length, with the lowest validation perplexity."""
    best: ChosenNgram | None = None
    chains = dict.fromkeys(facts[:end] for facts in candidates for end in range(1, len(facts) + 1))
    for facts in chains:
        for smoothing in SMOOTHINGS:
            model = Ngram(symbols=CLASSES, smoothing=smoothing)
            model.fit(train.chain(facts), train.targets)
            log_p = model.log_probabilities(validation.chain(facts))
            found = float(np.exp(-log_p[np.arange(len(log_p)), validation.targets].mean()))
            if best is None or found < best.perplexity:
                best = ChosenNgram(model, facts, smoothing, found)
    assert best is not None
    return best


def fit_logistic(train: HarmonyBeats, *, seed: int = 0) -> nn.Linear:
    """Multinomial logistic regression on the network's own features and training beats.

    Fitted by Adam with a rate that falls to nothing: scikit-learn's solvers take many minutes for
    as many beats and classes, to the same end.
    """
    generator = torch.Generator().manual_seed(seed)
    model = nn.Linear(train.features.shape[1], CLASSES)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    features, targets = torch.from_numpy(train.features), torch.from_numpy(train.targets)
    optimizer = torch.optim.Adam(model.parameters(), lr=LOGISTIC_RATE)
    updates = LOGISTIC_ROUNDS * -(-len(targets) // LOGISTIC_BATCH)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, total_iters=updates)
    for _ in range(LOGISTIC_ROUNDS):
        for chosen in torch.randperm(len(targets), generator=generator).split(LOGISTIC_BATCH):
            optimizer.zero_grad()
            functional.cross_entropy(model(features[chosen]), targets[chosen]).backward()
            optimizer.step()
            schedule.step()
    return model


@torch.no_grad()
def network_log_probabilities(network: nn.Module, asked: HarmonyBeats) -> Floats:
    """(N, 64) of a network or a linear layer that gives logits, on whatever device it is."""
    device = next(network.parameters()).device
    network.eval()
    parts = torch.from_numpy(asked.features).split(65_536)
    answers = [torch.log_softmax(network(part.to(device)).double(), dim=-1).cpu() for part in parts]
    return torch.cat(answers).numpy()
