"""Reads and runs the fenced blocks of documentation pages, as a reader would type them."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

# What a reader trains for minutes, a test trains for moments.
SMALLER = (
    (r"--epochs \d+", "--epochs 1"),
    (r"--num-sequences \d+", "--num-sequences 40"),
    (r"--batch-size \d+", "--batch-size 8"),
    (r"--hidden-size \d+", "--hidden-size 16"),
    (r"--num-layers \d+", "--num-layers 1"),
    (r"--device (mps|cuda)", "--device cpu"),
    (r"--episodes \d+", "--episodes 8"),
)
ALWAYS = {"--epochs": "1", "--num-sequences": "40", "--hidden-size": "16", "--num-layers": "1"}
# Companion models learn from a few made-up examples.
COMPANION = {"--synthetic": "", "--synthetic-examples": "12", "--epochs": "1", "--batch-size": "8"}
# Networks that write melodies are small: they are generated from and judged many times.
MELODY = {"--hidden-size": "16", "--num-layers": "1"}
JUDGED = {"--tunes": "3", "--bars": "4"}
# Harmonizers learn from two chorales.
HARMONIZER = {"--chorales": "2", "--episodes": "8", "--epochs": "1"}
# Gesture networks learn from a few made hands: 120 are each gesture once by each performer.
GESTURE = {"--movements": "60", "--size": "causal", "--epochs": "1"}
# A search makes two trials of a moment each, where the page names no recipe.
SEARCH = {"--trials": "2"}
SEARCHES = {
    "melody": "--dataset synthetic --set data.num_sequences=40 --set lstm.training.epochs=1",
    "companion": "--set groove_predictor.data.synthetic=true "
    "--set groove_predictor.data.synthetic_examples=12 --set groove_predictor.training.epochs=1",
    "gesture": "--set data.movements=60 --set training.epochs=1",
    "harmonizer": "--set chorales=2 --set simple.episodes=8",
}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        page: the page's path, relative to the repository.
        line: the line of its opening fence, from 1.
        language: the word after the fence.
        text: what stands between the fences.
    """

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str, language: str) -> list[Block]:
    """The blocks of one language on a page, in order.

    Args:
        page: path relative to the repository.
        language: such as "bash" or "python".
    """
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    found = re.finditer(r"^```(\w+)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [
        Block(page, text.count("\n", 0, match.start()) + 1, match[1], match[2])
        for match in found
        if match[1] == language
    ]


def commands(text: str) -> list[list[str]]:
    """The commands of a shell text as words: continued lines joined, comments taken out."""
    joined = re.sub(r"\\\n\s*", " ", text)
    words = (shlex.split(line, comments=True) for line in joined.splitlines())
    return [command for command in words if command]


def made_small(words: list[str]) -> list[str]:
    """A training command with the sizes of a test.

    Args:
        words: the command, split.
    """
    text = shlex.join(words)
    for pattern, replacement in SMALLER:
        text = re.sub(pattern, replacement, text)
    if "--resume" in words:  # goes on with more epochs than the one that the test made
        text = text.replace("--epochs 1", "--epochs 2")
    small = shlex.split(text)
    always: dict[str, str] = {}
    has_no_recipe = not {"--recipe", "--resume"} & set(small)
    if "train_models.py" in small:
        always = ALWAYS
    elif "train_all_models.py" in small or small[:3] == ["chromasonic", "train", "companion"]:
        always = {} if "--resume" in small else COMPANION
    elif small[:3] == ["chromasonic", "train", "melody"] and has_no_recipe:
        always = MELODY
    elif small[:3] == ["chromasonic", "evaluate", "melody"] or small[1:2] == ["compare"]:
        always = JUDGED
    elif small[:3] == ["chromasonic", "train", "harmonizer"] and "--resume" not in small:
        always = HARMONIZER
    elif small[:3] == ["chromasonic", "train", "gesture"]:
        always = {} if "--resume" in small else GESTURE
    elif small[:2] == ["chromasonic", "tune"]:
        small = shlex.split(re.sub(r"--trials \d+", "--trials 2", shlex.join(small)))
        always = SEARCH
        if has_no_recipe:
            small += shlex.split(SEARCHES[small[2]])
    for flag, value in always.items():
        if flag not in small:
            small += [flag, value] if value else [flag]
    return small


def run_python_script(script: Path, arguments: list[str], patch: pytest.MonkeyPatch) -> int:
    """Run a script as `python SCRIPT ARGUMENTS` would, in this process; its exit code."""
    patch.setattr(sys, "argv", [str(script), *arguments])
    return exit_code_of(lambda: runpy.run_path(str(script), run_name="__main__"))


def run_chromasonic(arguments: list[str], patch: pytest.MonkeyPatch) -> int:
    """Run `chromasonic ARGUMENTS` in this process; its exit code."""
    from chromasonic.cli.app import main

    patch.setattr(sys, "argv", ["chromasonic", *arguments])
    return exit_code_of(main)


def exit_code_of(run: Callable[[], object]) -> int:
    """The exit code with which `run` ends; 0 where it returns."""
    try:
        run()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return 0


def run_shell_block(block: Block, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Run a block's commands one after the other.

    Args:
        block: of language bash.
        folder: where the reader's shell stands.
        patch: undone after the test.

    Raises:
        AssertionError: a command fails, or is none that a page may use.
    """
    patch.chdir(folder)
    for words in commands(block.text):
        run_command(made_small(words), patch, where=f"{block}: {shlex.join(words)}")


def run_command(words: list[str], patch: pytest.MonkeyPatch, *, where: str) -> None:
    """Run one command of a page; see `run_shell_block`."""
    match words:
        case ["python", script, *arguments]:
            assert run_python_script(REPOSITORY / script, arguments, patch) == 0, where
        case ["chromasonic" | ".venv/bin/chromasonic", *arguments]:
            assert run_chromasonic(arguments, patch) == 0, where
        case ["open" | "cat", path]:
            assert Path(path).stat().st_size > 0, where
        case ["cp", source, target]:
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
        case ["cd", "chromasonic"] | ["git", "clone", _]:
            pass  # the reader then stands where the test stands
        case ["make", target, *_]:
            makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
            assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), where
        case ["source", path]:
            assert path == ".venv/bin/activate", where
        case ["export", setting]:
            name, _, _ = setting.partition("=")
            assert name in {"CHROMASONIC_DATA", "CHROMASONIC_CACHE", "CHROMASONIC_REGISTRY"}, where
        case _:
            pytest.fail(f"{where}: the documentation test knows no such command")
