"""`chromasonic ab create`, `list`, `show`, `assign`, `vote`, `close`, `export`, `verify`, ..."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from chromasonic.abtest.counted import counted
from chromasonic.cli.ab_invite import invite
from chromasonic.cli.ab_online_tables import (
    print_experiments,
    print_plan,
    print_reading,
    print_simulated,
)
from chromasonic.cli.ab_pair import pair
from chromasonic.files import json_text

Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the experiment.")]
Listener = Annotated[str, typer.Argument(metavar="LISTENER", help="An id, such as a cookie.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def create(
    name: Name,
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="A B...", help="Versions (NAME@VERSION), paths, sounds:NAME; two or more."
        ),
    ],
    clips: Annotated[
        Path | None,
        typer.Option(help="A folder with A/, B/, ... of sound or MIDI files of the same names."),
    ] = None,
    items: Annotated[
        int, typer.Option(help="Without --clips: so many seeds that each version plays.")
    ] = 12,
    clip_seconds: Annotated[float, typer.Option(help="Without --clips: how long it plays.")] = 8.0,
    trials: Annotated[
        int | None, typer.Option(help="Pairs for each listener; left out: 10, or all items.")
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(help="Of them asked again, sides swapped; left out: 2, or all there are."),
    ] = None,
    anchor: Annotated[
        str | None,
        typer.Option(help="What lies in the clips' folder anchor/, such as 'tunes by people'."),
    ] = None,
    anchors: Annotated[int, typer.Option(help="Pairs with the anchor for each listener.")] = 2,
    question: Annotated[
        str, typer.Option(help="What listeners are asked.")
    ] = "Which of the two do you like better?",
    alpha: Annotated[
        float, typer.Option(help="Chance of a false alarm, however often one looks.")
    ] = 0.05,
    margin: Annotated[
        float, typer.Option(help="A preference nearer to one half counts as no difference.")
    ] = 0.1,
    max_votes: Annotated[int, typer.Option(help="When to stop in any case.")] = 2_000,
    per_address: Annotated[
        int, typer.Option(help="More listeners than this from one address are set apart.")
    ] = 5,
    heard_share: Annotated[
        float,
        typer.Option(help="Of each clip to be heard before a vote; 0: votes on paper, no clock."),
    ] = 0.5,
    salt: Annotated[
        str | None, typer.Option(help="Makes the assignment; left out: random characters.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set up a listening experiment between versions; from then on it is fixed.

    Versions are pinned by number and hash. Experiments are kept in experiments.db in the registry's
    folder, or where CHROMASONIC_EXPERIMENTS says (a file, or postgresql://USER@HOST/NAME).

    Examples:

    \b
      chromasonic ab create folk-or-not folk@1 folk@champion --clips clips
      chromasonic ab create bows sounds:gut sounds:steel --clips clips
      chromasonic ab create three runs/a runs/b runs/c --items 20 --trials 12
    """  # fmt: skip
    import secrets

    from chromasonic.abtest.clips import items_in, seeded_items
    from chromasonic.abtest.design import Arm, Design
    from chromasonic.abtest.experiments import Experiments
    from chromasonic.abtest.guards import GuardRules
    from chromasonic.abtest.pinning import ANCHOR, check_different, hold, pinned

    arms = pinned(models, clips=clips)
    if clips is None:
        check_different(arms)
    labels = [arm.label for arm in arms] + ([ANCHOR] if anchor else [])
    if clips is None:
        found = seeded_items(items, labels, duration_ms=round(1000 * clip_seconds))
    else:
        found = items_in(clips, labels)
    pairs = min(10, len(found)) if trials is None else trials
    design = Design(
        name=name, arms=arms, items=found, salt=salt or secrets.token_hex(16), question=question,
        trials=pairs, repeats=min(2, pairs) if repeats is None else repeats,
        anchor=Arm(label=ANCHOR, version=anchor) if anchor else None,
        anchors=anchors if anchor else 0, alpha=alpha, margin=margin, max_votes=max_votes,
        guards=GuardRules(listeners_per_address=per_address, heard_share=heard_share),
    )  # fmt: skip
    with Experiments() as experiments:
        experiment = experiments.create(design)
        hold(design)
        where = experiments.store.shown
    if as_json:
        typer.echo(json_text({"experiment": name, "where": where, "design": design.to_dict()}))
        return
    typer.echo(f"Experiment '{experiment.name}' takes votes; it is kept in {where}.")
    for arm in arms:
        twin = next((one.label for one in arms if one != arm and one.sha256 == arm.sha256), None)
        same = f", the same files as {twin}" if twin else ""
        typer.echo(f"  {arm.label}  {arm.version}  sha256 {arm.sha256[:12]}{same}")
    typer.echo(
        f"{counted(len(found), 'item')}; each listener: {counted(design.trials, 'pair')}, "
        f"{design.repeats} of them "
        f"twice{f', {design.anchors} with {anchor}' if anchor else ''}."
    )
    if clips is not None:
        typer.echo(f"Next, a link for listeners: chromasonic ab invite {name} --clips {clips}")


