"""``facedit prepare``: clips to cached motion and speech features, resumable row by row.

A folder made by it holds ``rows.csv`` (a row per clip: kept, or dropped and why), ``meta.json``,
``prepared.html`` (what was kept, and why the rest was not), ``tracks/`` and ``speech/`` (the
expensive parts, by content hash, valid for any motion space) and ``clips/`` (what training reads).
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from facedit.dataset.clip_rows import (
    Row,
    appending,
    count_reasons,
    dropped_row,
    failed_row,
    new_row,
    read_table,
    renewed,
    write_table,
)
from facedit.dataset.encode_clip import Unusable, encode_clip, speech_of, track_of, voices_of
from facedit.dataset.footage_list import LEARNT, Source, list_sources
from facedit.dataset.offset import measure_offset, put_right, take_last_voice
from facedit.dataset.prepare_options import PrepareOptions
from facedit.dataset.prepare_result import Prepared
from facedit.dataset.prepared import (
    KEPT,
    META,
    ROWS,
    STORED,
    Meta,
    PreparedClip,
    clip_path,
    read_meta,
    write_meta,
)
from facedit.dataset.prepared_page import PAGE, prepared_html
from facedit.device import choose_device
from facedit.errors import (
    AssetMissing,
    BadPlugin,
    FaceditError,
    NoFace,
    NoSound,
    OutputNotWritable,
    UsageError,
)
from facedit.lip_sync.sync_weights import SyncModel, default_weights, load_sync
from facedit.lock import locked
from facedit.media.output import whole_or_nothing
from facedit.media.read import read_frames
from facedit.motion.space import MotionSpace, SeesFrames, space_named
from facedit.progress import OnProgress
from facedit.scale.outcome import Failure
from facedit.scale.run_items import run_items
from facedit.scale.workers import Workers
from facedit.speech.encoders.encoders import (
    Encoder,
    HearsPower,
    encoder_named,
    encoder_of,
    features_name,
)
from facedit.speech.encoders.whisper_base import WHISPER
from facedit.weights.fetch import require, sha256_of

log = logging.getLogger(__name__)

MOST_VOICES = 100
"""Most other voices that a clip is heard in; each takes as long as the clip's own."""


def prepare(
    source: Path,
    output: Path,
    options: PrepareOptions | None = None,
    *,
    on_progress: OnProgress | None = None,
) -> Prepared:
    """Prepare clips for training; run again to go on where a run stopped.

    ``options``: how; the results do not depend on where; ``on_progress``: told of every clip that
    is done. Returns what was done. ``UsageError`` passes through if there are no clips, or the
    folder was made with another motion space; ``OutputNotWritable`` if another run writes into it.
    Raises UsageError if ``voices`` is out of range, or not for this encoder; also if there is no
    such encoder, layer or space.
    """
    options = options or PrepareOptions()
    hears, voices = encoder_named(options.hearing), options.voices
    if not 0 <= voices <= MOST_VOICES:
        raise UsageError(f"--voices is {voices}; choose 0 to {MOST_VOICES}.")
    if voices and not isinstance(hears, HearsPower):
        raise UsageError(f"{hears.name} cannot hear clips in other voices: leave --voices out.")
    choose_device(options.device)
    require("core")
    sources = list({item.file: item for item in list_sources(source)}.values())
    meta = describe_space(options.space, features_name(hears.name), voices)
    make_worker = partial(make_preparer, output, options)
    with locked(output, "prepare"):
        return _prepare(sources, output, meta, make_worker, options.workers, on_progress)


def _prepare(
    sources: Sequence[Source],
    output: Path,
    meta: Meta,
    make_worker: Callable[[], Callable[[Source], Row]],
    workers: Workers,
    on_progress: OnProgress | None,
) -> Prepared:
    """Prepare clips into a folder that is this run's alone."""
    begun = time.monotonic()
    for name in ("clips", "tracks", "speech"):
        (output / name).mkdir(exist_ok=True)
    _check_meta(output, meta)
    rows, others = _done_before(read_table(output / ROWS), sources, meta.voices)
    write_table(output / ROWS, [*rows.values(), *others])
    todo = [item for item in sources if item.file not in rows]
    with appending(output / ROWS) as add:

        def on_done(_: int, item: Source, outcome: Row | Failure) -> None:
            rows[item.file] = failed_row(item, outcome) if isinstance(outcome, Failure) else outcome
            add(rows[item.file])

        run_items(
            todo, make_worker, workers=workers, on_done=on_done,
            title="prepare", on_progress=on_progress,
        )  # fmt: skip
    # Rows came as they were done; the finished table is in the manifest's order, whoever worked.
    table = [rows[item.file] for item in sources]
    # A clip that goes by another name now must not be learnt from twice, or on both sides.
    known = {row["sha256"] for row in table}
    others = [row for row in others if row["sha256"] not in known]
    table += others
    write_table(output / ROWS, table)
    kept = [row for row in table if row["status"] == KEPT]
    done = Prepared(
        folder=output,
        kept=len(kept),
        splits=dict(Counter(row["split"] for row in kept)),
        chosen=not any(item.split_given for item in sources),
        others=len(others),
        dropped=count_reasons(table),
        frames=_frames(kept),
        seconds=time.monotonic() - begun,
        run_clips=len(todo),
        run_frames=_frames([rows[item.file] for item in todo]),
        workers=workers,
    )
    with whole_or_nothing(output / PAGE, force=True) as part:
        part.write_text(prepared_html(table, done.speed if todo else {}, done.seconds))
    return done


