"""From what a demo trained, judged and wrote to the values of its report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chromasonic.evaluation.figure import Figure
from chromasonic.evaluation.report_data import (
    ReportCurves,
    ReportData,
    ReportModel,
    ReportRow,
    ReportTune,
)
from chromasonic.registry.licences import terms_of_corpus
from chromasonic.training.parameters import parameter_count
from chromasonic.training.run_directory import environment

if TYPE_CHECKING:
    from chromasonic.cli.demo_plan import DemoSettings
    from chromasonic.melody_generation.runs import MelodyRun, TrainedMelodyModel

BASELINE = "markov"

MODELS = {
    "lstm": ("LSTM", "A recurrent network: it reads a tune note by note and carries a memory."),
    "transformer": ("Transformer", "A network that looks back at all the notes before at once."),
    "markov": (
        "Markov",
        "No network: it counts which notes followed the last ones, longer memories first. "
        "The baseline to beat.",
    ),
}
"""Kind to its label and what it is."""

ROWS: tuple[tuple[str, str, str, str, str], ...] = (
    ("pitch_bits_per_note", "Pitch bits a note", "number", "lower",
     "What a note's pitch still costs when its rhythm is known."),
    ("rhythm_bits_per_note", "Rhythm bits a note", "number", "lower",
     "What its duration costs, rests and ties counted in."),
    ("accuracy", "Accuracy", "score", "higher",
     "Share of notes whose pitch was the likeliest of all; bar lines and durations not counted."),
    ("perplexity", "Pitch perplexity", "number", "lower",
     "Among how many equally likely pitches the model still hesitates."),
    ("diversity", "Diversity", "score", "",
     "How seldom its tunes repeat themselves and each other; as human tunes do is best."),
    ("coherence", "Coherence", "score", "higher",
     "How typical steps, leaps and rhythms are among human tunes."),
    ("musicality", "Musicality", "score", "higher",
     "How typical scale, phrases and endings are among human tunes."),
    ("overall_score", "Overall", "score", "higher",
     "Mean of accuracy, pitch certainty, diversity, coherence and musicality."),
)  # fmt: skip
"""Figure of a comparison, its title, how it is printed, which way is better, what it means."""

IN_RADAR = ("accuracy", "diversity", "coherence", "musicality", "overall_score")


def demo_report(
    settings: DemoSettings,
    run: MelodyRun,
    results: Mapping[str, Any],
    tunes: Sequence[ReportTune],
    seconds: float,
) -> ReportData:
    """The report of a demo.

    Args:
        settings: of the demo.
        run: what was trained.
        results: what `ModelComparison.compare_models` gave, by kind of model.
        tunes: generated and held-out ones.
        seconds: how long it all took so far.
    """
    manifest, sizes = run.data.manifest, run.data.sizes
    minutes = max(1, round(seconds / 60))
    return ReportData(
        title="Tunes by three small models",
        lead=f"An LSTM, a Transformer and a Markov model learned from {sizes['train']:,} tunes of "
        f"{manifest.title}. Here are tunes that they wrote, and what the models are worth on "
        f"{results['n_tunes']:,} tunes that none of them had seen. All of it took "
        f"{minutes} minute{'s' if minutes > 1 else ''}.",
        models=tuple(_model(kind, run.models[kind]) for kind in results["models"]),
        facts=_facts(run),
        verdicts=tuple(_verdicts(results, with_human=not is_generated(run))),
        curves=tuple(
            _curves(kind, trained)
            for kind, trained in run.models.items()
            if kind != BASELINE and kind in results["models"]
        ),
        rows=tuple(_rows(results, with_human=not is_generated(run))),
        pitch_bits=_figures("pitch_bits_per_note", results),
        pitch_bits_note=f"Bits that a note's pitch still costs when its rhythm is known: less is "
        f"better. {results['n_tunes']:,} test tunes, repeats not played out, one seed; the bars "
        "are 95% bootstrap intervals over tunes, the dotted line is the baseline. The tunes are "
        "the same for all models, so a paired difference is surer than these bars look.",
        tunes=tuple(tunes),
        remarks=tuple(manifest.remarks),
        colophon=_colophon(settings, run),
    )


def is_generated(run: MelodyRun) -> bool:
    """Whether the corpus was made by an algorithm, so that its held-out tunes are nobody's."""
    from chromasonic.data import CORPORA

    return CORPORA[run.data.manifest.name].kind == "generated"


