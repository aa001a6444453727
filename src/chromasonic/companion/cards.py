"""Model cards: what a model is, learned from, and is worth, and how to make it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromasonic import files
from chromasonic.companion.features import INPUTS
from chromasonic.companion.spec import SPECS
from chromasonic.companion.table import markdown_table
from chromasonic.export.spec import ModelSpec
from chromasonic.registry import card_sections as sections
from chromasonic.registry.card_words import words_for
from chromasonic.registry.front_matter import front_matter, result, yaml_text
from chromasonic.registry.made_up import learned_from
from chromasonic.registry.markdown import escaped, fenced
from chromasonic.registry.metrics import figures_of
from chromasonic.registry.model import ModelFacts
from chromasonic.registry.reference import is_version_folder
from chromasonic.training.run_directory import RunDirectory

if TYPE_CHECKING:
    from chromasonic.companion.evaluating import Evaluation, ModelResults

CARDS, TASK = "cards", "companion"

MOST_WON = 8
"""So many victories are told one by one; defeats are all told."""


def card_path(run: RunDirectory, name: str) -> Path:
    """Where a model's card lies in an output folder."""
    return run.path / CARDS / f"{name}.md"


def write_card(run: RunDirectory, name: str, results: ModelResults | None = None) -> Path:
    """Write a model's card from what run.json and recipe.toml say.

    Args:
        run: the output folder.
        name: of the model.
        results: of an evaluation; without, the card says how to get them.

    Raises:
        StorageError: the card cannot be written.
    """
    return files.write_text(card_path(run, name), card_text(run, name, results))


def update_cards(evaluation: Evaluation) -> list[Path]:
    """Write the cards of models that were judged anew, where their output folder is there.

    A registered version stays as it is.

    Args:
        evaluation: its results stand in the cards then.
    """
    run = RunDirectory(evaluation.folder.parent)
    if not run.is_there or is_version_folder(run.path):
        return []
    facts = run.facts()
    return [
        write_card(run, name, results)
        for name, results in evaluation.models.items()
        if name in facts.get("data", {}) and name in facts.get("results", {})
    ]


def card_text(run: RunDirectory, name: str, results: ModelResults | None = None) -> str:
    """A model's card as Markdown, in the format of the Hugging Face hub."""
    spec, told = SPECS[name], run.facts()
    data, result = told["data"][name], told["results"][name]
    facts, words = _facts(run, told, name), words_for(TASK, name)
    training = {
        "Training Data": _data_text(data, facts),
        "Training Procedure": _training_text(result, run.recipe().get(name, {})),
        "How to Make It Again": _how_text(run, told, name),
    }
    return sections.page(
        yaml_text(front_matter(facts, name=name, tests=_test_results(facts, results))),
        spec.title,
        [
            ("", sections.made_up_text(facts)),
            ("", _what_it_is(spec)),
            ("Uses", sections.uses_text(facts, words)),
            ("Bias, Risks, and Limitations", sections.limits_text(facts, words)),
            ("Licence of the Weights", sections.weights_text(facts.corpora)),
            ("Training Details", sections.under(training)),
            ("Evaluation", _results_text(run, results)),
            ("For Plugins", _export_text(told.get("exports", {}).get(name))),
        ],
    )


def _facts(run: RunDirectory, told: Mapping[str, Any], name: str) -> ModelFacts:
    """The facts of a model that cards of every task are made of."""
    result = told["results"][name]
    return ModelFacts(
        task=TASK,
        kind=name,
        title=SPECS[name].title,
        parameters=result.get("parameters"),
        corpora=learned_from(told["data"][name]),
        seed=run.recipe().get(name, {}).get("training", {}).get("seed"),
        validation=result["validation"],
        headline=result.get("headline", ""),
    )


def _test_results(facts: ModelFacts, results: ModelResults | None) -> list[dict[str, Any]]:
    """What an evaluation found of the model on each test set, for the card's head."""
    rows = [] if results is None else [row for row in results.rows if not row.is_baseline]
    first = {row.test: row for row in reversed(rows) if ", test" in row.test}
    return [
        result(
            task=f"{facts.task} ({facts.kind.replace('_', ' ')})",
            dataset=row.test.partition(",")[0],
            title=row.test,
            split="test",
            figures=figures_of({key: figure.to_dict() for key, figure in row.figures.items()}),
        )
        for row in reversed(first.values())
    ]


def data_sentences(data: Mapping[str, Any]) -> list[str]:
    """What a model learned from, in sentences.

    Args:
        data: as `Material.to_dict` records it.
    """
    sizes = "; ".join(
        f"{part}: {counts['examples']:,} examples of {counts['pieces']:,} pieces"
        for part, counts in data["sizes"].items()
    )
    if data["is_synthetic"]:
        return [f"Made-up examples ({data['why_synthetic']}): {sizes}."]
    corpora = ", ".join(f"{corpus['title']} ({corpus['licence']})" for corpus in data["corpora"])
    share = data["settings"]["validation_split"]
    split = (
        "the corpora's own split"
        if share is None
        else f"train and validation divided anew by work (validation {share:g}, seed "
        f"{data['settings']['seed']}), the test part as the corpora have it"
    )
    ship = (
        "The licences let its weights be given away."
        if data["weights_may_ship"]
        else "The licences do not let its weights be shipped freely: see each corpus."
    )
    return [f"{corpora}; {split}. {sizes}.", ship]


