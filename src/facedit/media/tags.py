"""Which of a source's tags an output carries on, and how marks of edits add up."""

from __future__ import annotations

from collections.abc import Mapping

_KEPT = frozenset(
    {
        *("title", "artist", "author", "album", "date", "creation_time", "copyright"),
        *("description", "comment", "genre", "location"),
    }
)


def output_tags(source: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Join the source's own tags and the given ones.

    Args:
        source: Tags of the source's container.
        given: Tags for the output; they replace the source's.

    Returns:
        The output's tags. A given ``comment`` stands in front of the source's, so that marks of
        earlier edits stay. Tags that describe the source's file format are left out.
    """
    tags = {key.lower(): value for key, value in source.items() if key.lower() in _KEPT}
    earlier = tags.get("comment")
    tags.update(given)
    if earlier and "comment" in given and earlier not in given["comment"]:
        tags["comment"] = f"{given['comment']} | {earlier}"
    return tags
