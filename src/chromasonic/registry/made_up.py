"""Made-up examples: named as a corpus, and warned of wherever a model of theirs is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from chromasonic.registry.model import CorpusUsed, ModelFacts

NAME = "made-up-examples"
USE = "trying out training, export and playing, where it does not matter what it says"
NOT_FOR = "music, or anything that somebody hears or relies on: it has learned from nothing real"
_MARK = "made on the spot"
"""In the licence of whatever Chromasonic makes up itself."""


def examples(of: str = "") -> CorpusUsed:
    """Made-up examples as a corpus.

    Args:
        of: which models of a set learned from them, where others did not.
    """
    return CorpusUsed(
        name=NAME,
        title=f"Made-up examples ({of})" if of else "Made-up examples",
        licence=f"CC0-1.0 ({_MARK})",
        licence_url="https://creativecommons.org/publicdomain/zero/1.0/",
        citation="Chromasonic, made from a seed",
        weights_may_ship=True,
    )


def learned_from(data: Mapping[str, Any]) -> tuple[CorpusUsed, ...]:
    """The corpora of a companion model, as its run notes them; made-up examples are one.

    Args:
        data: of the model: `corpora` and `is_synthetic`.
    """
    if data.get("is_synthetic"):
        return (examples(),)
    known = {field.name for field in fields(CorpusUsed)}
    return tuple(
        CorpusUsed(**{key: corpus[key] for key in corpus if key in known})
        for corpus in data.get("corpora", ())
    )


def learned_by_set(data: Mapping[str, Mapping[str, Any]]) -> tuple[CorpusUsed, ...]:
    """The corpora of a set of companion models, each once; says whose examples were made up.

    Args:
        data: model to what its run notes of its data.
    """
    made = [kind for kind, own in data.items() if own.get("is_synthetic")]
    if len(made) == len(data):
        return (examples(),) if made else ()
    real = [one for kind in data if kind not in made for one in learned_from(data[kind])]
    return (*dict.fromkeys(real), *((examples(", ".join(made)),) if made else ()))


def is_made_up(corpus: CorpusUsed) -> bool:
    """Whether a corpus is nothing but made-up examples."""
    return corpus.name.startswith(("synthetic", NAME)) or _MARK in corpus.licence


def is_all_made_up(facts: ModelFacts) -> bool:
    """Whether a model learned from nothing but made-up examples."""
    return bool(facts.corpora) and all(map(is_made_up, facts.corpora))


def warning(facts: ModelFacts) -> tuple[str, str]:
    """What must be said first of a model, and what follows; empty where nothing was made up."""
    must_not = "it shows that training works, and must not be used for music."
    if is_all_made_up(facts):
        return "It was trained on made-up examples", f": {must_not}"
    made = [corpus.title or corpus.name for corpus in facts.corpora if is_made_up(corpus)]
    if made:
        return "A part of it was trained on made-up examples", f" ({'; '.join(made)}): {must_not}"
    return "", ""


def named(facts: Iterable[tuple[str, ModelFacts]]) -> list[str]:
    """The names of the models that made-up examples are in, of (name, facts)."""
    return [name for name, own in facts if any(map(is_made_up, own.corpora))]
