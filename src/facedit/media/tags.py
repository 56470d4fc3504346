"""Which of a source's tags an output carries on, and how marks of edits add up."""

from __future__ import annotations

from collections.abc import Mapping

_OF_THE_FILE = frozenset(
    {
        *("major_brand", "minor_version", "compatible_brands", "encoder", "duration"),
        *("com.apple.quicktime.software.version", "_statistics_tags", "handler_name", "vendor_id"),
        *("bps", "number_of_frames", "number_of_bytes", "timecode"),
    }
)
"""Tags that say how the source's file was made, not what is in it."""

_EVERYWHERE = frozenset(
    {
        *("title", "artist", "album", "date", "comment", "genre", "copyright", "location"),
        "creation_time",
    }
)
_PLAIN = {
    "mp4": _EVERYWHERE
    | {
        *("album_artist", "composer", "grouping", "lyrics", "description", "synopsis", "show"),
        *("episode_id", "network", "keywords"),
    },
    "mov": _EVERYWHERE | {"make", "model"},
}
"""Tags for which a container has a place of its own."""


def output_tags(source: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Join the source's own tags and the given ones.

    ``given``: tags for the output; they replace the source's. Returns the output's tags. A given
    ``comment`` stands in front of the source's, so that marks of earlier edits stay. Tags that
    describe the source's file are left out.
    """
    tags = {key.lower(): value for key, value in source.items() if _is_kept(key.lower())}
    # FFmpeg names what has a language a second time.
    for key in [key for key in tags if tags.get(key.rpartition("-")[0]) == tags[key]]:
        del tags[key]
    earlier = tags.get("comment")
    tags.update(given)
    if earlier and "comment" in given and earlier not in given["comment"]:
        tags["comment"] = f"{given['comment']} | {earlier}"
    return tags


def stream_tags(source: Mapping[str, str]) -> dict[str, str]:
    """Choose what a stream of the output keeps of its source's tags."""
    tags = {key.lower(): value for key, value in source.items() if _is_kept(key.lower())}
    # The name of a track in mp4 is written by the title, and read as a name.
    if name := tags.pop("name", None):
        tags.setdefault("title", name)
    return tags


def tag_options(container: str, tags: Mapping[str, str]) -> dict[str, str]:
    """Choose how a container holds tags.

    Returns options of the muxer: one that writes every tag, where the usual places do not hold all.
    """
    if container not in _PLAIN or tags.keys() <= _PLAIN[container]:
        return {}
    return {"movflags": "+use_metadata_tags"}


def _is_kept(key: str) -> bool:
    return not key.startswith(tuple(_OF_THE_FILE))
