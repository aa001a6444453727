"""`prepare`: a folder or an archive of music files in, a prepared corpus out."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.data.near_duplicates import GROUPING_VERSION
from chromasonic.data.prepared import MANIFEST, REFUSED, SHARDS, read_manifest
from chromasonic.data.progress import Progress
from chromasonic.errors import StorageError, UsageError
from chromasonic.melody_generation.tokens import VOCABULARY
from chromasonic.scaling.preparing.blocks import BlockResult, block_path, blocks_done, read_block
from chromasonic.scaling.preparing.local import Block, done_here
from chromasonic.scaling.preparing.merging import merge
from chromasonic.scaling.preparing.outcome import STAGES
from chromasonic.scaling.preparing.settings import PREPARING_VERSION, PrepareSettings
from chromasonic.scaling.preparing.sources import Source, open_source

WORK, PLAN, LOCK = ".work", "plan.json", ".lock"
ENGINES = ("local", "ray")


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What `prepare` did.

    Attributes:
        folder: the prepared corpus.
        facts: its manifest.
        engine: local or ray.
        workers: how many worked at once.
        blocks: how many there are.
        blocks_kept: how many a former run had done.
        seconds: in all.
        stages: processor seconds of reading, parsing, filtering, tokenizing and writing, of all
            workers together; then the seconds of each step that one process does alone.
    """

    folder: Path
    facts: dict[str, Any]
    engine: str
    workers: int
    blocks: int
    blocks_kept: int = 0
    seconds: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "folder": str(self.folder),
            "engine": self.engine,
            "workers": self.workers,
            "blocks": self.blocks,
            "blocks_kept": self.blocks_kept,
            "seconds": self.seconds,
            "stages": self.stages,
            "manifest": self.facts,
        }


def prepare(
    source: files.PathLike,
    output: files.PathLike,
    *,
    settings: PrepareSettings | None = None,
    engine: str = "local",
    workers: int = 1,
    address: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    data_dir: files.PathLike | None = None,
    licence: str = "",
    title: str = "",
    on_progress: Progress | None = None,
) -> Preparation:
    """Prepare a corpus: the same bytes whatever the engine, the workers and the blocks.

    Args:
        source: a corpus by name, a folder, or an archive.
        output: the folder of the prepared corpus.
        settings: filters, limits and sizes.
        engine: "local", or "ray" (needs the extra `scale`).
        workers: how many files are parsed at once.
        address: of a Ray cluster; None starts one on this machine. Its machines must see the
            source and the output under the same paths.
        resume: go on with what was broken off here; where nothing was, begin.
        overwrite: whether a prepared corpus that lies there may be replaced.
        data_dir: where a corpus that is named lies.
        licence, title: of a folder or an archive.
        on_progress: told how it goes.

    Raises:
        UsageError: no such source or engine; the output holds something else, or what other
            settings or another source made.
        CorpusError: no music file, a hostile archive, no tune left.
        StorageError: a file cannot be written; `resume` goes on from there.
    """
    if engine not in ENGINES:
        raise UsageError(f"The engine is '{engine}'; allowed: {', '.join(ENGINES)}.")
    if workers < 1:
        raise UsageError(f"workers is {workers}; allowed: 1 or more.")
    if address and engine != "ray":
        raise UsageError("An address is of a Ray cluster: give --engine ray with it.")
    started = time.perf_counter()
    settings = settings or PrepareSettings()
    folder = Path(output)
    _check_folder(folder, resume=resume, overwrite=overwrite)
    with _locked(folder):
        work = folder / WORK
        with _nothing_left_of_a_failure(folder):
            opened = open_source(
                source, work_folder=work, data_dir=data_dir, licence=licence, title=title,
                on_progress=on_progress,
            )  # fmt: skip
        unpacked = time.perf_counter()
        if overwrite and not resume:
            _clear(folder)  # only now: a mistyped source costs nobody a corpus
        plan = _plan(opened, settings)
        if (folder / MANIFEST).is_file():
            facts = _unchanged(folder, plan)
            shutil.rmtree(work, ignore_errors=True)
            return Preparation(folder=folder, facts=facts, engine=engine, workers=workers, blocks=0)
        _begin(work, plan)
        blocks = _blocks(opened, settings.block_files)
        kept = _whole(work, len(blocks))
        todo = [block for block in blocks if block[0] not in kept]
        _do(todo, len(blocks), settings, work, engine, workers, address, on_progress)
        mapped = time.perf_counter()
        results = _results(work, blocks)
        merged = merge(results, opened, settings, folder, on_progress)
        shutil.rmtree(work, ignore_errors=True)
    return Preparation(
        folder=folder,
        facts=merged.facts,
        engine=engine,
        workers=workers,
        blocks=len(blocks),
        blocks_kept=len(kept),
        seconds=time.perf_counter() - started,
        stages={
            **{stage: sum(result.seconds[stage] for result in results) for stage in STAGES},
            "open the source": unpacked - started,
            "all blocks": mapped - unpacked,
            **merged.seconds,
        },
    )


