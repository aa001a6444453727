"""What versions were measured to be worth, piece by piece, with intervals; kept beside them.

A version's own facts never change after it is registered. What is measured of it later (by a gate,
or for its card) is kept as a tag of its own, one a corpus and part, the newest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import chromasonic
from chromasonic.errors import RegistryError
from chromasonic.files import json_text
from chromasonic.registry.lookup import RegisteredModels
from chromasonic.registry.records import PREFIX
from chromasonic.registry.version import Version

JUDGED = f"{PREFIX}judged."


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A model's figures on one part of one corpus.

    Attributes:
        kind: of the model within the version.
        corpus: by name.
        part: validation or test.
        unit: what a piece is: "tune", "chorale", ...
        pieces: how many.
        figures: metric to a `Figure` as a dict, the one that decides first.
        when: UTC, ISO 8601.
        code_version: of Chromasonic, that measured.
        remarks: such as how it stands beside its baselines.
    """

    kind: str
    corpus: str
    part: str
    unit: str
    pieces: int
    figures: Mapping[str, Mapping[str, Any]]
    when: str = ""
    code_version: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Under which it is kept."""
        return f"{JUDGED}{self.kind}.{self.corpus}.{self.part}"[:250]


def stamped(judgement: Judgement) -> Judgement:
    """With this moment and this code."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    values = {**asdict(judgement), "when": now, "code_version": chromasonic.__version__}
    return Judgement(**values)


def keep_judgement(registry: RegisteredModels, version: Version, judgement: Judgement) -> None:
    """Keep what a version was measured to be worth, in place of what was before.

    Raises:
        RegistryError: the store cannot be written.
    """
    text = json.dumps(json.loads(json_text(asdict(judgement))), ensure_ascii=False)
    registry.store.client.set_model_version_tag(
        version.name, str(version.number), judgement.key, text
    )


def judgements_of(registry: RegisteredModels, version: Version) -> tuple[Judgement, ...]:
    """Everything that a version was measured to be worth.

    Raises:
        RegistryError: what is kept cannot be read.
    """
    found = registry.store.client.get_model_version(version.name, str(version.number))
    return tuple(
        _judgement(text, version.reference)
        for key, text in sorted(found.tags.items())
        if key.startswith(JUDGED)
    )


def _judgement(text: str, where: str) -> Judgement:
    try:
        value = json.loads(text)
        remarks = tuple(map(str, value.get("remarks", ())))
        return Judgement(**{**value, "figures": dict(value["figures"]), "remarks": remarks})
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise RegistryError(
            f"What was measured of {where} cannot be read ({error}): a newer version of "
            "Chromasonic wrote it. Use that one."
        ) from error
