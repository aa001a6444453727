"""One tree of errors.

    ChromasonicError
    ├── UsageError            a value that the caller chose cannot be used (exit code 2)
    │   ├── ConfigError       a recipe or a configuration is wrong
    │   └── DeviceError       the device asked for is not on this machine
    ├── DataError             material that was read cannot be used (exit code 1)
    │   ├── FormatError       a file is broken: ABC, MIDI, MusicXML, ...
    │   ├── CorpusError       a corpus is absent, half there or without a usable piece
    │   └── DownloadError     a download failed or does not match its checksum
    ├── CheckpointError       a checkpoint is truncated, foreign or hostile
    ├── TrainingError         training cannot go on (a loss that is not finite, ...)
    ├── EvaluationError       a figure was asked for over nothing
    ├── ExportError           a model cannot be exported, or an exported file is not what it claims
    ├── RegistryError         a version, an alias or the store of models is not as it should be
    ├── RenderError           a score, a sound or a picture cannot be made
    └── StorageError          a file cannot be written whole (full disk, no permission)

Every message says what was wrong, the value that was met, what is allowed, and what to do next.
The command line prints the message alone and exits with `exit_code`.
"""


class ChromasonicError(Exception):
    """Any failure that Chromasonic foresees; its text is meant for the user."""

    exit_code = 1


class UsageError(ChromasonicError):
    """A value that the caller chose cannot be used."""

    exit_code = 2


class ConfigError(UsageError):
    """A recipe or a configuration is wrong."""


class DeviceError(UsageError):
    """The device asked for is not on this machine."""


class DataError(ChromasonicError):
    """Material that was read cannot be used."""


class FormatError(DataError):
    """A music file is broken."""


class CorpusError(DataError):
    """A corpus is absent, half there, or without a usable piece."""


class DownloadError(DataError):
    """A download failed, or what came does not match its checksum."""


class CheckpointError(ChromasonicError):
    """A checkpoint is truncated, of another architecture, or hostile."""


class TrainingError(ChromasonicError):
    """Training cannot go on; what was saved before stays usable."""


class EvaluationError(ChromasonicError):
    """A figure was asked for over nothing, or over material that does not fit."""


class ExportError(ChromasonicError):
    """A model cannot be exported as asked, or an exported file is not what it claims to be."""


class RegistryError(ChromasonicError):
    """A registered model is not there or not what was registered; or its store cannot be used."""


class RenderError(ChromasonicError):
    """A score, a sound or a picture cannot be made."""


class StorageError(ChromasonicError):
    """A file cannot be written whole."""
