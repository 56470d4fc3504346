"""From words of other languages to Kokoro's phonemes, by espeak-ng where that is installed.

It is a program of its own (GPL-3.0) that is run, given the text on its standard input, and never
linked or shipped. Its two-letter sounds become Kokoro's single letters as in Kokoro's own reader.
"""

from __future__ import annotations

import re
import shutil
import subprocess

from facedit.errors import AssetMissing, UsageError

READERS = {"es": "es", "fr": "fr-fr", "it": "it", "pt": "pt-br"}
"""What espeak-ng calls the languages that it reads for Kokoro, by ISO 639-1 code."""

_PROGRAM, _MOST_S = "espeak-ng", 20
_LETTERS = (
    ("a^ɪ", "I"), ("a^ʊ", "W"), ("d^z", "ʣ"), ("d^ʒ", "ʤ"), ("e^ɪ", "A"), ("o^ʊ", "O"),
    ("ə^ʊ", "Q"), ("s^s", "S"), ("t^s", "ʦ"), ("t^ʃ", "ʧ"), ("ɔ^ɪ", "Y"), ("^", ""), ("-", ""),
)  # fmt: skip
_OTHER_LANGUAGE = re.compile(r"\([^)]*\)")


def phonemes_in(text: str, language: str) -> str:
    """Read a text of a language in ``READERS``: Kokoro's phonemes, clauses parted by commas.

    AssetMissing is raised if espeak-ng is not installed, UsageError if it cannot read the text.
    """
    program = shutil.which(_PROGRAM)
    if program is None:
        raise AssetMissing(
            f"{_PROGRAM}, which reads “{language}” for the voices, is not installed: your system's "
            "package manager has it."
        )
    command = [program, "-v", READERS[language], "-q", "--ipa", "--tie=^", "--stdin"]
    try:
        done = subprocess.run(
            command, input=text.encode(), capture_output=True, timeout=_MOST_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UsageError(
            f"{_PROGRAM} cannot read “{text[:40]}” ({type(error).__name__})."
        ) from error
    read = _OTHER_LANGUAGE.sub("", done.stdout.decode("utf-8", "replace"))
    for old, new in _LETTERS:
        read = read.replace(old, new)
    clauses = [" ".join(line.split()) for line in read.splitlines() if line.strip()]
    return ", ".join(clauses) + "." if clauses else ""