def _done_before(
    before: Mapping[str, Row], sources: Sequence[Source], voices: int
) -> tuple[dict[str, Row], list[Row]]:
    """Split a table into rows of the clips that need not be done again, and of other clips."""
    left, rows = dict(before), {}
    for item in sources:
        row = left.pop(item.file, None)
        if row is not None and (row := renewed(row, item, voices)):
            rows[item.file] = row
    return rows, list(left.values())


def _frames(rows: Sequence[Row]) -> int:
    return sum(int(row["frames"]) for row in rows)


def make_preparer(output: Path, options: PrepareOptions) -> Callable[[Source], Row]:
    """Load what every clip needs and return ``prepare_clip`` of one clip."""
    place, space = choose_device(options.device), options.space
    net = load_sync(device=place) if default_weights().is_file() else None
    if net is None or net.space != space:
        log.warning("No sync network for %s: offsets of the sound are not measured.", space)
        net = None
    looks = space_named(space, place)
    if isinstance(looks, SeesFrames):
        looks.see(())  # what it looks with is loaded, or refused before any clip
    return partial(
        prepare_clip,
        output=output,
        space=looks,
        net=net,
        voices=options.voices,
        encoder=encoder_named(options.hearing, place),
    )


def prepare_clip(
    item: Source,
    output: Path,
    space: MotionSpace,
    net: SyncModel | None,
    voices: int = 0,
    encoder: Encoder = WHISPER,
) -> Row:
    """Prepare one clip and return its row of the table.

    Without the sync network ``net`` (which hears by its own encoder) sound and picture stay as they
    are; training clips are heard in ``voices`` others too. AssetMissing, BadPlugin and
    OutputNotWritable are raised: they are not the clip's fault.
    """
    row = new_row(item)
    try:
        row["sha256"] = sha256_of(item.path)
        track = track_of(item.path, output / "tracks" / f"{row['sha256']}.npz")
        heard = output / "speech" / f"{row['sha256']}.npz"
        speech = speech_of(item.path, heard, encoder)
        count = voices if item.split == LEARNT else 0
        others = voices_of(item.path, heard, count, int(row["sha256"][:15], 16), encoder)
        # The sync network may hear by another: it comes along as one more voice.
        apart = net is not None and net.encoder != features_name(encoder.name)
        if net is not None and apart:
            own = encoder_of(net.encoder, encoder.device)
            others += (speech_of(item.path, heard, own).values,)
        pictures = (frame.rgb() for frame in read_frames(item.path))
        clip = encode_clip(track, speech, space, pictures, others)
        if net is not None:
            clip, judged = take_last_voice(clip) if apart else (clip, clip.speech)
            if (found := measure_offset(net, clip.motion, judged)) is not None:
                row |= {"offset": str(found.offset), "sync": f"{found.confidence:.3f}"}
                clip = put_right(clip, found)
    except (AssetMissing, BadPlugin, OutputNotWritable):
        raise
    except (FaceditError, Unusable, OSError) as error:
        return dropped_row(row, _reason(error))
    _save(clip, clip_path(output, row["sha256"]))
    return row | {
        "status": KEPT,
        "confidence": f"{float(clip.confidence.mean()):.3f}",
        "frames": str(len(clip.motion)),
    }


def _save(clip: PreparedClip, path: Path) -> None:
    """Write what training reads; features in half precision."""
    values = {name: getattr(clip, name) for name in STORED}
    values["speech"] = clip.speech.astype(np.float16)
    if clip.voices is not None:
        values["voices"] = clip.voices.astype(np.float16)
    with whole_or_nothing(path, force=True) as part, part.open("wb") as file:
        np.savez(file, **values)


def describe_space(name: str, encoder: str, voices: int = 0) -> Meta:
    """Describe prepared data: names, groups and strengths of the dims."""
    space = space_named(name)
    return Meta(
        space=name,
        encoder=encoder,
        dim_names=tuple(space.names),
        groups=dict(space.groups),
        effects=space.effects.astype(np.float32),
        voices=voices,
    )


def _check_meta(output: Path, meta: Meta) -> None:
    """Write the description, or refuse a folder made with another one."""
    if (output / META).is_file():
        before = read_meta(output)
        same = (
            before.space == meta.space
            and before.dim_names == meta.dim_names
            and before.encoder == meta.encoder
        )
        if not same or not np.allclose(before.effects, meta.effects, rtol=1e-4):
            raise UsageError(
                f"{output} was prepared with another motion space or encoder ({before.space}, "
                f"{before.encoder}; now {meta.space}, {meta.encoder}): choose another folder, or "
                f"remove its {ROWS}, {META} and clips (tracks and speech stay good)."
            )
        if before.voices != meta.voices:
            raise UsageError(
                f"{output} was prepared with {before.voices} other voices, not {meta.voices}: give "
                f"--voices {before.voices}, or remove its {ROWS}, {META} and clips and start anew."
            )
        return
    write_meta(output, meta)


def _reason(error: Exception) -> str:
    if isinstance(error, NoFace):
        return f"no face: {error}"
    if isinstance(error, NoSound):
        return f"no sound: {error}"
    if isinstance(error, Unusable):
        return str(error)
    return f"unreadable: {error}"
