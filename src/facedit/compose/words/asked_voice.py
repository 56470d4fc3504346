"""Which voice a request asks for: a name, or a command that was typed for this run alone."""

from __future__ import annotations

from facedit.options import EditRequest, GenerateRequest
from facedit.speech.voices.command import typed_command
from facedit.speech.voices.voice_interface import Engine


def asked_voice(request: EditRequest | GenerateRequest, own: str | None = None) -> str | Engine:
    """Return the voice of an edit: by the command, by its ``own`` option, by all edits', ``auto``.

    What the caller set for all edits has taken the place of their own (``scripts.own_options``).
    UsageError is raised if the request's command cannot be run. A script can name an engine of the
    settings and never a command: it may be somebody else's.
    """
    if request.voice_command is not None:
        return typed_command(request.voice_command)
    return own or request.voice or "auto"
