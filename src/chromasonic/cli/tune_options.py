"""What a user asked `chromasonic tune` for, checked; it needs no model to be imported."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chromasonic.errors import UsageError

DEFAULT_TRIALS = 40
UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The options of a search.

    Attributes:
        task: melody, companion, harmonizer or gesture.
        kind: of model; None: the one of the recipe.
        settings: laid over the recipe, by their whole ways.
        seconds: of --time.
        recipe: a TOML file.
        trials: in all.
        workers: side by side.
        engine: local or ray.
        address: of a Ray cluster that runs already.
        seed: of the search.
        pruner: median, hyperband or none.
        confirm: seeds, 0 for none.
        output: folder of the search.
        resume: folder of a search to go on with.
        extend: whether ranges may grow.
        study: a database's URL.
        keep: whether every trial's weights stay.
        track: whether trials are tracked; None leaves it to the environment.
        as_json: whether one JSON document is printed.
    """

    task: str
    kind: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    recipe: Path | None = None
    trials: int | None = None
    workers: int = 1
    engine: str = "local"
    address: str | None = None
    seed: int | None = None
    pruner: str | None = None
    confirm: int = 0
    output: Path | None = None
    resume: Path | None = None
    extend: bool = False
    study: str | None = None
    keep: bool = False
    track: bool | None = None
    as_json: bool = False

    def __post_init__(self) -> None:
        for name, value, is_right, allowed in (
            ("--workers", self.workers, self.workers >= 1, "1 or more"),
            ("--trials", self.trials, self.trials is None or self.trials >= 1, "1 or more"),
            ("--confirm", self.confirm, self.confirm == 0 or self.confirm >= 2, "2 or more seeds"),
        ):
            if not is_right:
                raise UsageError(f"{name} is {value}; allowed: {allowed}.")

    @property
    def most_trials(self) -> int | None:
        """Trials that the study shall have; a limit of time alone sets none."""
        if self.trials is None and self.seconds is None:
            return DEFAULT_TRIALS
        return self.trials


def parsed_seconds(text: str | None) -> float | None:
    """A length of time such as 30m, 2h, 1h30m or 90s; a plain number is seconds.

    Raises:
        UsageError: it is none.
    """
    if text is None:
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d)?", text.strip().lower())
    whole = re.fullmatch(r"(\s*\d+(?:\.\d+)?\s*(s|min|m|h|d)?)+", text.strip().lower())
    if not whole or not parts or (len(parts) > 1 and any(not unit for _, unit in parts)):
        raise UsageError(f"--time is '{text}'; allowed: 30m, 2h, 90s, 1h30m.")
    seconds = sum(float(number) * UNITS[unit or "s"] for number, unit in parts)
    if seconds <= 0:
        raise UsageError(f"--time is '{text}'; allowed: above 0, such as 30m.")
    return seconds


def parsed_settings(texts: Sequence[str]) -> dict[str, Any]:
    """`--set` options: the way to a setting, "=", and its value as TOML has it; words go bare.

    Raises:
        UsageError: one has no "=".
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise UsageError(
                f"--set is '{text}'; write SETTING=VALUE, such as lstm.training.epochs=10."
            )
        try:
            found[name.strip()] = tomllib.loads(f"value = {value.strip()}")["value"]
        except tomllib.TOMLDecodeError:
            found[name.strip()] = value.strip()
    return found