def list_experiments(as_json: AsJson = False) -> None:
    """List experiments: versions, votes, whether they take more.

    Examples:

    \b
      chromasonic ab list
      chromasonic ab list --json
    """
    from chromasonic.abtest.experiments import Experiments

    with Experiments() as experiments:
        found = experiments.all()
        if as_json:
            rows = [
                {
                    "name": one.name, "status": one.status, "votes": one.votes_cast,
                    "versions": [arm.version for arm in one.design.arms],
                    "created_at": one.created_at, "closed_at": one.closed_at,
                    "closed_because": one.closed_because,
                }
                for one in found
            ]  # fmt: skip
            typer.echo(json_text(rows))
        else:
            print_experiments(found, where=experiments.store.shown)


def show(
    name: Name,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A picture: .png, .svg or .pdf."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what the votes say by now, as often as you like, and whether to stop.

    Looking is always allowed: the interval and the p-value hold at every moment at once. See
    docs/ab-online.md.

    Examples:

    \b
      chromasonic ab show folk-or-not
      chromasonic ab show folk-or-not --output folk-or-not.png
    """
    from chromasonic.abtest.experiments import Experiments
    from chromasonic.abtest.pinning import changed

    with Experiments() as experiments:
        experiment = experiments.get(name)
        reading = experiment.reading()
        where = experiments.store.shown
        damage = experiment.damage()
    if output is not None:
        from chromasonic.abtest.reading_picture import draw_reading

        draw_reading(reading, output)
    if as_json:
        told = {"status": experiment.status, "where": where, "damage": damage}
        typer.echo(json_text({**reading.to_dict(), **told}))
        return
    if damage:
        typer.echo(f"Warning: {damage} What follows rests on what is left.", err=True)
    print_reading(experiment, reading)
    for line in changed(experiment.design):
        typer.echo(f"Note: {line}.", err=True)
    if output is not None:
        typer.echo(f"Written: {output}")


def assign(
    name: Name,
    listener: Listener,
    only_next: Annotated[bool, typer.Option("--next", help="Only the next open pair.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a listener hears and in which order: always the same for the same id.

    Examples:

    \b
      chromasonic ab assign folk-or-not listener-7
      chromasonic ab assign folk-or-not listener-7 --next --json
    """
    from dataclasses import asdict

    from chromasonic.abtest.experiments import Experiments

    with Experiments() as experiments:
        experiment = experiments.get(name)
        upcoming = experiment.next_trial(listener)
        trials = experiment.plan(listener)
    if only_next:
        trials = () if upcoming is None else (upcoming,)
    if as_json:
        typer.echo(json_text([asdict(trial) for trial in trials]))
    else:
        print_plan(trials, upcoming)


def vote(
    name: Name,
    listener: Listener,
    choice: Annotated[str, typer.Argument(help="first, second or neither, by what was heard.")],
    token: Annotated[
        str | None, typer.Option(help="Of the pair; left out: the next open one.")
    ] = None,
    confidence: Annotated[int, typer.Option(help="1 (a guess), 2 or 3 (sure).")] = 2,
    heard: Annotated[
        tuple[int, int], typer.Option(help="Milliseconds that the first and the second played.")
    ] = (0, 0),
    as_json: AsJson = False,
) -> None:
    """Cast a vote on a listener's next pair, or on the pair of --token.

    Given again without --token it is a vote on the pair after that; with it, a vote sent twice is
    stored once. A page calls the library instead; this is for trying things out, and for votes on
    paper (an experiment made with --heard-share 0, as typing them in takes no time).

    Examples:

    \b
      chromasonic ab vote folk-or-not listener-7 first --heard 8000 8000
      chromasonic ab vote folk-or-not listener-7 neither --confidence 1 --heard 8000 8000
    """
    from chromasonic.abtest.experiments import Experiments
    from chromasonic.abtest.guards import flags
    from chromasonic.abtest.vote import Answer

    answer = Answer(choice=choice, confidence=confidence, heard_ms=heard)
    with Experiments() as experiments:
        experiment = experiments.get(name)
        if token is None:
            upcoming = experiment.next_trial(listener)
            if upcoming is None:
                typer.echo(f"Listener '{listener}' has voted on every pair of '{name}'.")
                return
            token = upcoming.token
        receipt = experiment.cast(listener, token, answer)
        found = flags(experiment.votes(), experiment.design.guards)
    if as_json:
        typer.echo(json_text({**receipt.vote.to_dict(), "is_new": receipt.is_new}))
        return
    cast = receipt.vote
    state = "stored" if receipt.is_new else "was stored before"
    typer.echo(f"Vote {cast.number} {state}: trial {cast.trial + 1}, {cast.item}, '{cast.choice}'.")
    for flag in found:
        if cast.number in flag.votes:
            typer.echo(f"Note: it is set apart, not in the result: {flag.reason}.", err=True)


def close(
    name: Name,
    because: Annotated[str, typer.Option(help="Kept with the experiment.")] = "closed by hand",
) -> None:
    """Take no votes any more, for good.

    The secret that addresses were hashed with is thrown away.

    Examples:

    \b
      chromasonic ab close folk-or-not --because "settled after 480 votes"
    """
    from chromasonic.abtest.experiments import Experiments
    from chromasonic.abtest.pinning import release

    with Experiments() as experiments:
        experiment = experiments.get(name).close_for_good(because)
        release(experiment.design)
    typer.echo(
        f"Experiment '{name}' is closed since {experiment.closed_at[:16]} UTC "
        f"({experiment.closed_because}), with {experiment.votes_cast} votes."
    )


def export(
    name: Name,
    output: Annotated[Path, typer.Option("--output", "-o", help="A .csv or .json file.")],
) -> None:
    """Write all votes, for anybody's own analysis: no personal data is in them.

    Votes that a rule sets apart are there, with the rule's name. The JSON document has the design
    and the reading too.

    Examples:

    \b
      chromasonic ab export folk-or-not --output votes.csv
      chromasonic ab export folk-or-not --output folk-or-not.json
    """
    from chromasonic.abtest.experiments import Experiments
    from chromasonic.abtest.vote_export import check_ending, export_votes

    check_ending(output)
    with Experiments() as experiments:
        experiment = experiments.get(name)
        export_votes(experiment, output)
    typer.echo(f"Written: {output} ({experiment.votes_cast} votes)")


def verify(name: Name) -> None:
    """See that no vote was changed or removed behind the experiment's back.

    Examples:

    \b
      chromasonic ab verify folk-or-not
    """
    from chromasonic.abtest.experiments import Experiments

    with Experiments() as experiments:
        experiment = experiments.get(name)
        count = experiment.verify()
    typer.echo(f"{count} votes, each as it was cast; the chain ends in {experiment.head[:16]}.")


def simulate(
    preference: Annotated[float, typer.Option(help="Share of votes for one version.")] = 0.6,
    trials: Annotated[int, typer.Option(help="Pairs for each listener.")] = 10,
    alike: Annotated[
        float, typer.Option(help="Correlation of one listener's votes, 0 to 0.99.")
    ] = 0.1,
    experiments: Annotated[int, typer.Option(help="How many are made up.")] = 500,
    max_votes: Annotated[int, typer.Option(help="When each ends.")] = 1_000,
    alpha: Annotated[float, typer.Option(help="Chance of a false alarm.")] = 0.05,
    seed: Annotated[int, typer.Option(help="Of everything by chance.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Say how many votes a preference takes to be seen, with made-up listeners.

    At --preference 0.5 there is none: what is seen then are false alarms.

    Examples:

    \b
      chromasonic ab simulate --preference 0.6 --trials 5
      chromasonic ab simulate --preference 0.5 --alike 0.3
    """
    from chromasonic.abtest.simulation import World
    from chromasonic.abtest.simulation import simulate as run

    world = World(preference=preference, trials=trials, alike=alike)
    found = run(world, experiments=experiments, max_votes=max_votes, alpha=alpha, seed=seed)
    if as_json:
        typer.echo(json_text(found.summary(alpha=alpha)))
    else:
        print_simulated(found.summary(alpha=alpha))


VERBS: dict[str, Callable[..., Any]] = {
    "pair": pair,
    "create": create,
    "invite": invite,
    "list": list_experiments,
    "show": show,
    "assign": assign,
    "vote": vote,
    "close": close,
    "export": export,
    "verify": verify,
    "simulate": simulate,
}
"""Name on the command line to what it runs."""
