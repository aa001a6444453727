"""Licences of corpora, from the freest to the strictest, and what the strictest says of weights.

Whether weights are a work derived from their corpus is not settled anywhere. A card therefore
says what the corpora ask, takes the strictest of it for the weights, and gives no legal advice. A
licence that is not understood counts as the strictest of all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chromasonic.registry.model import CorpusUsed


@dataclass(frozen=True, kw_only=True)
class Terms:
    """A class of licences.

    Attributes:
        name: how it is called.
        pattern: regular expression of the words by which it is known; "" where there are none.
        asks: what it asks of who gives the weights away; empty where it asks nothing.
        weights: what follows for the weights, in a sentence.
        is_free: whether the weights may be given away with any purpose.
        is_shared_alike: whether it asks that what is made of it stands under itself.
    """

    name: str
    pattern: str = ""
    asks: str = ""
    weights: str
    is_free: bool = False
    is_shared_alike: bool = False

    @property
    def ships(self) -> str:
        """Whether weights may be given away, in a word or two for a table."""
        if self.is_free:
            return "yes"
        if self in _KEPT:
            return "no"
        if "non-commercial" in self.name:
            return "non-commercial"
        return "same licence" if self.is_shared_alike else self.name


_CC = r"\bCC[ -]?"
_KEEP = "Keep the weights to yourself"
TERMS: tuple[Terms, ...] = (
    Terms(
        name="public domain",
        pattern=rf"public domain|{_CC}0\b|\bunlicense\b|\bPDDL\b",
        weights="Nothing in the licences of the corpora restricts what is done with the weights.",
        is_free=True,
    ),
    Terms(
        name="attribution",
        pattern=rf"{_CC}BY(?![ -](?:NC|SA|ND))|\bMIT\b|\bBSD\b|\bApache\b|\bISC\b|\bODC-BY\b",
        asks="name the corpora",
        weights="The weights may be given away for any purpose, with the corpora named.",
        is_free=True,
    ),
    Terms(
        name="your own",
        pattern=r"^(?:your|my|our) own\b",
        asks="have the consent of those who were recorded",
        weights="The recordings are your own, and the weights yours to give away or not.",
    ),
    Terms(
        name="share-alike",
        pattern=rf"{_CC}BY[ -]SA|share[ -]?alike|\bODbL\b",
        asks="name the corpora, and share what is made of them under the same licence",
        weights="Give the weights away under that same licence alone.",
        is_shared_alike=True,
    ),
    Terms(
        name="copyleft",
        pattern=r"\b[AL]?GPL\b|copyleft|\bGNU\b",
        asks="share what is made of it under the same licence, with its source",
        weights="Give the weights away under that same licence alone, with corpus and recipe.",
        is_shared_alike=True,
    ),
    Terms(
        name="non-commercial",
        pattern=(
            rf"{_CC}BY[ -]NC(?![ -](?:SA|ND))|non[ -]?commercial|not for (?:any )?commercial"
            r"|\b(?:for|in) research\b"
            r"|\bresearch (?:only|use|purposes)|academic|educational|personal use"
        ),
        asks="make no money with it",
        weights="Give the weights away for purposes that are not commercial alone.",
    ),
    Terms(
        name="non-commercial, share-alike",
        pattern=rf"{_CC}BY[ -]NC[ -]SA",
        asks="name the corpora, make no money with it, and share under the same licence",
        weights="Give the weights away under that same licence alone, and never commercially.",
        is_shared_alike=True,
    ),
    Terms(
        name="no derivatives",
        pattern=rf"{_CC}BY[ -](?:NC[ -])?ND|no[ -]derivative",
        asks="give away nothing that is made of it",
        weights=f"{_KEEP}: what is made of the corpus may not be given away.",
    ),
    Terms(
        name="rights of others",
        pattern=r"belongs? to (?:its|their)|all rights reserved|copyright|proprietary",
        asks="ask those whom the music belongs to",
        weights=f"{_KEEP}, or ask those whom the music belongs to.",
    ),
    Terms(
        name="none stated",
        pattern=r"^none\b|none stated|no licen[cs]e|not stated|unlicensed|\bunstated\b",
        asks="ask its makers, as they allow nothing in writing",
        weights=f"{_KEEP}, or ask the makers of the corpus: no licence allows anything else.",
    ),
    Terms(
        name="unknown",
        asks="read it: its licence is not one that is known here",
        weights=f"{_KEEP} until somebody has read the licence: it is not one that is known here.",
    ),
)
"""From the freest to the strictest."""

UNKNOWN, RIGHTS_OF_OTHERS = TERMS[-1], TERMS[-3]
_KEPT = TERMS[-4:]
"""Those under which nothing may be given away."""

_DOUBT = re.compile(
    r"\b(?:not|except|unless|otherwise|partly|some|mixed|var(?:y|ies)|others?)\b", re.IGNORECASE
)
"""Words that take back a part of what was granted."""

HUB_IDS = frozenset(
    "mit apache-2.0 bsd-2-clause bsd-3-clause isc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 "
    "cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-sa-2.0 "
    "cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nd-4.0 gpl gpl-2.0 "
    "gpl-3.0 agpl-3.0 lgpl lgpl-2.1 lgpl-3.0 odbl odc-by unlicense pddl".split()
)
"""Licences that the Hugging Face hub has a name for; any other is "other" with its own name.

