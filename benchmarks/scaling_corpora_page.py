"""From what `scaling_corpora.py` measured: the projection to Lakh, and the figures on a page.

    python benchmarks/scaling_corpora_page.py

reads `benchmarks/results/scaling_corpora.json` and writes them into `docs/preparing.md` anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chromasonic.scaling.preparing.outcome import STAGES

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "scaling_corpora.json"
PAGE = ROOT / "docs" / "preparing.md"
BLOCK_FILES = 64
LAKH_FILES, LAKH_ARCHIVE_MB = 176_581, 1_800
"""What the collection's page says of LMD-full."""
CORES, MACHINES = 16, (1, 10, 1000)


def projection(results: dict[str, Any]) -> dict[str, Any]:
    """LMD-full on more and more machines, in processor seconds: what a quiet machine takes."""
    measured, unpack, merge = results["ways"], results["unpacking"], results["merging"]
    files, kept = measured["files"], measured["kept"]
    lakh_mb = LAKH_ARCHIVE_MB * unpack["compression"]
    lakh_kept = LAKH_FILES * kept / files
    local = measured["ways"]["local 1"]["all_processor_seconds"]
    per_mb = local / (measured["bytes"] / 1e6)
    blocks = -(-LAKH_FILES // 256)
    last = merge[-1]
    a_tune = sum(last[f"{step}_seconds"] for step in ("copies", "near_duplicates", "shards"))
    merge_s = a_tune / last["tunes"] * lakh_kept
    a_block = results["tasks"]["own_processor_seconds_a_block"]
    unpack_s = lakh_mb / unpack["unpacked_mb_per_processor_second"]
    rows = []
    for machines in MACHINES:
        # More cores than blocks of 256 files: smaller blocks, one for each core.
        cores = machines * CORES
        spread = per_mb * lakh_mb / cores
        alone = merge_s + a_block * max(blocks, cores)
        rows.append(
            {
                "machines": machines,
                "cores": cores,
                "blocks_seconds": spread,
                "alone_seconds": alone,
                "total_seconds": spread + alone,
                "total_from_archive_seconds": spread + alone + unpack_s,
                "alone_share": alone / (spread + alone),
                "read_mb_per_second": lakh_mb / spread,
            }
        )
    return {
        "files": LAKH_FILES, "unpacked_mb": lakh_mb, "tunes": lakh_kept, "blocks": blocks,
        "one_core_seconds": per_mb * lakh_mb, "unpack_seconds": unpack_s,
        "merge_seconds": merge_s, "driver_seconds_a_block": a_block,
        "machines": rows,
    }  # fmt: skip


def write_page(results: dict[str, Any]) -> None:
    """Put the figures on the documentation's page, between its two marks."""
    begin, end = "<!-- figures of benchmarks/scaling_corpora.py -->", "<!-- end of figures -->"
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    after = rest.partition(end)[2]
    PAGE.write_text(f"{before}{begin}\n\n{figures(results)}\n\n{end}{after}", encoding="utf-8")


def figures(results: dict[str, Any]) -> str:
    """The figures as Markdown."""
    measured, unpack = results["ways"], results["unpacking"]
    ways_of, plan = measured["ways"], results["projection"]
    first = ways_of["local 1"]["seconds"]
    lines = [
        f"{measured['files']:,} files ({measured['bytes'] / 1e6:.0f} MB), "
        f"{results['machine']}; {measured['kept']:,} tunes kept, all four in the same bytes: "
        f"{'yes' if measured['same_bytes'] else 'NO'}.",
        "",
        "| engine, workers | seconds | as fast as one local worker | processor seconds, all | "
        "of this process |",
        "|---|---|---|---|---|",
    ]
    for name, way in ways_of.items():
        lines.append(
            f"| {name.replace(' ', ', ')} | {way['seconds']:.0f} | "
            f"{first / way['seconds']:.2f} x | {way['all_processor_seconds']:.1f} | "
            f"{way['own_processor_seconds']:.1f} |"
        )
    stages = ways_of["local 1"]["stages"]
    work = sum(stages[stage] for stage in STAGES)
    shares = ", ".join(f"{stage} {stages[stage] / work:.1%}" for stage in STAGES)
    lines += [
        "",
        f"Where a block's time goes: {shares}. A cluster of one's own begins in "
        f"{measured['ray_start_seconds']:.0f} s; a block costs its driver "
        f"{1e3 * results['tasks']['own_processor_seconds_a_block']:.1f} ms. One reader unpacks "
        f"{unpack['archive_mb']:.0f} MB of .tar.gz at "
        f"{unpack['unpacked_mb_per_processor_second']:.0f} MB of files a processor second. "
        "One process merges:",
        "",
        "| tunes | turns of seven notes | copies, s | near-duplicates, s | shards, s | "
        "peak of memory |",
        "|---|---|---|---|---|---|",
    ]
    for row in results["merging"]:
        lines.append(
            f"| {row['tunes']:,} | {row['shingles']:,} | {row['copies_seconds']:.2f} | "
            f"{row['near_duplicates_seconds']:.1f} | {row['shards_seconds']:.1f} | "
            f"{row['peak_mb']:,.0f} MB |"
        )
    lines += [
        "",
        f"The {plan['files']:,} files of LMD-full, {plan['unpacked_mb'] / 1e3:.1f} GB if they are "
        f"compressed like these, are {plan['one_core_seconds'] / 3600:.1f} hours of one core:",
        "",
        f"| machines of {CORES} cores | blocks, s | one process alone, s | in all | that share | "
        "from a .tar.gz | read by all |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in plan["machines"]:
        lines.append(
            f"| {row['machines']:,} | {row['blocks_seconds']:,.1f} | {row['alone_seconds']:,.0f} | "
            f"{_time(row['total_seconds'])} | {row['alone_share']:.0%} | "
            f"{_time(row['total_from_archive_seconds'])} | {row['read_mb_per_second']:,.0f} MB/s |"
        )
    shard = "; ".join(
        f"{name} {row['mb']:.2f} MB, read in {row['read_ms']:.0f} ms"
        for name, row in results["shard"].items()
    )
    memory_of = results["memory"]
    lines += [
        "",
        f"A shard of these tunes in three formats: {shard}. A training on {memory_of['tunes']:,} "
        f"tunes ({memory_of['training_tokens'] / 1e6:.1f} million training tokens) holds "
        f"{memory_of['with_windows_mb']:,.0f} MB beside Python and torch.",
    ]
    return "\n".join(lines)


def _time(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} min"


if __name__ == "__main__":
    known = json.loads(RESULTS.read_text(encoding="utf-8"))
    known["projection"] = projection(known)
    write_page(known)