def _what_it_is(spec: ModelSpec) -> str:
    layers = " → ".join(
        [str(spec.inputs)]
        + [
            f"{'LSTM' if layer.kind == 'lstm' else 'Dense'} {layer.size}"
            + (f" ({layer.activation})" if layer.activation else "")
            for layer in spec.layers
        ]
    )
    inputs = "\n".join(
        f"| {block.name} | {block.size} | {block.meaning} |" for block in INPUTS[spec.name]
    )
    state = {
        "stateless": "There is no state between steps.",
        "carry": "The recurrent state is carried from step to step, and set to 0 where the music "
        "stops or begins anew.",
    }[spec.state]
    return (
        f"{layers}; {spec.parameters:,} parameters ({spec.parameters * 4 / 2**20:.2f} MiB as "
        f"32-bit floats). A step: {spec.step}. {state}\n\n"
        f"| input | numbers | meaning |\n| --- | --- | --- |\n{inputs}"
    )


def _data_text(data: Mapping[str, Any], facts: ModelFacts) -> str:
    left_out = [
        f"{corpus['name']}: {n:,} left out ({why})."
        for corpus in data["corpora"]
        for why, n in corpus["skipped"].items()
    ]
    remarks = "\n".join(f"- {escaped(line)}" for line in (*left_out, *data["remarks"]))
    corpora = "" if data["is_synthetic"] else sections.corpora_text(facts.corpora)
    parts = (escaped(" ".join(data_sentences(data))), corpora, remarks)
    return "\n\n".join(part for part in parts if part)


def _training_text(result: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    settings = part.get("training", {})
    measured = ", ".join(
        f"{name.replace('_', ' ')} {value:.4g}"
        for name, value in result["validation"].items()
        if value is not None
    )
    return (
        f"Best epoch {result['best_epoch']} of {result['epochs']}"
        f"{' (stopped early)' if result['end'] == 'patience' else ''}, validation loss "
        f"{result['best_val_loss']:.4g}{f' ({measured})' if measured else ''}. Batches of "
        f"{settings.get('batch_size')}, rate {settings.get('learning_rate')} "
        f"({settings.get('scheduler')}), dropout {part.get('dropout')}, seed "
        f"{settings.get('seed')}."
    )


def _results_text(run: RunDirectory, results: ModelResults | None) -> str:
    if results is None or not results.rows:
        return f"Not judged yet: `chromasonic evaluate companion {shlex.quote(str(run.path))}`."
    lost = [verdict for verdict in results.verdicts if not verdict.is_better]
    won = [verdict for verdict in results.verdicts if verdict.is_better]
    words = []
    if lost:
        words.append("**It does not beat every baseline:**\n")
        words += [f"- {verdict.sentence}" for verdict in lost]
    if won:
        words.append("\nIt beats the best of its baselines here:\n" if lost else
                     "It beats the best of its baselines everywhere:\n")  # fmt: skip
        words += [f"- {verdict.sentence}" for verdict in won[:MOST_WON]]
        more = len(won) - MOST_WON
        words += [f"- and in {more} more figures of the table."] if more > 0 else []
    remarks = " ".join(results.remarks)
    table = markdown_table(results.rows)
    intro = "On the test part, with 95% intervals over pieces."
    return "\n\n".join(
        part for part in (f"{intro} {remarks}".strip(), table, "\n".join(words)) if part
    )


def _export_text(export: Mapping[str, Any] | None) -> str:
    """What was exported for plugins; "" where nothing was."""
    if export is None:
        return ""
    text = (
        f"`{export['file']}` (RTNeural JSON): {export['parameters']:,} numbers, "
        f"{export['size_bytes']:,} bytes. It was read again and compared with the trained model in "
        f"64-bit floats over {export['steps']} steps and several resets: no output differs by more "
        f"than {export['largest_difference']:.1e}."
    )
    notes = "\n".join(f"- {remark[0].upper()}{remark[1:]}." for remark in export["remarks"])
    return "\n\n".join(part for part in (text, notes) if part)


def _how_text(run: RunDirectory, facts: Mapping[str, Any], name: str) -> str:
    lines = (
        f"chromasonic train companion --recipe {shlex.quote(str(run.path / 'recipe.toml'))} "
        f"--models {name.partition('_')[0]} --output NEW_FOLDER\n"
        "chromasonic evaluate companion NEW_FOLDER"
    )
    return f"{fenced(lines)}\n\n{sections.code_text(facts)}"
