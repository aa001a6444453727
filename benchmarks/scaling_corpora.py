"""Preparing a corpus: over 1 and 2 workers, on this machine and as Ray Data, stage by stage.

Run from the repository's root (the extra `scale` is needed; it takes about twenty minutes):

    CHROMASONIC_DATA=DIR python benchmarks/scaling_corpora.py [--files 1200] [--rounds 2]

Writes `benchmarks/results/scaling_corpora.json` and the figures in `docs/preparing.md`.

The files are made by `scripts/make_lakh_like.py` out of Nottingham and the folk tunes, and lie in
LMD-full's layout. All four ways prepare the same files into the same bytes (it is checked) and take
turns, so that a busy machine changes them alike; the least time of the rounds counts. Beside the
seconds stand the processor seconds of this process and all that it started, which say what Ray
costs on a busy machine too.

Then: what a task costs Ray besides its files; how long one reader takes to unpack the files as
.tar.gz; how long one process takes to merge 10,000 to 100,000 tunes (the corpora's own, and tunes
with their bars in another order); what a shard costs in three formats; and what a training on so
many tunes holds in memory. The projection to Lakh is made of these (`scaling_corpora_page.py`).
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import random
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scaling_corpora_page import BLOCK_FILES, RESULTS, ROOT, projection, write_page

from chromasonic.data import load
from chromasonic.data.near_duplicates import content_key, shingles_of
from chromasonic.data.prepared import FORMAT, ShardContent, pack_shard, read_shard
from chromasonic.errors import FormatError
from chromasonic.files import sha256_of_bytes, write_json
from chromasonic.melody_generation.tokens import VOCABULARY, encode
from chromasonic.music.tune import Tune
from chromasonic.scaling.preparing import PrepareSettings, prepare
from chromasonic.scaling.preparing.merging import group_keys, without_copies
from chromasonic.scaling.preparing.outcome import STAGES, TuneTokens
from chromasonic.scaling.preparing.sources import SourceFile
from chromasonic.scaling.preparing.unpacked import unpacked

PARTS = ("ways", "tasks", "merging", "memory")
SHARD_TUNES = PrepareSettings().shard_tunes


def ways(collection: Path, folder: Path, rounds: int) -> dict[str, Any]:
    """Each engine with 1 and 2 workers: least seconds, stages, and whether the bytes agree."""
    from chromasonic.scaling.cluster import connected

    runs: dict[str, list[Any]] = {}
    bytes_of: dict[str, bytes] = {}
    settings = PrepareSettings(block_files=BLOCK_FILES)

    spent: dict[str, list[tuple[float, float]]] = {}

    def one(engine: str, workers: int) -> None:
        name = f"{engine} {workers}"
        own, tree = time.process_time(), processor_seconds_of_tree()
        done = prepare(
            collection, folder / "out", engine=engine, workers=workers, settings=settings,
            overwrite=True,
        )  # fmt: skip
        spent.setdefault(name, []).append(
            (time.process_time() - own, processor_seconds_of_tree() - tree)
        )
        runs.setdefault(name, []).append(done)
        bytes_of[name] = (folder / "out" / "manifest.json").read_bytes()
        print(f"{name}: {done.seconds:.1f} s, blocks {done.stages['all blocks']:.1f} s", flush=True)

    started = time.perf_counter()
    with connected(cpus=2):
        begun = time.perf_counter() - started
        prepare(collection, folder / "warm", engine="ray", workers=2, settings=settings)
        for _ in range(rounds):
            for engine in ("local", "ray"):
                for workers in (1, 2):
                    one(engine, workers)
    files = next(iter(runs.values()))[0].facts["counts"]["files"]
    table: dict[str, Any] = {
        name: {
            "seconds": min(run.stages["all blocks"] for run in found),
            "files_per_second": files / min(run.stages["all blocks"] for run in found),
            "own_processor_seconds": min(own for own, _ in spent[name]),
            "all_processor_seconds": min(tree for _, tree in spent[name]),
            "stages": {
                stage: min(run.stages[stage] for run in found)
                for stage in (*STAGES, "find copies", "find near-duplicates", "write shards")
            },
        }
        for name, found in runs.items()
    }
    facts = next(iter(runs.values()))[0].facts
    return {
        "files": files,
        "bytes": facts["counts"]["bytes_read"],
        "same_bytes": len(set(bytes_of.values())) == 1,
        "ray_start_seconds": begun,
        "kept": facts["counts"]["tunes"],
        "refused": {reason: entry["count"] for reason, entry in facts["refused"].items()},
        "ways": table,
        "two_workers_over_one": {
            engine: table[f"{engine} 1"]["seconds"] / table[f"{engine} 2"]["seconds"]
            for engine in ("local", "ray")
        },
        "ray_over_local": {
            str(n): table[f"ray {n}"]["seconds"] / table[f"local {n}"]["seconds"] for n in (1, 2)
        },
    }


def processor_seconds_of_tree() -> float:
    """Of this process, its descendants, and those of them that have ended."""
    parents, seconds = {}, {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                stat = (path / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it ended meanwhile
            parents[int(path.name)] = int(stat[1])
            seconds[int(path.name)] = sum(map(int, stat[11:15])) / os.sysconf("SC_CLK_TCK")

    def is_ours(pid: int) -> bool:
        while pid in parents and pid != os.getpid():
            pid = parents[pid]
        return pid == os.getpid()

    return sum(value for pid, value in seconds.items() if is_ours(pid))


def tasks(folder: Path) -> dict[str, float]:
    """What a block costs Ray besides its files: tasks of one empty file, few and many of them."""
    from chromasonic.scaling.cluster import connected
    from chromasonic.scaling.corpora import done_on_ray

    folder.mkdir()
    member = SourceFile("empty.mid", str(folder / "empty.mid"), 0, 0)
    few, many = 20, 420
    spent = []
    with connected(cpus=2):
        for count in (few, few, many):  # the first starts the workers
            start, cpu = time.perf_counter(), time.process_time()
            blocks = [(number, (member,)) for number in range(count)]
            assert sum(1 for _ in done_on_ray(blocks, PrepareSettings(), folder, 2)) == count
            spent.append((time.perf_counter() - start, time.process_time() - cpu))
    (_, (seconds, cpu), (more_seconds, more_cpu)) = spent
    return {
        "seconds_a_block": (more_seconds - seconds) / (many - few),
        "own_processor_seconds_a_block": (more_cpu - cpu) / (many - few),
    }


def unpacking(collection: Path, folder: Path) -> dict[str, float]:
    """One reader, a compressed archive."""
    archive = folder / "made.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(collection / "lmd_full", "lmd_full")
    start, cpu = time.perf_counter(), time.process_time()
    found = unpacked(archive, folder / "pack", None)
    size = sum(file.size for file in found)
    return {
        "archive_mb": archive.stat().st_size / 1e6,
        "unpacked_mb": size / 1e6,
        "compression": size / archive.stat().st_size,
        "seconds": time.perf_counter() - start,
        "processor_seconds": time.process_time() - cpu,
        "unpacked_mb_per_processor_second": size / 1e6 / (time.process_time() - cpu),
    }


def merging(counts: Sequence[int]) -> list[dict[str, float]]:
    """One process, ever more tunes: copies out, near-duplicates together."""
    source = _many_tunes(max(counts))
    tunes: list[TuneTokens] = []
    rows = []
    for count in counts:
        for tune in source:
            if (made := _tokens(tune)) is not None:
                tunes.append(made)
            if len(tunes) >= count:
                break
        cpu = time.process_time()
        kept, _ = without_copies(tunes)
        copies = time.process_time()
        groups = group_keys(kept, [""] * len(kept))
        grouped = time.process_time()
        for start in range(0, len(kept), SHARD_TUNES):
            sha256_of_bytes(pack_shard(_shard(kept, groups, start)))
        rows.append(
            {
                "tunes": len(tunes),
                "shingles": sum(len(tune.shingles) for tune in tunes),
                "copies_seconds": copies - cpu,
                "near_duplicates_seconds": grouped - copies,
                "shards_seconds": time.process_time() - grouped,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
            }
        )
        print(rows[-1], flush=True)
    return rows


def _many_tunes(count: int) -> Iterator[Tune]:
    """At least so many tunes: the corpora's own, then these with their bars in another order."""
    rng = random.Random(0)
    pool = [tune for name in ("nottingham", "folk") for tune in load(name).pieces]
    yield from pool[:count]
    for number in range(len(pool), count + count // 5):
        tune = pool[number % len(pool)]
        bars = tuple(rng.sample(tune.bars, len(tune.bars)))
        yield replace(tune, id=f"{tune.id}/{number}", bars=bars)


def _tokens(tune: Tune) -> TuneTokens | None:
    try:
        tokens = np.array(encode(tune), np.uint8)
    except FormatError:
        return None
    return TuneTokens(
        id=tune.id, tokens=tokens, notes=0, metre="", key=content_key(tune),
        shingles=shingles_of(tune),
    )  # fmt: skip


def formats(folder: Path) -> dict[str, dict[str, float]]:
    """A shard as we write it, deflated, and as Parquet."""
    import pyarrow as pa
    from pyarrow import parquet

    [path, *_] = sorted((folder / "out" / "shards").iterdir())
    data = path.read_bytes()
    content = read_shard(data)
    with np.load(io.BytesIO(data)) as archive:
        arrays = {name: archive[name] for name in archive.files}
    deflated = io.BytesIO()
    np.savez_compressed(deflated, **arrays)
    table = pa.table({
        "id": list(content.ids), "metre": list(content.metres),
        "key": [bytes.fromhex(key) for key in content.keys],
        "group": [bytes.fromhex(key) for key in content.group_keys],
        "tokens": [stream.tolist() for stream in content.streams],
    }, schema=pa.schema([("id", pa.string()), ("metre", pa.string()), ("key", pa.binary(32)),
                         ("group", pa.binary(32)), ("tokens", pa.list_(pa.uint8()))]))  # fmt: skip
    packed = io.BytesIO()
    parquet.write_table(table, packed, compression="zstd")

    def from_parquet() -> object:
        read = parquet.read_table(io.BytesIO(packed.getvalue()))
        column = read["tokens"].combine_chunks()
        values, offsets = column.values.to_numpy(), column.offsets.to_numpy()
        return np.split(values, offsets[1:-1]), read["id"].to_pylist()

    return {
        "npz": {"mb": len(data) / 1e6, "read_ms": _milliseconds(lambda: read_shard(data))},
        "npz, deflated": {
            "mb": len(deflated.getvalue()) / 1e6,
            "read_ms": _milliseconds(lambda: read_shard(deflated.getvalue())),
        },
        "Parquet, zstd": {
            "mb": len(packed.getvalue()) / 1e6,
            "read_ms": _milliseconds(from_parquet),
        },
    }


def _milliseconds(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(7):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return 1e3 * best


def memory(count: int, folder: Path) -> dict[str, float]:
    """What a training on so many tunes holds: loaded, split, and cut into windows."""
    program = (
        "import resource, sys\n"
        "from chromasonic.melody_generation.data_loader import load_dataset\n"
        "from chromasonic.melody_generation.task import MelodyTask\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3\n"
        "before = peak()\n"
        "data = load_dataset(sys.argv[1])\n"
        "loaded = peak()\n"
        "task = MelodyTask(data.train, data.validation)\n"
        "print(before, loaded, peak(), sum(map(len, data.train)))\n"
    )
    tunes = [made for made in map(_tokens, _many_tunes(count)) if made is not None]
    _write_prepared(tunes, folder)
    command = [sys.executable, "-c", program, str(folder)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    before, loaded, with_task, tokens = map(float, out.split())
    return {
        "tunes": len(tunes), "training_tokens": tokens, "python_and_torch_mb": before,
        "loaded_mb": loaded - before, "with_windows_mb": with_task - before,
    }  # fmt: skip


def _shard(tunes: Sequence[TuneTokens], groups: Sequence[str], start: int) -> ShardContent:
    some = tunes[start : start + SHARD_TUNES]
    return ShardContent(
        streams=[tune.tokens for tune in some], ids=[tune.id for tune in some],
        metres=[tune.metre for tune in some], keys=[tune.key for tune in some],
        group_keys=groups[start : start + SHARD_TUNES],
    )  # fmt: skip


def _write_prepared(tunes: list[TuneTokens], folder: Path) -> None:
    """Tunes as a prepared corpus, each a group of its own."""
    (folder / "shards").mkdir(parents=True)
    shards = []
    keys = [tune.key for tune in tunes]
    for start in range(0, len(tunes), SHARD_TUNES):
        content = _shard(tunes, keys, start)
        data = pack_shard(content)
        (folder / "shards" / f"{start}.npz").write_bytes(data)
        shards.append({"name": f"{start}.npz", "sha256": sha256_of_bytes(data)})
    about = dict.fromkeys(("name", "title", "licence", "licence_url", "citation", "url"), "made")
    facts = {
        "format": FORMAT, **about, "weights_may_ship": False, "fingerprint": "made",
        "vocabulary": VOCABULARY.signature, "counts": {}, "refused": {}, "shards": shards,
    }  # fmt: skip
    write_json(folder / "manifest.json", facts)


def main() -> None:
    """Measure, write the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=1200)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--tunes", type=int, default=100_000, help="most tunes to merge")
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--only", choices=PARTS, help="keep the rest")
    flags = parser.parse_args()
    results: dict[str, Any] = {}
    if flags.only and flags.output.exists():
        results = json.loads(flags.output.read_text(encoding="utf-8"))
    wanted = (flags.only,) if flags.only else PARTS
    with tempfile.TemporaryDirectory(prefix="chromasonic-scaling-") as name:
        folder = Path(name)
        if "ways" in wanted:
            script, made = ROOT / "scripts" / "make_lakh_like.py", folder / "made"
            subprocess.run(
                [sys.executable, str(script), str(made), "--files", str(flags.files)], check=True
            )
            results["machine"] = (
                f"{platform.machine()}, {os.cpu_count()} cores, Python "
                f"{platform.python_version()}; load {os.getloadavg()[1]:.1f} when it began"
            )
            results["ways"] = ways(made, folder, flags.rounds)
            results["unpacking"] = unpacking(made, folder)
            results["shard"] = formats(folder)
        if "tasks" in wanted:
            results["tasks"] = tasks(folder / "tasks")
        if "merging" in wanted:
            steps = [count for count in (10_000, 30_000, 100_000) if count <= flags.tunes]
            results["merging"] = merging(steps or [flags.tunes])
        if "memory" in wanted:
            results["memory"] = memory(flags.tunes, folder / "prepared")
    write_json(flags.output, results)
    if {*PARTS} <= set(results):
        results["projection"] = projection(results)
        if flags.output == RESULTS:
            write_page(results)
        write_json(flags.output, results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