Source: https://huggingface.co/docs/hub/repositories-licenses
"""


def terms_of(licence: str) -> Terms:
    """The class of a licence: the strictest of those that its words name.

    Args:
        licence: a name ("CC BY-NC-SA 4.0") or a sentence.
    """
    named = [
        terms
        for terms in TERMS
        if terms.pattern and re.search(terms.pattern, licence, re.IGNORECASE)
    ]
    if not named:
        return UNKNOWN
    strictest = named[-1]
    return UNKNOWN if strictest.is_free and _DOUBT.search(licence) else strictest


class Licensed(Protocol):
    """A corpus, however it is described: its licence in words, and whether that frees weights."""

    @property
    def licence(self) -> str:
        """A name or a sentence."""
        ...

    @property
    def weights_may_ship(self) -> bool:
        """Whether a model trained on it may be given away with any purpose."""
        ...


def terms_of_corpus(corpus: Licensed) -> Terms:
    """The class of a corpus's licence; what is free by its words and marked otherwise is not."""
    terms = terms_of(corpus.licence)
    return RIGHTS_OF_OTHERS if terms.is_free and not corpus.weights_may_ship else terms


def hub_id_of(licence: str) -> str:
    """The hub's name of a licence, such as "cc-by-nc-sa-4.0"; "" where it has none.

    Args:
        licence: as the corpus states it; words behind the first bracket are remarks.
    """
    head = licence.partition("(")[0].strip().lower()
    head = re.sub(r"[ _]+", "-", head).removesuffix("-only").removesuffix("-or-later")
    head = re.sub(r"^cc-?0(?:-1\.0)?$", "cc0-1.0", head)
    head = re.sub(r"^gplv(\d)(?:\.0)?$", r"gpl-\1.0", head)
    return head if head in HUB_IDS else ""


@dataclass(frozen=True, kw_only=True)
class WeightsTerms:
    """What the licences of all corpora together say about the weights learned from them.

    Attributes:
        terms: the strictest.
        decided_by: the corpora of that class.
        asks: what every corpus asks, each once, the strictest first.
        clash: in a sentence why the licences cannot be met together; "" where they can.
        hub: the hub's keys: `license`, and with "other" `license_name` and `license_link`.
    """

    terms: Terms
    decided_by: tuple[CorpusUsed, ...]
    asks: tuple[str, ...]
    clash: str
    hub: dict[str, str]

    @property
    def may_ship(self) -> bool:
        """Whether the weights may be given away with any purpose."""
        return self.terms.is_free

    @property
    def sentence(self) -> str:
        """In plain words, for a card and for `models show`."""
        if not self.decided_by:
            return f"What it learned from is not recorded, so no licence is known. {_KEEP}."
        of = ", ".join(
            dict.fromkeys(f"{_called(c)}: {c.licence or 'none stated'}" for c in self.decided_by)
        )
        if self.terms.is_free:
            return f"{self.terms.weights} ({of})"
        if not self.clash:
            return f"The strictest licence decides ({of}). {self.terms.weights}"
        if self.terms in _KEPT:
            return f"The strictest licence decides ({of}). {self.terms.weights} {self.clash}"
        return f"{self.clash} {_KEEP}, or ask the makers of the corpora."


