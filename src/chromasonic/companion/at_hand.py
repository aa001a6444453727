"""Which corpora of a model are at hand, and that none is half there without a word."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from chromasonic import files
from chromasonic.data.catalogue import facts_of
from chromasonic.data.facts import DATA_VARIABLE
from chromasonic.data.locate import locate, unpacked_folder
from chromasonic.data.progress import Progress
from chromasonic.errors import CorpusError, DownloadError


def corpora_at_hand(
    names: Sequence[str],
    *,
    data_dir: files.PathLike | None = None,
    download: bool = False,
    on_progress: Progress | None = None,
) -> tuple[str, ...]:
    """Those of some corpora whose files are there.

    Args:
        names: of corpora, best first.
        data_dir: where they lie; None asks the usual places. What comes with an installed package
            is found there in any case.
        download: whether the network may be asked for what is not there.
        on_progress: told how a download goes.

    Raises:
        CorpusError: a folder bears a corpus's name but is not that corpus, whole or recognizable;
            nothing else takes its place in silence.
    """
    found = []
    for name in names:
        facts = facts_of(name)
        where = None if facts.kind == "bundled" else data_dir
        try:
            locate(facts, data_dir=where, download=download, on_progress=on_progress)
        except CorpusError as error:
            folder = _remains(name, where)
            if folder is not None:
                raise CorpusError(
                    f"{folder} is there, but is not the corpus '{name}' as it should be, and "
                    "nothing else takes its place in silence. Unpack it again, take the folder "
                    f"away, or ask for made-up examples (--synthetic). ({error})"
                ) from error
        except DownloadError:  # the corpus is not here, and cannot be had now
            continue
        else:
            found.append(name)
    return tuple(found)


def _remains(name: str, data_dir: files.PathLike | None) -> Path | None:
    """A folder that bears a corpus's name and holds something."""
    named = os.environ.get(DATA_VARIABLE)
    if data_dir is not None:
        folders = [Path(data_dir).expanduser() / name]
    else:
        folders = [Path(named).expanduser() / name] if named else []
        folders.append(unpacked_folder(facts_of(name)))
    return next((path for path in folders if path.is_dir() and any(path.iterdir())), None)