def _do(
    todo: Sequence[Block],
    total: int,
    settings: PrepareSettings,
    work: Path,
    engine: str,
    workers: int,
    address: str | None,
    on_progress: Progress | None,
) -> None:
    """Prepare the blocks that are missing."""
    if not todo:
        return
    if engine == "ray":
        from chromasonic.scaling.corpora import done_on_ray

        answers = done_on_ray(todo, settings, work, workers, address)
    else:
        answers = done_here(todo, settings, work, workers)
    files_done, tunes = Counter[int](), 0
    for count, answer in enumerate(answers, 1):
        if answer.error:
            raise StorageError(
                f"{answer.error} {total - len(todo) + count - 1} of {total} blocks are done: go on "
                "with --resume."
            )
        files_done[answer.number] = answer.files
        tunes += answer.tunes
        if on_progress is not None:
            on_progress(f"preparing ({tunes:,} tunes)", total - len(todo) + count, total)


def _check_folder(folder: Path, *, resume: bool, overwrite: bool) -> None:
    """Refuse what must not be touched.

    Raises:
        UsageError: the folder holds a prepared corpus, a begun one, or something else.
    """
    if (folder / MANIFEST).is_file() and not (resume or overwrite):
        raise UsageError(
            f"{folder} holds a prepared corpus already. Give another folder (--output), or let it "
            "be replaced (--overwrite)."
        )
    if (folder / WORK / PLAN).is_file() and not (resume or overwrite):
        raise UsageError(
            f"In {folder} a preparation was broken off. Go on with it (--resume), or begin anew "
            "(--overwrite)."
        )
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; the output is a folder. Give another name.")
    ours = {MANIFEST, REFUSED, SHARDS, WORK, LOCK}
    strangers = (
        sorted(p.name for p in folder.iterdir() if p.name not in ours) if folder.exists() else []
    )
    if strangers:
        raise UsageError(
            f"{folder} holds other files, such as '{strangers[0]}': a prepared corpus has a folder "
            "of its own. Give another one (--output)."
        )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One preparation at a time.

    Raises:
        UsageError: another process is at it.
        StorageError: the folder cannot be written.
    """
    import filelock

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / LOCK, timeout=0)
        lock.acquire()
    except filelock.Timeout as error:
        raise UsageError(
            f"Another process is preparing {folder} at this moment. Wait for it, or give another "
            "folder (--output)."
        ) from error
    except OSError as error:
        raise StorageError(
            f"Cannot write {folder}: {error.strerror or error}. Choose a folder that may be "
            "written."
        ) from error
    try:
        yield
    finally:
        lock.release()  # its file stays: to take it away could let two in at once


@contextmanager
def _nothing_left_of_a_failure(folder: Path) -> Iterator[None]:
    """Where the source cannot be opened, a folder that was made for its corpus goes again."""
    try:
        yield
    except Exception:
        if not (folder / WORK / PLAN).is_file() and not (folder / MANIFEST).is_file():
            shutil.rmtree(folder / WORK, ignore_errors=True)
            (folder / LOCK).unlink(missing_ok=True)
            with suppress(OSError):
                folder.rmdir()  # only if nothing else lies in it
        raise


def _clear(folder: Path) -> None:
    """Take away what a former preparation left, the manifest first."""
    (folder / MANIFEST).unlink(missing_ok=True)
    (folder / REFUSED).unlink(missing_ok=True)
    (folder / WORK / PLAN).unlink(missing_ok=True)
    for path in (folder / SHARDS, folder / WORK / "blocks"):
        shutil.rmtree(path, ignore_errors=True)


def _plan(source: Source, settings: PrepareSettings) -> dict[str, Any]:
    """All that must not change between a run and the one that goes on with it."""
    return {
        "settings": settings.to_dict(),
        "source": {
            "name": source.about["name"],
            "files": len(source.files),
            "digest": source.digest,
        },
        "versions": {
            "preparing": PREPARING_VERSION,
            "grouping": GROUPING_VERSION,
            "vocabulary": VOCABULARY.signature,
        },
    }


def _begin(work: Path, plan: dict[str, Any]) -> None:
    """Write the plan down, or see that it is the one that was begun.

    Raises:
        UsageError: it is another; says what changed.
    """
    path = work / PLAN
    if path.is_file():
        try:
            begun = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            begun = {}
        _refuse_changes(begun, plan, work.parent)
    else:
        files.write_json(path, plan)


def _unchanged(folder: Path, plan: dict[str, Any]) -> dict[str, Any]:
    """The manifest that lies there, where the same plan made it."""
    facts = read_manifest(folder)
    settings = {**plan["settings"]}
    begun = {
        "settings": {**facts["settings"], "block_files": settings["block_files"]},
        "source": {
            "name": facts["name"], "files": facts["counts"]["files"],
            "digest": facts["source"]["digest"],
        },
        "versions": {**plan["versions"], "preparing": facts["preparing_version"],
                     "vocabulary": facts["vocabulary"]},
    }  # fmt: skip
    _refuse_changes(begun, plan, folder)
    return facts


def _refuse_changes(begun: dict[str, Any], plan: dict[str, Any], folder: Path) -> None:
    changes = [
        f"{name} was {begun.get(table, {}).get(name)!r} and is {value!r}"
        for table, values in plan.items()
        for name, value in values.items()
        if begun.get(table, {}).get(name) != value
    ]
    if changes:
        raise UsageError(
            f"What lies in {folder} was begun otherwise: {'; '.join(changes)}. Give what it was "
            "begun with, give another folder (--output), or begin anew (--overwrite)."
        )


def _blocks(source: Source, size: int) -> list[Block]:
    return [
        (number, source.files[start : start + size])
        for number, start in enumerate(range(0, len(source.files), size))
    ]


def _whole(work: Path, count: int) -> set[int]:
    """The blocks that are done; a damaged one is taken away, to be done again."""
    whole = set()
    for number in sorted(blocks_done(work)):
        try:
            read_block(work, number)
        except ValueError:
            block_path(work, number).unlink(missing_ok=True)
            continue
        if number < count:
            whole.add(number)
    return whole


def _results(work: Path, blocks: Sequence[Block]) -> list[BlockResult]:
    """The results of all blocks, in their order.

    Raises:
        StorageError: one is not there or damaged.
    """
    results = []
    for number, _ in blocks:
        try:
            results.append(read_block(work, number))
        except ValueError as error:
            raise StorageError(
                f"The result of {error}. Do the workers see {work} under this path? Then go on "
                "with --resume."
            ) from error
    return results
