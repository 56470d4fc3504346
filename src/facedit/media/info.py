"""What is known of a media file: frozen descriptions that the other stages pass around."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from facedit.media.orientation import Orientation
from facedit.media.signals import PictureSignals

_LONGEST_DELAY_S = 0.1
"""Longest delay of an encoder that a container does not take back: two frames of HE-AAC."""


@dataclass(frozen=True, slots=True)
class ColourTags:
    """How code values mean colours, as numbered by ITU-T H.273 (2 = not said).

    Attributes:
        range: 1 limited (16-235), 2 full, 0 not said (FFmpeg's numbers).
        matrix: Luma matrix: 1 BT.709, 5 and 6 BT.601, 9 BT.2020.
        primaries: Primaries: 1 BT.709, 9 BT.2020.
        transfer: Transfer curve: 1 BT.709, 16 PQ, 18 HLG.
    """

    range: int = 0
    matrix: int = 2
    primaries: int = 2
    transfer: int = 2


@dataclass(frozen=True, slots=True)
class SoundInfo:
    """The sound stream of a file.

    Attributes:
        rate: Samples per second.
        channels: Number of channels.
        layout: FFmpeg's name of the channel layout, e.g. ``mono`` or ``5.1``.
        codec: Name of the codec, e.g. ``aac``.
        start_s: First sample, in seconds on the picture's clock (may be negative).
        duration_s: Length in seconds from ``start_s``.
        bit_rate: Bits per second, 0 if not known.
        sample_format: FFmpeg's name of the samples as decoded, e.g. ``fltp``; empty if not known.
        index: Number of the stream in its file; None for the one that belongs to the picture.
        tags: Language, title and the like.
        disposition: FFmpeg's flags: default, commentary, for the visually impaired, ...
    """

    rate: int
    channels: int
    layout: str
    codec: str
    start_s: float
    duration_s: float
    bit_rate: int = 0
    sample_format: str = ""
    index: int | None = None
    tags: dict[str, str] = field(default_factory=dict)
    disposition: int = 0

    @property
    def lead_s(self) -> float:
        """Seconds of sound before the first picture; 0 where it is no more than a coder's delay."""
        return -self.start_s if self.start_s < -_LONGEST_DELAY_S else 0.0

    @property
    def end_s(self) -> float:
        """End of the sound in seconds on the picture's clock."""
        return self.start_s + self.duration_s


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """A video file. Time 0 is its first picture; the sound is on the same clock.

    Attributes:
        path: The file.
        container: FFmpeg's names of the container format.
        duration_s: Length of the picture in seconds: the end of the last frame that is there.
        frame_rate: Frames per second: exact for a constant rate, else the average.
        is_variable: Whether frames are unevenly spaced.
        frame_count: Number of frames (an estimate unless the file has an index).
        width: Width of the upright picture in pixels.
        height: Height of the upright picture in pixels.
        orientation: How the stored picture is turned upright.
        sample_aspect_ratio: Width of a stored pixel over its height.
        codec: Name of the video codec; empty if the file is a recording without pictures.
        profile: Its profile, as FFmpeg names it; empty if it has none.
        pix_fmt: FFmpeg's name of the pixel format that frames are given in.
        decoded_pix_fmt: The format the decoder gives: another one only where ``notes`` says so.
        colour: Colour tags of the decoded frames.
        signals: HDR, chroma location, fields.
        time_base: Seconds per PTS tick.
        origin_pts: PTS of the first picture.
        has_pts: Whether packets carry presentation times (AVI may not).
        bit_rate: Bits per second of the video, 0 if not known.
        sound: The sound stream, or None.
        metadata: Tags of the container (title, creation time, ...).
        notes: What a user should know: streams that are left out, conversions, damage.
        truncated: Whether the file ends before its header says, and that was allowed.
    """

    path: Path
    container: str
    duration_s: float
    frame_rate: Fraction
    is_variable: bool
    frame_count: int
    width: int
    height: int
    orientation: Orientation = field(default_factory=Orientation)
    sample_aspect_ratio: Fraction = Fraction(1)
    codec: str = "h264"
    profile: str = ""
    pix_fmt: str = "yuv420p"
    decoded_pix_fmt: str = "yuv420p"
    colour: ColourTags = ColourTags()
    signals: PictureSignals = field(default_factory=PictureSignals)
    time_base: Fraction = Fraction(1, 90_000)
    origin_pts: int = 0
    has_pts: bool = True
    bit_rate: int = 0
    sound: SoundInfo | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    truncated: bool = False

    @property
    def rotation_deg(self) -> int:
        """Counter-clockwise turn in degrees that showing the stored picture takes."""
        return self.orientation.rotation_deg

    @property
    def stored_width(self) -> int:
        """Width of the picture as stored, before rotation."""
        return self.height if self.orientation.transpose else self.width

    @property
    def stored_height(self) -> int:
        """Height of the picture as stored, before rotation."""
        return self.width if self.orientation.transpose else self.height

    @property
    def frame_period_s(self) -> float:
        """Usual time between frames in seconds."""
        return float(1 / self.frame_rate)

    @property
    def has_sound(self) -> bool:
        """Whether there is a sound stream."""
        return self.sound is not None

    @property
    def sound_rate(self) -> int:
        """Samples per second of the sound, 0 without sound."""
        return self.sound.rate if self.sound else 0

    @property
    def channels(self) -> int:
        """Channels of the sound, 0 without sound."""
        return self.sound.channels if self.sound else 0

    @property
    def sound_codec(self) -> str:
        """Name of the sound codec, empty without sound."""
        return self.sound.codec if self.sound else ""

    @property
    def matrix(self) -> int:
        """Luma matrix in use: as tagged, else as players guess it (BT.709 from 720 lines up)."""
        if self.colour.matrix != 2:
            return self.colour.matrix
        return 1 if min(self.width, self.height) >= 720 else 6

    @property
    def full_range(self) -> bool:
        """Whether luma runs over 0-255 instead of 16-235."""
        return self.colour.range == 2 or self.pix_fmt.startswith("yuvj")


def new_video_info(
    width: int,
    height: int,
    frame_rate: Fraction | int = 25,
    sound_rate: int = 0,
    channels: int = 1,
) -> VideoInfo:
    """Describe a video that is to be made from nothing (``generate`` from a still).

    ``sound_rate``: samples per second of the sound, 0 for none. Returns a description to give to
    the writer: BT.709, limited range, 4:2:0 where the size is even.
    """
    even = width % 2 == 0 and height % 2 == 0
    sound = None
    if sound_rate:
        layout = {1: "mono", 2: "stereo"}.get(channels, f"{channels}c")
        sound = SoundInfo(sound_rate, channels, layout, "aac", 0.0, 0.0)
    return VideoInfo(
        path=Path(),
        container="mp4",
        duration_s=0.0,
        frame_rate=Fraction(frame_rate),
        is_variable=False,
        frame_count=0,
        width=width,
        height=height,
        pix_fmt="yuv420p" if even else "yuv444p",
        decoded_pix_fmt="yuv420p" if even else "yuv444p",
        colour=ColourTags(range=1, matrix=1, primaries=1, transfer=1),
        sound=sound,
    )
