"""Takes in a video that was dropped on the page: streamed, bounded, whole or not at all."""

from __future__ import annotations

from starlette.requests import Request

from facedit.media.output import whole_or_nothing
from facedit.studio.clip_store import Store, StoredClip, safe_name
from facedit.studio.refused import Refused


async def receive_upload(request: Request, store: Store, most_bytes: int) -> StoredClip:
    """Write the body of a request into a new clip's folder.

    Args:
        request: Its ``name`` says what the file is called.
        store: Where clips are kept.
        most_bytes: Largest file.

    Returns:
        The clip, not yet looked at.

    Raises:
        Refused: If the file is too large, or its name is too long.
    """
    name = safe_name(request.query_params["name"])
    says = f"{name}: larger than {most_bytes // 1_000_000} MB; --limit-mb allows more."
    told = request.headers.get("content-length", "0")
    if told.isdecimal() and int(told[:18]) > most_bytes:
        raise Refused(413, says)
    clip = store.make()
    source = clip.folder / "source" / name
    source.parent.mkdir()
    kept = False
    try:
        with whole_or_nothing(source) as temporary, temporary.open("wb") as file:
            size = 0
            async for piece in request.stream():
                size += len(piece)
                if size > most_bytes:
                    raise Refused(413, says)
                file.write(piece)
        clip.note(source=str(source))
        kept = True
    finally:
        if not kept:
            store.remove(clip)
    return store.get(clip.id)
