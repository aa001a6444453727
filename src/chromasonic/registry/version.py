"""A registered version as values: what it is, what it is called, what happened to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from chromasonic.errors import RegistryError, UsageError
from chromasonic.registry.manifest import FileFacts
from chromasonic.registry.model import CorpusUsed, ModelFacts

CHAMPION, CHALLENGER = "champion", "challenger"

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,63}\Z", re.ASCII)
_NUMBER = re.compile(r"[0-9]+\Z")


@dataclass(frozen=True, kw_only=True)
class Change:
    """An alias that was moved; the registry keeps every one.

    Attributes:
        model: name of the model.
        alias: such as champion.
        before: the version that it pointed to; None where it was new.
        after: the version that it points to since; None where it was taken away.
        kind: "set", "rollback" or "removed".
        who: user and machine.
        when: UTC, ISO 8601.
        why: in the user's words; "" where none were given.
    """

    model: str
    alias: str
    before: int | None
    after: int | None
    kind: str = "set"
    who: str = ""
    when: str = ""
    why: str = ""

    @property
    def is_new(self) -> bool:
        """Whether anything changed."""
        return self.before != self.after


@dataclass(frozen=True, kw_only=True)
class Export:
    """A file that a version was exported to, and registered with it.

    Attributes:
        format: rtneural, onnx, modelt.
        files: name to checksum and size.
        parity: the figures that proved it, such as the largest difference.
        created: UTC, ISO 8601.
        code_version: of Chromasonic, that wrote it.
        place: where the registry keeps it.
    """

    format: str
    files: Mapping[str, FileFacts]
    parity: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    code_version: str = ""
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class Version:
    """A registered version of a model.

    Attributes:
        name: of the model.
        number: counts up from 1; a number is never given twice.
        aliases: that point to it now.
        facts: what is known of it.
        files: name in its folder to checksum and size.
        content: SHA-256 of the list of files: equal for equal files.
        created: UTC, ISO 8601.
        note: in the user's words.
        parent: NAME@NUMBER of the version that its weights began from; or a path, or "".
        exports: what it was exported to.
        history: the moves of aliases to it and away from it, oldest first.
        held_by: what needs it besides, such as an experiment: it is not pruned meanwhile.
        run: id of the tracked run that holds its files.
        place: where the registry keeps its files.
    """

    name: str
    number: int
    aliases: tuple[str, ...]
    facts: ModelFacts
    files: Mapping[str, FileFacts]
    content: str
    created: str
    note: str = ""
    parent: str = ""
    exports: tuple[Export, ...] = ()
    history: tuple[Change, ...] = ()
    held_by: tuple[str, ...] = ()
    run: str = ""
    place: str = ""

    @property
    def reference(self) -> str:
        """NAME@NUMBER."""
        return f"{self.name}@{self.number}"

    @property
    def size_bytes(self) -> int:
        """Of its files together."""
        return sum(file.size_bytes for file in self.files.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"reference": self.reference, "size_bytes": self.size_bytes, **asdict(self)}


def check_name(name: str) -> str:
    """A name that a model may have.

    Raises:
        UsageError: it may not.
    """
    if not _NAME.match(name):
        raise UsageError(
            f"A model cannot be called {name!r}; allowed are 1 to 64 letters, digits, dots, "
            "strokes (-) and underscores (_), with a letter or digit first: folk-lstm."
        )
    return name


def check_alias(alias: str) -> str:
    """An alias that a version may have; a number, v and a number, and "latest" are none.

    Raises:
        UsageError: it may not.
    """
    if not _NAME.match(alias) or _NUMBER.match(alias) or re.match(r"(?i)(v\d+|latest)\Z", alias):
        raise UsageError(
            f"An alias cannot be called {alias!r}; allowed are letters, digits, dots, strokes (-) "
            "and underscores (_), but no bare number, no v with a number, and not 'latest': "
            "champion."
        )
    return alias


def facts_from(values: Mapping[str, Any], *, where: str) -> ModelFacts:
    """Facts as `ModelFacts.to_dict` gave them; what a newer version adds is left out.

    Raises:
        RegistryError: they are none.
    """
    try:
        known = {item.name for item in fields(ModelFacts)}
        kept = {key: value for key, value in values.items() if key in known}
        corpus_keys = {item.name for item in fields(CorpusUsed)}
        kept["corpora"] = tuple(
            CorpusUsed(**{key: value for key, value in corpus.items() if key in corpus_keys})
            for corpus in kept.get("corpora", ())
        )
        kept["command"] = tuple(kept.get("command", ()))
        return ModelFacts(**kept)
    except (TypeError, AttributeError, ValueError) as error:
        raise RegistryError(
            f"What is known of {where} cannot be read ({error}). It was not registered by "
            "Chromasonic; register the model again from its run directory."
        ) from error
