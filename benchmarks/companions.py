"""The five companion models beside their baselines, each on the test parts of its corpora.

Run from the repository's root:

    CHROMASONIC_DATA=DIR python benchmarks/companions.py [--run runs/companion]

Trains what is not yet in the folder (as `chromasonic train companion --output runs/companion` does;
under half an hour on two quiet cores), judges all five (as `chromasonic evaluate companion` does),
and writes `benchmarks/results/companions.json` and the tables of `docs/companion-results.md`. Every
choice (features, targets, settings, the baselines' sizes) was made on validation parts.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from chromasonic.companion.cards import update_cards
from chromasonic.companion.catalogue import COMPANIONS
from chromasonic.companion.evaluating import Evaluation, ModelResults, evaluate_companions
from chromasonic.companion.report import LEAD, write_report
from chromasonic.companion.table import markdown_table, row_to_dict
from chromasonic.companion.training import train_all_models
from chromasonic.files import write_json, write_text
from chromasonic.training.run_directory import environment

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results/companions.json"
PAGE = ROOT / "docs/companion-results.md"

HEAD = f"""# The companion models beside their baselines

Written by `python benchmarks/companions.py`; the same tables come from
`chromasonic train companion --output runs/companion` and
`chromasonic evaluate companion runs/companion`.

{LEAD} Networks are of one training each (seed 0).
"""


def train_missing(run: Path) -> None:
    """Train the models that have no best checkpoint in the folder yet."""
    missing = [n for n in COMPANIONS if not (run / f"checkpoints/{n}_best.pt").is_file()]
    if missing:
        train_all_models(run, models=missing)


def section(results: ModelResults) -> str:
    """A model's table, and the baselines that it does not beat."""
    epoch = results.loaded.info.get("epoch")
    corpora = ", ".join(f"{m.name} ({m.licence})" for m in results.material.data.manifests)
    lost = [f"- {v.sentence}" for v in results.verdicts if not v.is_better]
    lines = [
        f"## {results.loaded.spec.title}",
        f"{results.loaded.spec.parameters:,} parameters, weights of epoch {epoch}. "
        f"Learned from {corpora}.",
        markdown_table(results.rows),
        "It does not beat the best baseline here:\n\n" + "\n".join(lost)
        if lost
        else "It beats the best of its baselines everywhere.",
    ]
    return "\n\n".join(lines)


def to_dict(evaluation: Evaluation) -> dict[str, object]:
    """Rows and what made them, without the paths of the machine."""
    where = environment(["python", "benchmarks/companions.py"])
    return {
        **where,
        "models": {
            name: {
                "epoch": results.loaded.info.get("epoch"),
                "fingerprints": {m.name: m.fingerprint for m in results.material.data.manifests},
                "rows": [row_to_dict(row) for row in results.rows],
            }
            for name, results in evaluation.models.items()
        },
    }


def main() -> None:
    """Train, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, default=Path("runs/companion"))
    run: Path = parser.parse_args().run
    train_missing(run)
    evaluation = evaluate_companions(run)
    update_cards(evaluation)
    write_report(evaluation, run / "results")
    write_json(RESULTS, to_dict(evaluation))
    sections = [section(results) for results in evaluation.models.values()]
    write_text(PAGE, "\n\n".join([HEAD.rstrip(), *sections]) + "\n")
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