def _model(kind: str, trained: TrainedMelodyModel) -> ReportModel:
    label, says = MODELS[kind]
    parameters = parameter_count(trained.model)
    seconds = sum(epoch.seconds for epoch in trained.history.epochs)
    if parameters:
        says += f" {parameters:,} parameters, {len(trained.history)} epochs in {_time(seconds)}."
    else:
        says += f" Counted in {_time(seconds)}."
    return ReportModel(
        name=kind,
        label=label,
        says=says,
        parameters=parameters,
        seconds=seconds,
        is_baseline=kind == BASELINE,
    )


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


def _facts(run: MelodyRun) -> tuple[tuple[str, str], ...]:
    manifest, sizes = run.data.manifest, run.data.sizes
    terms = terms_of_corpus(manifest)
    facts = [
        ("Corpus", f"{manifest.title} (`{manifest.name}`)"),
        ("Licence", f"{manifest.licence} {manifest.licence_url}".strip()),
        ("Weights may be shared", f"{terms.ships}. {terms.weights}"),
        ("From", manifest.url),
        ("Found", f"{manifest.found_at} ({manifest.found_by})"),
        ("Tunes read", ", ".join(f"{n:,} {name}" for name, n in manifest.counts.items())),
        ("Not read", _reasons(manifest.skipped_reasons)),
        ("Left out of training", _reasons(run.data.skipped)),
        (
            "Split by tune",
            f"{sizes['train']:,} to learn from, {sizes['validation']:,} to watch the training, "
            f"{sizes['test']:,} to judge by; near-duplicates on one side",
        ),
        ("Citation", manifest.citation),
        ("Fingerprint", f"`{manifest.fingerprint[:16]}`"),
    ]
    return tuple((term, text) for term, text in facts if text)


def _reasons(reasons: Mapping[str, int]) -> str:
    """Why tunes were left out, the most frequent reasons first."""
    if not reasons:
        return "none"
    shown = [f"{count:,} × {reason}" for reason, count in list(reasons.items())[:4]]
    others = sum(list(reasons.values())[4:])
    rest = f"; {others:,} for other reasons" if others else ""
    return f"{sum(reasons.values()):,}: " + "; ".join(shown) + rest


def _verdicts(results: Mapping[str, Any], *, with_human: bool) -> list[str]:
    """What the figures come to: each network beside the baseline, and what is copied."""
    lines = []
    bits = {kind: model["pitch_bits_per_note"] for kind, model in results["models"].items()}
    for test in results["paired_tests"]:
        pair = (test["first"], test["second"])
        if BASELINE not in pair:
            continue
        other = pair[0] if pair[1] == BASELINE else pair[1]
        sign = 1 if pair[0] == other else -1
        gap = test["difference"]
        ends = sorted(sign * gap[end] / bits[BASELINE] for end in ("low", "high"))
        share = sign * gap["value"] / bits[BASELINE]
        surely = "" if test["is_significant"] else " That is not more than chance would give."
        lines.append(
            f"The {MODELS[other][0]} needs {bits[other]:.2f} bits for a note's pitch, "
            f"{abs(share):.1%} {'less' if share < 0 else 'more'} than the Markov baseline's "
            f"{bits[BASELINE]:.2f} (95% interval {ends[0]:+.1%} to {ends[1]:+.1%}).{surely}"
        )
    copied = _copied_sentence(results, with_human=with_human)
    return [*lines, *([copied] if copied else [])]


