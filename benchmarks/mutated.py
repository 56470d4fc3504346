"""Damaged input: what every reader makes of media and texts that were changed at random.

    python benchmarks/mutated.py [--media 300] [--texts 4000] [--seed 1] [--keep FOLDER]

Each file is read in a process of its own, which may use 30 s of CPU and 4 GiB. It must be read or
be refused in one line (``FaceditError``) and leave nothing behind. Media go through probing, the
plan of an edit with its words given, and the writing of an edit (pictures and sound, no model);
texts through the reader of their kind.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from random import Random

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import facedit
from compose.joined_edits import edited_frames, edited_sound
from facedit.compose.session.session import Session
from facedit.dataset.clip_tables import read_table
from facedit.dataset.footage_list import list_sources
from facedit.editing.diff import WordEdit
from facedit.editing.script import EditScript, ScriptSource, dumps, loads
from facedit.editing.timeline import kept_runs, source_windows
from facedit.errors import BadEdit, FaceditError, UsageError
from facedit.fields import build
from facedit.inputs import read_text
from facedit.media.pcm import resample
from facedit.media.probe import probe
from facedit.media.rendering import choose_rendering
from facedit.media.smart.kept import KeptPictures
from facedit.media.write_options import WriteOptions
from facedit.options import EditRequest
from facedit.speech.recognition.align import align
from facedit.speech.text.transcript_io import load_transcript, save_transcript
from facedit.speech.voices.hibari_voice import HibariVoice
from facedit.training.experiment import read_experiment
from facedit.training.motion.motion_config import MotionExperiment
from facedit.types import Sound
from media.clips import make_clip
from talking_clips import gradient, write_clip

SPOKEN = "the weather will be sunny again tomorrow morning"
CPU_S, MEMORY = 30, 4 << 30

Reader = Callable[[Path], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--media", type=int, default=300, help="media files")
    parser.add_argument("--texts", type=int, default=4000, help="text files")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for files that did harm")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        transcript, media = make_media(folder / "media")
        texts = make_texts(folder / "texts", transcript)
        plans = (
            ("texts", args.texts, texts, mutated_text),
            ("media", args.media, [(path, partial(edit, transcript)) for path in media], mutated),
        )
        for kind, count, sources, mutate in plans:
            counts: Counter[str] = Counter()
            draw, work = Random(args.seed), folder / f"work-{kind}"
            for number in range(count):
                source, read = sources[number % len(sources)]
                work.mkdir()
                path = work / source.name
                path.write_bytes(mutate(source.read_bytes(), draw))
                outcome, said = tried(read, path)
                left = {one.name for one in work.iterdir()} - {path.name, "out" + path.suffix}
                outcome = f"left {sorted(left)}" if left else outcome
                counts[outcome] += 1
                if outcome not in ("read", "refused"):
                    print(f"{kind} {number} {source.name}: {outcome}\n{said}", flush=True)
                    if args.keep:
                        args.keep.mkdir(parents=True, exist_ok=True)
                        shutil.copy(path, args.keep / f"{number}-{path.name}")
                shutil.rmtree(work)
            print(f"{count} {kind} (seed {args.seed}): {dict(counts)}", flush=True)


def tried(read: Reader, path: Path) -> tuple[str, str]:
    """Read a file in a process of its own; say what came of it, and what was said."""
    receiving, sending = os.pipe()
    child = os.fork()
    if not child:
        os.close(receiving)
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        said, status = "", 0
        try:
            read(path)
        except FaceditError as error:
            status, said = (2, repr(str(error))) if "\n" in str(error) else (1, "")
        except BaseException:
            status, said = 3, traceback.format_exc()
        os.write(sending, said[-3000:].encode("utf-8", "replace"))
        os._exit(status)
    os.close(sending)
    with os.fdopen(receiving, "rb") as pipe:
        said = pipe.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == -signal.SIGXCPU:
        return "hangs", said
    if status < 0:
        return f"ends by signal {-status}", said
    return ("read", "refused", "says several lines", "traceback")[status], said


def make_media(folder: Path) -> tuple[Path, list[Path]]:
    """Make the clips that are damaged, and the transcript of what is said in them."""
    folder.mkdir()
    sound = resample(HibariVoice().speak(SPOKEN, 1.0), 48_000, 1)
    quiet = np.zeros((round(0.5 * sound.rate), 1), np.float32)
    sound = Sound(np.concatenate([quiet, sound.samples, quiet]), sound.rate)
    pictures = [gradient(k) for k in range(round(25 * sound.duration_s))]
    kinds = {
        "a.mp4": "aac", "b.mov": "aac", "c.mkv": "aac", "d.ts": "aac", "e.mp4": "libmp3lame",
        "f.mkv": "libopus", "g.mkv": "ac3", "h.mov": "pcm_s16le", "i.mkv": "flac",
        "j.avi": "libmp3lame", "n.flv": "aac",
    }  # fmt: skip
    for name, codec in kinds.items():
        options = {"g": "20", "bf": "2"}
        write_clip(folder / name, pictures, sound, video_options=options, sound_codec=codec)
    vp9 = {"g": "20", "deadline": "realtime", "cpu-used": "8"}
    make_clip(folder / "k.webm", codec="libvpx-vp9", options=vp9)
    x265 = {"x265-params": "keyint=20:log-level=none"}
    make_clip(folder / "l.mp4", codec="libx265", options=x265)
    make_clip(folder / "o.mxf", codec="mpeg2video")
    make_clip(folder / "p.wmv", codec="wmv2")
    fragments = {"movflags": "frag_keyframe+empty_moov"}
    make_clip(folder / "q.mp4", container_options=fragments, options={"g": "20"})
    make_clip(folder / "m.mov", codec="prores_ks", pix_fmt="yuv422p10le", sound_codec="pcm_s24le")
    words = folder.parent / "words.json"
    save_transcript(align(sound, SPOKEN), words)
    return words, sorted(folder.iterdir())


def edit(words: Path, path: Path) -> None:
    """Plan an edit with the words given, and write it without a model."""
    info = probe(path, need_sound=True)
    with Session(path) as session:
        planned = session.plan(EditRequest(delete=("sunny again",), transcript=words))
    plan, target = planned.plan, path.with_name("out" + path.suffix)
    if target.suffix not in (".mp4", ".mov", ".mkv", ".webm"):
        target = target.with_suffix(".mp4")
    rendering = choose_rendering(target, info, [KeptPictures(*run) for run in kept_runs(plan)])
    parts = rendering.windows(source_windows(plan, 0.2, 0.2))
    frames = edited_frames(info, plan, parts)
    rendering.write(target, frames, edited_sound(path, info, plan), WriteOptions(force=True))
    probe(target)
    target.unlink()


def make_texts(folder: Path, transcript: Path) -> list[tuple[Path, Reader]]:
    """Write a text of every kind that is read, each with its reader."""
    folder.mkdir()
    found = load_transcript(transcript, 10.0)
    readers: list[tuple[Path, Reader]] = []

    def add(name: str, text: str | None, read: Reader) -> None:
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
        readers.append((folder / name, read))

    words = partial(load_transcript, duration_s=found.duration_s)
    for suffix in ("json", "srt", "vtt", "TextGrid"):
        save_transcript(found, folder / f"words.{suffix}")
        add(f"words.{suffix}", None, words)
    rows = [(round(1000 * w.start_s), round(1000 * w.end_s), w.text) for w in found.words]
    add(
        "words.tsv",
        "start\tend\ttext\n" + "".join(f"{a}\t{b}\t{text}\n" for a, b, text in rows),
        words,
    )
    add("words.align", "".join(f"{25 * a} {25 * b} {text}\n" for a, b, text in rows), words)
    lines = [f"[00:{a / 1000:05.2f}]{text}\n" for a, _, text in rows]
    add("words.lrc", "[ti:a]\n" + "".join(lines), words)
    timed = [{"word": text, "start": a / 1000, "end": b / 1000} for a, b, text in rows]
    whisper = {"language": "en", "segments": [{"text": found.text, "words": timed}]}
    add("whisper.json", json.dumps(whisper), words)
    add("words.txt", found.text, words)
    add(
        "nested.vtt",
        "WEBVTT\n\n00:00.000 --> 00:02.000\n<v A>the <00:00.500><c>weather</c>\n",
        words,
    )
    spans = "".join(f'<span begin="{a}ms">{text}</span> ' for a, _, text in rows)
    tt = f'<tt xml:lang="en"><body><div><p begin="0s" end="9s">{spans}</p></div></body></tt>'
    add("words.ttml", tt, words)
    slots = "".join(
        f'<TIME_SLOT TIME_SLOT_ID="{end}{k}" TIME_VALUE="{row[end]}"/>'
        for k, row in enumerate(rows)
        for end in (0, 1)
    )
    annotations = "".join(
        f'<ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="0{k}" TIME_SLOT_REF2="1{k}">'
        f"<ANNOTATION_VALUE>{row[2]}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
        for k, row in enumerate(rows)
    )
    eaf = f'<TIME_ORDER>{slots}</TIME_ORDER><TIER TIER_ID="words">{annotations}</TIER>'
    add("words.eaf", f"<ANNOTATION_DOCUMENT>{eaf}</ANNOTATION_DOCUMENT>", words)
    add("words.ctm", "".join(f"a 1 {a / 1e3} {(b - a) / 1e3} {w} 0.9\n" for a, b, w in rows), words)
    ticks = [{"word": w, "offsetInTicks": 1e4 * a, "durationInTicks": 1e4 * (b - a)}
             for a, b, w in rows]  # fmt: skip
    phrase = {"offsetInTicks": 0, "durationInTicks": 9e7, "nBest": [{"words": ticks}]}
    add("azure.json", json.dumps({"recognizedPhrases": [phrase]}), words)
    source = ScriptSource("a.mp4", found.duration_s, Fraction(25))
    script = EditScript(source, found, (WordEdit(1, 2, ("sea",)),), {"voice": "auto", "seed": 0})
    add("script.json", dumps(script), lambda path: loads(read_text(path, "script", BadEdit)))
    add("manifest.csv", "file,split,speaker\na.mp4,train,s1\nb.mp4,test,s2\n", list_sources)
    add("clips.jsonl", '{"file": "a.mp4", "text": "a b"}\n' * 3,
        lambda path: read_table(path, ["file"]))  # fmt: skip
    shipped = Path(facedit.__file__).parent / "configs" / "grid.toml"
    add("run.toml", shipped.read_text(encoding="utf-8"), read_config)
    return readers


def read_config(path: Path) -> object:
    """Read the configuration of an experiment."""
    return build(MotionExperiment, read_experiment(path), path.name, UsageError)


def mutated(data: bytes, draw: Random) -> bytes:
    """Damage a file: bits, fields, holes, pieces that are missing, doubled or swapped."""
    found = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        kind, size = draw.randrange(7), len(found)
        if size < 16:
            break
        near = draw.choice((size, min(size, 4096), min(size, 256)))  # headers matter most
        at = draw.choice((draw.randrange(near), size - 1 - draw.randrange(near)))
        length = min(draw.choice((1, 4, 64, 1024, size // 4)), size - at)
        if kind == 0:
            for _ in range(draw.randint(1, 64)):
                found[min(size - 1, at + draw.randrange(256))] ^= 1 << draw.randrange(8)
        elif kind == 1:
            field = draw.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, draw.randrange(1 << 32)))
            found[at : at + 4] = field.to_bytes(4, draw.choice(("big", "little")))
        elif kind == 2:
            found[at : at + length] = bytes(length)
        elif kind == 3:
            found[at : at + length] = draw.randbytes(length)
        elif kind == 4:
            del found[at : at + length]
        elif kind == 5:
            found[at:at] = found[at : at + length]
        else:
            del found[max(at, 16) :]
    return bytes(found)


ODD = ("nan", "-1", "1e308", "99999999999", "0", "null", "true", '""', "[]", "{}", "\0", "\ufeff",
       "\u202e", "\ud800", "😀", "\n\n", "\r", "\t", '"', ",", "<", "&#x110000;", "-->", "%s",
       "../", "[" * 3000, "9" * 5000, "a" * 100_000, "1:2:3:4:5", "\u0e17\u0e31", "=")  # fmt: skip
"""What stands where something else should."""


def mutated_text(data: bytes, draw: Random) -> bytes:
    """Damage a text: words and numbers that are others, lines missing, doubled, swapped, bits."""
    if draw.random() < 0.2:
        return mutated(data, draw)
    text = data.decode()
    for _ in range(draw.randint(1, 4)):
        pieces = re.split(r"(\s+|[-+]?\d+(?:\.\d+)?|\W)", text)
        lines = text.splitlines(keepends=True)
        kind = draw.randrange(5)
        if kind < 2:
            pieces[draw.randrange(len(pieces))] = draw.choice(ODD)
            text = "".join(pieces)
        elif kind == 2 and lines:
            lines.insert(draw.randrange(len(lines)), draw.choice(lines))
            text = "".join(lines)
        elif kind == 3 and lines:
            del lines[draw.randrange(len(lines))]
            text = "".join(lines)
        else:
            first, second = sorted(draw.randrange(len(text) + 1) for _ in range(2))
            text = text[:first] + text[second:] if draw.random() < 0.5 else text[:second]
    return text.encode(draw.choice(("utf-8", "utf-8", "utf-8", "utf-16")), "surrogatepass")


if __name__ == "__main__":
    main()
