"""How the hybrid is trained: every number, validated at birth."""

from __future__ import annotations

from dataclasses import dataclass

from chromasonic.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class HybridSettings:
    """The settings of a hybrid training: prior on beats, prior on sixteenths, fine-tuning.

    Attributes:
        beats_epochs: passes over the chorales for the prior on beats.
        sixteenths_epochs: passes for the prior on sixteenths; 0 leaves it out (it serves the
            likelihood protocol alone).
        beats_batch_size: chorales of one update of the prior on beats.
        sixteenths_batch_size: the same on sixteenths.
        learning_rate: highest rate of both priors; it falls along half a cosine.
        weight_decay: AdamW's.
        average_decay: of the moving average of the weights.
        beats_dropout: share of units left out in training on beats.
        sixteenths_dropout: the same on sixteenths.
        encoder: units of the melody's encoder in each direction.
        hidden: units of the layers behind it.
        memory: units over past voicings in the prior on sixteenths.
        episodes: harmonizations that fine-tuning draws.
        melodies: melodies of one fine-tuning update.
        samples: harmonizations of each, 2 or more: each is compared with the others.
        tuning_rate: learning rate of fine-tuning.
        divergence: nats a beat that fine-tuning may lead away from the prior.
        tuned_beats: whether the fine-tuned network is searched with, or the prior as it was.
        trust: reward that a nat of log-likelihood is worth in the search; 0 chooses it on the
            validation part (see `least_share`).
        least_share: of the ceiling, in reward, that must be kept when trust is chosen.
        checkpoint_every: fine-tuning updates between two checkpoints.
        seed: of all chance.
    """

    beats_epochs: int = 60
    sixteenths_epochs: int = 50
    beats_batch_size: int = 8
    sixteenths_batch_size: int = 8
    learning_rate: float = 5e-3
    weight_decay: float = 0.2
    average_decay: float = 0.98
    beats_dropout: float = 0.5
    sixteenths_dropout: float = 0.4
    encoder: int = 64
    hidden: int = 80
    memory: int = 64
    episodes: int = 2_048
    melodies: int = 4
    samples: int = 16
    tuning_rate: float = 5e-4
    divergence: float = 0.5
    tuned_beats: bool = False
    trust: float = 0.0
    least_share: float = 0.973
    checkpoint_every: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        for field, is_right, allowed in (
            ("beats_epochs", self.beats_epochs >= 1, "1 or more"),
            ("sixteenths_epochs", self.sixteenths_epochs >= 0, "0 (left out) or more"),
            ("beats_batch_size", self.beats_batch_size >= 1, "1 or more"),
            ("sixteenths_batch_size", self.sixteenths_batch_size >= 1, "1 or more"),
            ("learning_rate", 0 < self.learning_rate < 1, "between 0 and 1 (try 0.005)"),
            ("weight_decay", 0 <= self.weight_decay < float("inf"), "0 or more"),
            ("average_decay", 0 <= self.average_decay < 1, "from 0 (off) to below 1"),
            ("beats_dropout", 0 <= self.beats_dropout < 1, "from 0 to below 1"),
            ("sixteenths_dropout", 0 <= self.sixteenths_dropout < 1, "from 0 to below 1"),
            ("encoder", self.encoder >= 1, "1 or more"),
            ("hidden", self.hidden >= 1, "1 or more"),
            ("memory", self.memory >= 1, "1 or more"),
            ("episodes", self.episodes >= 0, "0 (no fine-tuning) or more"),
            ("melodies", self.melodies >= 1, "1 or more"),
            ("samples", self.samples >= 2, "2 or more"),
            ("tuning_rate", 0 < self.tuning_rate < 1, "between 0 and 1 (try 0.0005)"),
            ("divergence", 0 < self.divergence < float("inf"), "above 0"),
            ("trust", 0 <= self.trust < float("inf"), "above 0, or 0 to choose it"),
            ("least_share", self.least_share <= 1, "1 or less"),
            ("checkpoint_every", self.checkpoint_every >= 1, "1 or more"),
            ("seed", 0 <= self.seed < 2**32, "from 0 to 4294967295"),
        ):
            if not is_right:
                raise ConfigError(
                    f"{field} is {getattr(self, field)!r}; allowed: {allowed}. "
                    "Change it in the recipe or by its flag."
                )

    @property
    def updates(self) -> int:
        """Updates of fine-tuning."""
        return -(-self.episodes // (self.melodies * self.samples))