def weights_terms(corpora: Sequence[CorpusUsed]) -> WeightsTerms:
    """What the corpora's licences say about the weights; without a corpus: the strictest."""
    if not corpora:
        hub = {"license": "other", "license_name": "not-recorded"}
        return WeightsTerms(terms=UNKNOWN, decided_by=(), asks=(), clash="", hub=hub)
    ranked = [(TERMS.index(terms_of_corpus(corpus)), corpus) for corpus in corpora]
    highest = max(rank for rank, _ in ranked)
    decided_by = tuple(corpus for rank, corpus in ranked if rank == highest)
    asked = [TERMS[rank].asks for rank in sorted({rank for rank, _ in ranked}, reverse=True)]
    clash = _clash(
        [corpus for rank, corpus in ranked if TERMS[rank].is_shared_alike],
        [corpus for rank, corpus in ranked if TERMS[rank].name == "non-commercial"],
    )
    return WeightsTerms(
        terms=TERMS[highest],
        decided_by=decided_by,
        asks=tuple(asks for asks in asked if asks),
        clash=clash,
        hub=_hub_keys(TERMS[highest], decided_by, clash),
    )


def _clash(alike: Sequence[CorpusUsed], unpaid: Sequence[CorpusUsed]) -> str:
    """Why licences cannot be met together; "" where they can.

    Two that each want what is made of them under themselves cannot, nor can one that allows no
    further conditions beside one that allows no commerce.

    Args:
        alike: corpora whose licence asks for itself.
        unpaid: corpora whose licence asks for no commerce, and not for itself.
    """
    families = {_family(corpus.licence) for corpus in alike}
    if families == {"cc-by-sa", "gpl-3.0"} and all(
        hub_id_of(corpus.licence) in ("cc-by-sa-4.0", "gpl-3.0") for corpus in alike
    ):
        families = {"gpl-3.0"}
    if len(families) > 1:
        return (
            f"{_listed(alike)} each ask that what is made of them stands under their own licence: "
            "they cannot be met together."
        )
    if unpaid and families and "-nc" not in "".join(families):
        return (
            f"{_listed(alike)} allows no further condition, and {_listed(unpaid)} asks for one "
            "(no commerce): they cannot be met together."
        )
    return ""


def _family(licence: str) -> str:
    """A licence without its version where later versions may take the place of earlier ones.

    Source: CC BY-SA 3.0, section 4(b), allows later versions; CC names GPLv3 as compatible with
    BY-SA 4.0, one way (https://creativecommons.org/share-your-work/licensing-considerations/).
    """
    name = hub_id_of(licence)
    return re.sub(r"-\d\.\d$", "", name) if name.startswith("cc-") else name or licence


def _listed(corpora: Sequence[CorpusUsed]) -> str:
    return " and ".join(dict.fromkeys(f"{_called(c)} ({c.licence})" for c in corpora))


def _hub_keys(terms: Terms, decided_by: Sequence[CorpusUsed], clash: str) -> dict[str, str]:
    ids = {hub_id_of(corpus.licence) for corpus in decided_by}
    if len(ids) == 1 and "" not in ids and not clash and terms is not RIGHTS_OF_OTHERS:
        return {"license": ids.pop()}
    if clash and terms not in _KEPT:
        return {"license": "other", "license_name": "several-that-clash"}
    name = re.sub(r"[^a-z]+", "-", terms.name)
    link = next((corpus.licence_url for corpus in decided_by if corpus.licence_url), "")
    return {"license": "other", "license_name": name, **({"license_link": link} if link else {})}


def _called(corpus: CorpusUsed) -> str:
    return corpus.title or corpus.name
