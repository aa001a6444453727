"""What the form of a new training asks for, by task and kind of model, in a musician's words.

A field is the dotted name of a value in the recipe; "*" stands for the kind, and stays where a
training makes several kinds: it then means each of them. Values are those of the default recipes;
None is "each its own", or what the recipe leaves open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chromasonic.errors import ConfigError

ALL = "all"
"""The kind that is every kind of its task, one after the other."""
MADE_UP = "made-up"
"""What a companion learns from in place of corpora."""
TITLES = {
    "lstm": "LSTM",
    "transformer": "Transformer",
    "markov": "Markov model",
    "emotion_recognizer": "Emotion",
    "melody_transformer": "Melody",
    "harmony_predictor": "Harmony",
    "dynamics_engine": "Dynamics",
    "groove_predictor": "Groove",
    "simple": "Simple: two voices",
    "advanced": "Advanced: four voices",
    "hybrid": "Hybrid: four voices, with a network",
    "plain": "Plain",
    "fused": "Fused",
    "compact": "Compact",
    "causal": "Causal",
}
ABOUT = {
    "lstm": "Reads a tune note by note and remembers. The best all-round choice.",
    "transformer": "Looks back at every note at once. Slower to train.",
    "markov": "Counts what follows what. Ready in seconds, and the baseline to beat.",
    "emotion_recognizer": "Hears how a sound feels: calm or excited, glad or sad.",
    "melody_transformer": "Says the next note of a tune while it is played.",
    "harmony_predictor": "Says the next chord.",
    "dynamics_engine": "Says how loud each step of a bar is played.",
    "groove_predictor": "Plays drums as drummers do: louder, softer, early, late.",
    "simple": "A second voice in contrary motion.",
    "advanced": "Learns from its mistakes, chorale by chorale; some three minutes.",
    "hybrid": "Reads Bach first, then practises the rules. By far the slowest.",
    "plain": "Large: for big corpora, or a graphics card.",
    "fused": "Larger still: looks near and far at once. Wants a graphics card.",
    "compact": "Small and quick. Best to begin with.",
    "causal": "Answers while you still move.",
}
EVERY = {
    "melody": ("All three", "One after the other on the same tunes, to lay over each other."),
    "companion": ("All five", "One after the other: what a plugin loads together."),
    "harmonizer": ("All three", "One after the other, into one folder. Takes long."),
}
"""Task to what training all its kinds at once is called."""
SEEN, UNSEEN, OFFICIAL, EACH = "seen", "unseen", "official", "each"
EPOCHS = ("Epochs", "Passes over the training part, at most.", 1)
PATIENCE = ("Patience", "Epochs without progress before it stops; 0: never.", 1)
RATE = ("Learning rate", "The highest rate of its schedule.", 0.0001)
SEED = ("Seed", "The same seed gives the same model.", 1)
# Dotted name -> label, what it does, step. The first four of a kind are shown at once.
NUMBERS: dict[str, tuple[str, str, float]] = {
    "*.training.epochs": EPOCHS,
    "training.epochs": EPOCHS,
    "*.training.patience": PATIENCE,
    "training.patience": PATIENCE,
    "*.episodes": ("Episodes", "Chorales that the agent practises.", 1),
    "*.beats_epochs": ("Epochs on beats", "Passes over the chorales, beat by beat.", 1),
    "*.sixteenths_epochs": ("Epochs on sixteenths", "Passes over them in sixteenths.", 1),
    "chorales": ("Chorales", "Only so many, for a quick trial; 0: all.", 1),
    "*.training.batch_size": ("Batch", "Examples of one update.", 1),
    "training.batch_size": ("Batch", "Recordings of one update.", 1),
    "*.training.learning_rate": RATE,
    "training.learning_rate": RATE,
    "*.model.hidden_size": ("Hidden size", "Numbers that stand for a note inside.", 8),
    "*.model.num_layers": ("Layers", "One upon the other.", 1),
    "*.model.dropout": ("Dropout", "Share of them left out while learning.", 0.05),
    "network.dropout": ("Dropout", "Share of features left out while learning.", 0.05),
    "*.model.pitch_order": ("Pitch order", "Pitches that it looks back.", 1),
    "*.model.rhythm_order": ("Rhythm order", "Durations that it looks back.", 1),
    "data.min_melody_length": ("Shortest tune", "Notes; shorter tunes are left out.", 1),
    "data.max_melody_length": ("Longest tune", "Notes; longer ones are cut at a bar; 0: none.", 1),
    "data.window": ("Window", "Notes and bar lines read at once, each a token or two.", 1),
    "data.test_share": ("Test share", "Of the recordings, kept to judge by.", 0.05),
    "data.validation_share": ("Validation share", "Of the rest; chooses the best epoch.", 0.05),
    "features.rate_hz": ("Frames a second", "That it reads; 0: as recorded.", 1),
    "*.data.validation_split": (
        "Validation share", "Drawn anew; empty: as the corpora are divided.", 0.05,
    ),
    "*.training.warmup_steps": ("Warm-up", "Updates in which the rate climbs.", 1),
    "*.training.weight_decay": ("Weight decay", "Pulls weights towards 0.", 0.001),
    "*.training.grad_clip": ("Longest gradient", "That passes; 0: any.", 0.1),
    "*.training.label_smoothing": ("Label smoothing", "0 to below 1.", 0.01),
    "*.training.average_decay": ("Averaging", "Of the weights, such as 0.999; 0: none.", 0.001),
    "*.training.accumulation": ("Shares of a batch", "More of them save memory.", 1),
    "*.training.seed": SEED,
    "training.seed": SEED,
    "*.seed": SEED,
}  # fmt: skip
SCHEDULER = (
    "How the rate falls",
    "While it learns.",
    {"cosine": "smoothly, to the end", "reduce_on_plateau": "where it stands still",
     "step": "in steps"},
)  # fmt: skip
# Dotted name -> label, what it does, value -> words.
CHOICES: dict[str, tuple[str, str, dict[Any, str]]] = {
    "data.protocol": (
        "Judged by",
        "What is kept to judge by, and not learned from.",
        {SEEN: "other recordings of the same people", UNSEEN: "one person whom it never saw",
         EACH: "each person in turn, whom it never saw",
         OFFICIAL: "the corpus's own test part"},
    ),
    "data.transpose": (
        "Keys", "Of the tunes while it learns.",
        {False: "as they are written", True: "random: each tune in other keys"},
    ),
    "data.expand_repeats": (
        "Repeats", "Of the tunes.", {False: "as they are written", True: "played out"},
    ),
    "*.training.scheduler": SCHEDULER,
    "training.scheduler": SCHEDULER,
}  # fmt: skip
MADE_COUNT = ("Tunes to make", "0 makes their usual number.", 1)
MADE_MOVEMENTS = ("Movements to make", "0 makes their usual number.", 1)
MISSING = object()


def kind_offered(task: str, kind: str) -> dict[str, Any]:
    """A kind of model with its fields.

    Args:
        task: melody, companion, harmonizer or gesture.
        kind: of the task, or `ALL` of them.
    """
    from chromasonic.tasks.table import task_named

    kinds = task_named(task).kinds if kind == ALL else (kind,)
    recipe = task_named(task).default_recipe(kinds)
    fields = []
    for pattern, (label, says, step) in NUMBERS.items():
        value = common_value(recipe, pattern, kinds)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            fields.append(_number(_key(pattern, kinds), label, says, step, value))
    fields += [
        {"key": _key(pattern, kinds), "label": label, "says": says, "type": "choice",
         "value": common_value(recipe, pattern, kinds),
         "options": [[value, words] for value, words in options.items()],
         "is_main": pattern == "data.protocol"}
        for pattern, (label, says, options) in CHOICES.items()
        if common_value(recipe, pattern, kinds) is not MISSING
    ]  # fmt: skip
    fields += _of_made_examples(task, kinds)
    title, about = EVERY[task] if kind == ALL else (TITLES.get(kind, kind), ABOUT.get(kind, ""))
    return {
        "kind": kind, "title": title, "about": about, "fields": fields,
        "epochs": {one: epochs for one in kinds if (epochs := _epochs(recipe, one))},
        "begins": task in ("melody", "gesture") and kind not in ("markov", ALL),
    }  # fmt: skip


def _of_made_examples(task: str, kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    made = []
    if task == "melody":
        made = [_number("data.num_sequences", *MADE_COUNT, 0)]
    elif task == "gesture":
        made = [_number("data.movements", *MADE_MOVEMENTS, 0)]
    elif task == "companion":
        key = _key("*.data.synthetic_examples", kinds)
        made = [_number(key, "Examples to make", "0: enough.", 1, 0)]
    return [{**field, "is_made": True} for field in made]


def _number(key: str, label: str, says: str, step: float, value: Any) -> dict[str, Any]:
    is_whole = isinstance(value, int) or (value is None and step == 1)
    return {
        "key": key, "label": label, "says": says, "type": "number", "step": step, "value": value,
        "is_whole": is_whole,
    }  # fmt: skip


def _key(pattern: str, kinds: tuple[str, ...]) -> str:
    return pattern.replace("*", kinds[0]) if len(kinds) == 1 else pattern


def _epochs(recipe: Mapping[str, Any], kind: str) -> int:
    """Passes that a kind makes at most, by its default; 0 where it is not trained in passes."""
    for key in (f"{kind}.training.epochs", "training.epochs"):
        value = value_at(recipe, key)
        if value is not MISSING:
            return int(value)
    return 0


def common_value(recipe: Mapping[str, Any], pattern: str, kinds: tuple[str, ...]) -> Any:
    """What a recipe says for all kinds: None where they differ, `MISSING` where none has it."""
    found = [value_at(recipe, pattern.replace("*", kind)) for kind in kinds]
    found = [value for value in found if value is not MISSING]
    if not found:
        return MISSING
    return found[0] if all(value == found[0] for value in found) else None


def value_at(table: Mapping[str, Any], key: str) -> Any:
    """A value by its dotted name; `MISSING` where there is none."""
    value: Any = table
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return MISSING
        value = value[part]
    return value


def set_value(table: dict[str, Any], key: str, value: Any) -> None:
    """Set a value by its dotted name; with "*" in every table that has it."""
    first, _, rest = key.partition(".")
    if first == "*":
        for part in table.values():
            if isinstance(part, dict) and value_at(part, rest) is not MISSING:
                set_value(part, rest, value)
        return
    if rest:
        set_value(table[first], rest, value)
    else:
        table[first] = value


def typed(value: Any, field: Mapping[str, Any]) -> Any:
    """A value that the form sent, as its field takes it.

    Raises:
        ConfigError: it is none that the field takes.
    """
    label = field["label"]
    if value is None:
        raise ConfigError(f"{label} is empty; allowed: a value.")
    if field["type"] == "choice":
        allowed = [one for one, _ in field["options"]]
        if value not in allowed:
            raise ConfigError(f"{label} is {value!r}; allowed: {', '.join(map(str, allowed))}.")
        return allowed[allowed.index(value)]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError(f"{label} is {value!r}; allowed: a number.")
    if field["is_whole"] and value != int(value):
        raise ConfigError(f"{label} is {value}; allowed: whole numbers.")
    return int(value) if field["is_whole"] else float(value)


def in_form_words(text: str) -> str:
    """A terminal's advice in the form's words: "--learning-rate 0.003" is "“Learning rate” 0.003".

    A command to type stays one.
    """
    if "chromasonic " in text:
        return text
    labels = {key.rpartition(".")[2]: label for key, (label, *_) in NUMBERS.items()}

    def word(flag: re.Match[str]) -> str:
        label = labels.get(flag[1].replace("-", "_"))
        return f"“{label}”" if label else flag[1].replace("-", " ")

    return re.sub(r"--([a-z][a-z-]*)", word, text)
