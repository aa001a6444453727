"""Corpora: facts, files, tunes, splits.

`load(name)` gives a `Corpus` of tunes with its manifest and split; `CORPORA` lists what there is.
"""

from chromasonic.data.catalogue import CORPORA, facts_of
from chromasonic.data.corpus import Corpus, Manifest
from chromasonic.data.facts import Collection, CorpusFacts
from chromasonic.data.loading import Choice, load, resolve_auto
from chromasonic.data.locate import Place, obtain
from chromasonic.data.near_duplicates import without_copies_of
from chromasonic.data.skipped import Skipped
from chromasonic.data.split import Split, make_split

__all__ = [
    "CORPORA",
    "Choice",
    "Collection",
    "Corpus",
    "CorpusFacts",
    "Manifest",
    "Place",
    "Skipped",
    "Split",
    "facts_of",
    "load",
    "make_split",
    "obtain",
    "resolve_auto",
    "without_copies_of",
]
