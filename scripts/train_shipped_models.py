"""Train the models that come with the package, and put them into it.

    python scripts/train_shipped_models.py                     # all of them: half an hour or so
    python scripts/train_shipped_models.py --only groove       # one
    python scripts/train_shipped_models.py --from-run runs/folk --only folk   # trained already
    python scripts/train_shipped_models.py --only folk --test  # and open the test part, once
    python scripts/train_shipped_models.py --tiny --output /tmp/shipped       # seconds, no music

Each is trained by recipes/shipped/NAME.toml on corpora whose licences let its weights be given
away. What music21 carries is read from there; --download fetches what else is not on this machine
(groove-midi, mcgill-billboard).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from chromasonic.errors import ChromasonicError
from chromasonic.registry.shipped import SHIPPED
from chromasonic.tasks.shipping import judge_shipped, ship
from chromasonic.tasks.shipping_plans import PLANS, Plan, plan_named
from chromasonic.tasks.shipping_training import measured, recipe_of, train_plan

RECIPES = Path(__file__).parents[1] / "recipes" / "shipped"


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", action="append", metavar="NAME", help="this one; repeat it")
    parser.add_argument("--output", type=Path, default=SHIPPED, help="the folder of all that ships")
    parser.add_argument("--runs", type=Path, help="keep the run directories here")
    parser.add_argument("--from-run", type=Path, help="with one --only: take this training")
    parser.add_argument("--download", action="store_true", help="fetch corpora that are not here")
    parser.add_argument("--tiny", action="store_true", help="train for seconds, to try the script")
    parser.add_argument("--test", action="store_true", help="measure the test part too")
    found = parser.parse_args(words)
    if found.tiny and found.output == SHIPPED:
        parser.error("--tiny needs an --output of its own: the package keeps what is good.")
    if found.from_run is not None and len(found.only or ()) != 1:
        parser.error("--from-run is the training of one model: name it with --only.")
    return found


def make(plan: Plan, wanted: argparse.Namespace, runs: Path) -> None:
    """Train one, put it in, measure it."""
    run = wanted.from_run
    if run is None:
        print(f"{plan.name}: training by {plan.recipe}", flush=True)
        recipe = recipe_of(plan, RECIPES, tiny=wanted.tiny)
        run = train_plan(plan, recipe, runs / plan.name, download=wanted.download)
    model = ship(run, plan, wanted.output)
    if not wanted.tiny:
        model = judge_shipped(plan, wanted.output, measured(plan, wanted.output, test=wanted.test))
    print(f"{plan.name}: {model.bytes:,} bytes in {model.folder}", flush=True)


def main(words: list[str] | None = None) -> int:
    """Make what was asked for; 1 where that fails."""
    wanted = arguments(words)
    try:
        plans = [plan_named(name) for name in wanted.only] if wanted.only else list(PLANS)
        with tempfile.TemporaryDirectory() as place:
            for plan in plans:
                make(plan, wanted, wanted.runs or Path(place))
    except ChromasonicError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
