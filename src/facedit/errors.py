"""Errors a user can act on: each prints as one line and carries the exit status of the program."""

from __future__ import annotations

_LONGEST_LINE = 1000


class FaceditError(Exception):
    """Base of every error that is the input's fault, not the program's.

    The message is one line that says what is wrong, with the numbers, and what to do about it.

    Attributes:
        exit_status: Exit status of the command line when this error ends a run.
    """

    exit_status = 1


class UsageError(FaceditError, ValueError):
    """The arguments contradict each other or name something that does not exist."""

    exit_status = 2


class BadMedia(FaceditError, ValueError):
    """A media file cannot be read, is not what it claims to be, or is over a limit."""

    exit_status = 3


class NoSound(BadMedia):
    """A video without a sound stream was given where speech is needed."""


class NoFace(FaceditError, ValueError):
    """No face was found where one is needed."""

    exit_status = 4


class CoveredMouth(FaceditError, ValueError):
    """Something hides the mouth where a new one is to be drawn."""

    exit_status = 4


class AmbiguousFace(FaceditError, ValueError):
    """Several faces could be meant; the message lists them."""

    exit_status = 4


class BadTranscript(FaceditError, ValueError):
    """A transcript is malformed or does not fit the sound."""

    exit_status = 5


class BadEdit(FaceditError, ValueError):
    """An edit names words that do not occur, or cannot be carried out."""

    exit_status = 5


class OutputExists(FaceditError, FileExistsError):
    """The output is there already and ``--force`` was not given."""

    exit_status = 6


class OutputNotWritable(FaceditError, OSError):
    """The output cannot be written."""

    exit_status = 6


class DiskFull(OutputNotWritable):
    """There is no room for the output; once there is, the same run will do."""


class AssetMissing(FaceditError, FileNotFoundError):
    """Weights or data that a stage needs are not installed."""

    exit_status = 7


class BadWeights(FaceditError, ValueError):
    """A weights file is damaged, of the wrong kind, or does not fit the code."""

    exit_status = 7


class BadPlugin(FaceditError, RuntimeError):
    """A part that another distribution offers cannot be used."""

    exit_status = 7


class CannotSign(FaceditError, RuntimeError):
    """Outputs are to be signed, and cannot be."""

    exit_status = 10


class NoGain(FaceditError):
    """Fine-tuning did not make the weights better on held-out footage; nothing was written."""

    exit_status = 9


class Cancelled(BaseException):
    """The run was asked to stop, and did; like Ctrl-C, no handler of errors takes it for one."""


class ItemsFailed(FaceditError):
    """Some items of a run over many failed; the results say which and why."""

    exit_status = 8


class NoItemDone(ItemsFailed):
    """All items of a run over many failed."""

    exit_status = 14


def one_line(message: str) -> str:
    """Bring a message into one printable line, whatever a file name or a library put into it.

    Args:
        message: object text.

    Returns:
        The text without line breaks, control characters escaped, shortened if it is endless.
    """
    line = " ".join(message.split())
    if len(line) > _LONGEST_LINE:
        line = f"{line[: _LONGEST_LINE // 2]} … {line[-_LONGEST_LINE // 2 :]}"
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in line
    )
