"""What is said of each kind of model on its card: what it is for, what not, what it cannot do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CardWords:
    """The words for one kind of model.

    Attributes:
        title: of the kind, as people call it.
        summary: what goes in and what comes out, in a sentence or two.
        uses: what it is made for.
        not_for: what it must not be taken for.
        limits: what it cannot do, or does badly by its making.
        commands: command lines that use it; MODEL stands for the model.
        tags: for the hub's search, besides those of all models.
        exports: the formats that it can be written in for other programs.
    """

    title: str
    summary: str
    uses: tuple[str, ...]
    not_for: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()


_ALL_NOT_FOR = "saying who wrote or played something, or what a listener feels: it knows neither"
_PLUGIN = "running inside an audio callback, exported, in a plugin or a game"


def _melody(title: str, how: str, *limits: str, exports: tuple[str, ...]) -> CardWords:
    return CardWords(
        title=title,
        summary=(
            "One-voice tunes, token by token: metre, mode, then each note's duration and pitch. "
            f"{how}"
        ),
        uses=(
            "writing tunes in the manner of its corpus, as a start for somebody who goes on",
            "telling how likely a tune is, note by note",
            "a baseline beside which other melody models are judged",
        ),
        not_for=(
            "passing its tunes off as new before comparing: it may write down what it has read",
            _ALL_NOT_FOR,
        ),
        limits=(
            "one voice, no chords, no dynamics, no expressive timing",
            "pitches are counted from the tonic; keys are put on afterwards",
            "other styles than its corpus surprise it, and it says nothing of their worth",
            *limits,
        ),
        commands=(
            "chromasonic generate MODEL --bars 16 --seed 7 --output tune.mid",
            "chromasonic evaluate melody MODEL",
        ),
        tags=("symbolic-music", "melody", "music-generation"),
        exports=exports,
    )


def _companion(
    title: str, summary: str, use: str, *limits: str, command: str = "", tags: tuple[str, ...] = ()
) -> CardWords:
    return CardWords(
        title=title,
        summary=summary,
        uses=(use, _PLUGIN),
        not_for=(_ALL_NOT_FOR,),
        limits=limits,
        commands=tuple(
            line
            for line in (
                command,
                "chromasonic evaluate companion MODEL",
                "chromasonic export MODEL --format rtneural --output plugin",
            )
            if line
        ),
        tags=("real-time", "rtneural", *tags),
        exports=("rtneural", "onnx", "modelt"),
    )


def _harmonizer(agent: str, summary: str, *limits: str) -> CardWords:
    return CardWords(
        title=f"{agent.capitalize()} harmonizer",
        summary=summary,
        uses=(
            "a first setting of a tune, with its numerals and every broken rule told",
            "teaching: what a rule costs, and what the exact search finds beside it",
        ),
        not_for=("counterpoint as Bach wrote it: it is rewarded for rules, and Bach breaks them",),
        limits=(
            "the rules are those of four-part chorales in major and minor",
            "one chord a beat or longer, of tunes that fit a soprano",
            *limits,
        ),
        commands=(
            f'chromasonic harmonize "C4 D4 E4 F4 G4:2 E4 C4" --agent {agent} --models MODEL',
        ),
        tags=("harmonization", "reinforcement-learning", "symbolic-music"),
    )


_NO_STATE = "it reads one bar and knows nothing of the one before"
_GESTURE = CardWords(
    title="Gesture network",
    summary=(
        "A performer's movement, landmarks frame by frame, to one of its classes: graph "
        "convolutions over the skeleton, an LSTM over the frames, a classifier."
    ),
    uses=(
        "playing music by movements: an event that a mapping turns into notes or controllers",
        "telling recorded movements of its classes apart",
    ),
    not_for=(
        "telling people apart, or watching them without their word",
        "anything that a false answer makes dangerous: it always names some class",
    ),
    limits=(
        "it knows the classes, the skeleton and the sensors of its corpus alone",
        "performers that it has not seen are harder: read of which protocol a figure is",
    ),
    commands=(
        "chromasonic gesture recognize RECORDING --model MODEL",
        "chromasonic export MODEL --format onnx --output plugin",
    ),
    tags=("gesture-recognition", "skeleton", "graph-neural-network"),
    exports=("onnx",),
)

WORDS: dict[str, dict[str, CardWords]] = {
    "melody": {
        "lstm": _melody("Melody LSTM", "A recurrent network.", exports=("onnx",)),
        "transformer": _melody(
            "Melody Transformer",
            "A decoder with attention over the tune so far.",
            exports=("onnx",),
        ),
        "markov": _melody(
            "Melody Markov model",
            "Counts of what followed what, blended over orders.",
            "it is no network: nothing exports it for plugins",
            exports=(),
        ),
    },
    "companion": {
        "all": CardWords(
            title="Companion models",
            summary="Five small networks for real time, as one set: emotion, melody, harmony, "
            "dynamics, groove.",
            uses=(
                "playing along: steering, chords, melody and feel in a plugin or a game",
                _PLUGIN,
            ),
            not_for=(_ALL_NOT_FOR,),
            limits=(
                "each has limits of its own: see the cards of the single models",
                "the strictest licence of any of them holds for the set",
            ),
            commands=(
                "chromasonic evaluate companion MODEL",
                "chromasonic export MODEL --format rtneural --output plugin",
            ),
            tags=("real-time", "rtneural"),
            exports=("rtneural", "onnx", "modelt"),
        ),
        "emotion_recognizer": _companion(
            "EmotionRecognizer",
            "A frame of 128 log-mel bands, ten a second, to a distribution over 8 x 8 cells of the "
            "plane of valence and arousal.",
            "steering other models by the mood of what sounds",
            "the mean of listeners' labels, not anybody's own feeling",
            "piano music mostly: see the corpora",
            tags=("emotion-recognition", "audio"),
        ),
        "melody_transformer": _companion(
            "MelodyTransformer",
            "The last note and where we are, to a distribution over the next note's pitch. Its "
            "name is historical: it is recurrent.",
            "continuing or steering a melody while somebody plays",
            "pitches alone; durations come from elsewhere",
            command="chromasonic generate MODEL --bars 8 --output tune.mid",
            tags=("melody", "music-generation", "symbolic-music"),
        ),
        "harmony_predictor": _companion(
            "HarmonyPredictor",
            "The last chord and the melody of the next four beats, to a distribution over 64 "
            "chords.",
            "chords below a melody, beat by beat",
            "chords of major and minor keys, counted from the tonic",
            tags=("harmony", "chords"),
        ),
        "dynamics_engine": _companion(
            "DynamicsEngine",
            "Onsets and heights of a bar's sixteenths, to 16 velocities.",
            "letting a stiff piano part breathe",
            _NO_STATE,
            "piano performances of the classical repertoire: see the corpora",
            tags=("expressive-performance", "dynamics"),
        ),
        "groove_predictor": _companion(
            "GroovePredictor",
            "A bar's drum hits on 16 steps, to 16 velocities and 16 timing offsets.",
            "letting programmed drums breathe",
            _NO_STATE,
            "drummers differ more than their mean: add looseness on top",
            command="chromasonic groove examples/funk.txt --model MODEL --output funk.mid",
            tags=("expressive-performance", "drums", "groove"),
        ),
    },
    "harmonizer": {
        "all": CardWords(
            title="Harmonizers",
            summary="Agents that set a tune for two or four voices, as one models directory.",
            uses=("a first setting of a tune, with its numerals and every broken rule told",),
            not_for=("counterpoint as Bach wrote it: they are rewarded for rules",),
            limits=("the rules are those of chorales in major and minor",),
            commands=('chromasonic harmonize "C4 D4 E4 F4 G4:2 E4 C4" --models MODEL',),
            tags=("harmonization", "reinforcement-learning", "symbolic-music"),
        ),
        "simple": _harmonizer(
            "simple",
            "A melody to a second voice in contrary motion: a table learned by rewards.",
            "two voices",
        ),
        "advanced": _harmonizer(
            "advanced", "A melody to four voices: tables over harmonic context, learned by rewards."
        ),
        "hybrid": _harmonizer(
            "hybrid",
            "A melody to four voices: exact search for the rules' reward and for what a network "
            "that has read Bach's chorales finds likely.",
        ),
    },
    "gesture": {},
}
"""Task to kind to words; gesture networks of every size share one page."""


def words_for(task: str, kind: str) -> CardWords:
    """The words for a kind of model; of an unknown kind, as little as is certain."""
    if task == "gesture":
        return _GESTURE
    known = WORDS.get(task, {}).get(kind)
    return known or CardWords(
        title=f"{kind} ({task})",
        summary=f"A model of the task '{task}'.",
        uses=(f"what the task '{task}' is for",),
        not_for=(_ALL_NOT_FOR,),
        tags=(task,),
    )
