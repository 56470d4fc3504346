"""How a video is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from facedit.media.codecs import QUANTISER
from facedit.media.extras import Extras
from facedit.media.output import Seal


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How a video is written.

    Attributes:
        force: Whether an existing file may be replaced (never the source itself).
        metadata: Tags of the container, over the source's own; ``comment`` is put in front of
            the source's comment, so that marks of earlier edits stay.
        quantiser: Quantiser of the picture, lower is better.
        codec: Of the picture, as ``choose_picture_encoder`` takes it.
        extras: What the file holds beside picture and sound.
        seal: What is done to the finished file before it gets its name.
    """

    force: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    quantiser: int = QUANTISER
    codec: str = "h264"
    extras: Extras | None = None
    seal: Seal | None = None


USUAL = WriteOptions()
