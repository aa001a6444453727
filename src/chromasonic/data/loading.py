"""`load`: a corpus by name, wherever its files are, parsed once, split."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from chromasonic import files
from chromasonic.data.catalogue import CORPORA, facts_of
from chromasonic.data.corpus import Corpus, Manifest
from chromasonic.data.facts import CorpusFacts
from chromasonic.data.locate import Place, Progress, files_of, locate
from chromasonic.data.reading import Parsed, fingerprint_of, joined, read_collection
from chromasonic.data.split import Split, make_split
from chromasonic.errors import CorpusError


def load(
    name: str,
    *,
    data_dir: files.PathLike | None = None,
    split_file: files.PathLike | None = None,
    seed: int = 0,
    count: int | None = None,
    download: bool = True,
    on_progress: Progress | None = None,
) -> Corpus:
    """Load a corpus by name.

    Args:
        name: one of `CORPORA`.
        data_dir: a folder with the corpus in it; else `CHROMASONIC_DATA`, the cache, a download.
        split_file: a split as JSON (`Split.save`), instead of the default one.
        seed: of the split; for generated corpora also of the tunes.
        count: how many tunes to make, for generated corpora.
        download: whether the network may be asked for a corpus that is not on this machine.
        on_progress: told how long work goes on.

    Raises:
        UsageError: there is no corpus of that name.
        CorpusError: it is not there, half there, or has no usable tune.
        DownloadError: it could not be fetched.
    """
    facts = facts_of(name)
    place = locate(facts, data_dir=data_dir, download=download, on_progress=on_progress)
    contents = [
        {path.name: path.read_bytes() for path in files_of(collection, folder)}
        for collection, folder in zip(facts.collections, place.folders, strict=True)
    ]
    parsed = joined(
        read_collection(c, content) for c, content in zip(facts.collections, contents, strict=True)
    )
    tunes = parsed.tunes
    split = make_split([t.id for t in tunes], [t.id for t in tunes], seed=seed)
    manifest = Manifest.of(facts, found_at=str(place), found_by=place.found_by, fingerprint="", counts={"tunes": len(tunes)}, skipped=parsed.skipped)
    return Corpus(name, tunes, manifest, split)