def _copied_sentence(results: Mapping[str, Any], *, with_human: bool) -> str:
    parts, human, run_notes = [], None, 8
    for kind, model in results["models"].items():
        memorization = model.get("memorization")
        if memorization:
            share = memorization["generated"]["copied_share"]["value"]
            parts.append(f"{MODELS[kind][0]} {share:.0%}")
            human, run_notes = memorization["human"], memorization["generated"]["run_notes"]
    if not parts:
        return ""
    beside = (
        f"; of held-out human tunes {human['copied_share']['value']:.0%}"
        if human and with_human
        else ""
    )
    return (
        f"Of the notes that they wrote, so many stand in training tunes in runs of {run_notes} "
        f"or more: {', '.join(parts)}{beside}."
    )


def _curves(kind: str, trained: TrainedMelodyModel) -> ReportCurves:
    history = trained.history
    return ReportCurves(
        model=kind,
        train_loss=tuple(history.train_losses),
        val_loss=tuple(history.val_losses),
        val_accuracy=tuple(history.val_accuracies),
        learning_rate=tuple(history.learning_rates),
        best_epoch=history.best_epoch,
        findings=tuple((one.severity, one.says, one.advice) for one in trained.reading.findings),
    )


def _rows(results: Mapping[str, Any], *, with_human: bool) -> list[ReportRow]:
    human = (results.get("human") or {}).get("figures", {}) if with_human else {}
    rows = [
        ReportRow(
            title=title,
            says=says,
            figures=_figures(name, results),
            kind=kind,  # type: ignore[arg-type]
            better=better,  # type: ignore[arg-type]
            words={
                model: values["bands"][name]
                for model, values in results["models"].items()
                if name in values["bands"]
            },
            reference=Figure(**human[name]) if name in human else None,
            in_radar=name in IN_RADAR,
        )
        for name, title, kind, better, says in ROWS
    ]
    return [*rows, *_copied_row(results, with_human=with_human)]


def _copied_row(results: Mapping[str, Any], *, with_human: bool) -> list[ReportRow]:
    memorized = {k: m["memorization"] for k, m in results["models"].items() if m["memorization"]}
    if not memorized:
        return []
    human = next(iter(memorized.values()))["human"] if with_human else None
    return [
        ReportRow(
            title="Copied notes",
            says="Share of notes that stand in training tunes in runs of "
            f"{next(iter(memorized.values()))['generated']['run_notes']} or more, in any key.",
            figures={k: Figure(**m["generated"]["copied_share"]) for k, m in memorized.items()},
            kind="share",
            reference=Figure(**human["copied_share"]) if human else None,
        )
    ]


def _figures(name: str, results: Mapping[str, Any]) -> dict[str, Figure]:
    """A figure of every model; one that is a mean of others has no interval of its own."""
    figures = {}
    for kind, model in results["models"].items():
        if name in model["figures"]:
            figures[kind] = Figure(**model["figures"][name])
        elif name in model:
            reason = model["reasons"].get(name, "") if math.isnan(model[name]) else ""
            figures[kind] = Figure(value=model[name], n=model["n_tunes"], reason=reason)
    return figures


def _colophon(settings: DemoSettings, run: MelodyRun) -> tuple[tuple[str, str], ...]:
    there = environment()
    libraries = {"Chromasonic": there["code_version"], "Python": there["python"]}
    libraries |= there["libraries"]
    versions = ", ".join(f"{name} {version}" for name, version in libraries.items() if version)
    command = f"chromasonic demo --dataset {run.data.manifest.name} --seed {settings.seed}"
    command += f" --minutes {settings.minutes:g}"
    folder = run.directory.path
    return (
        ("The same again", f"`{command}`"),
        ("More tunes", f"`chromasonic generate {folder} --model lstm --bars 16 --seed 7 -o x.mid`"),
        ("Every figure", f"`{run.directory.comparison / 'model_comparison.json'}`"),
        ("What was trained how", f"`{folder / 'run.json'}`, `{folder / 'recipe.toml'}`"),
        ("Versions", versions),
    )
