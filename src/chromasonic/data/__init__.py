"""Corpora: facts, files, tunes, splits."""

from chromasonic.data.catalogue import CORPORA
from chromasonic.data.corpus import Corpus, Manifest, Skipped
from chromasonic.data.facts import CorpusFacts
from chromasonic.data.loading import load
from chromasonic.data.split import Split

__all__ = [
    "CORPORA",
    "Corpus",
    "CorpusFacts",
    "Manifest",
    "Skipped",
    "Split",
    "load",
]
