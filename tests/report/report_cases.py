"""A report that has everything, for the tests of this folder."""

from fractions import Fraction

import numpy as np

from facedit.editing.diff import diff
from facedit.editing.planner import make_plan
from facedit.report.run_report import (
    ClipFacts,
    LipCurve,
    Picture,
    RunReport,
    Seam,
    SpanFacts,
    StageTime,
)
from facedit.report.seam_steps import seam_jump
from facedit.types import Transcript, Word

HOSTILE = "<script>alert('x')</script>&\"\x07"


def words(text, step_s=0.4):
    return tuple(
        Word(word, index * step_s, index * step_s + 0.3) for index, word in enumerate(text.split())
    )


def full_report(new_text="the cow saw it", duration_s=2.0, old_text="the cat saw it now"):
    transcript = Transcript(words(old_text), duration_s)
    edits = diff(transcript.words, new_text)
    sounds = [0.5 if edit.new_words else None for edit in edits]
    plan = make_plan(
        edits, transcript, sounds, source_duration_s=duration_s, frame_rate=Fraction(25)
    )
    own = np.arange(1, 101, dtype=float)
    picture = Picture(np.full((40, 30, 3), (200, 30, 60), np.uint8), 0.4, "fill")
    seams, spans = [], []
    for index, span in enumerate(plan.picture_spans()):
        steps = {"in": 20.0, "out": 99.0}
        seams += [
            Seam(
                span.output_start_s if side == "in" else span.output_end_s,
                side,
                index,
                seam_jump(np.array([step]), own, "std"),
                None,
                seam_jump(np.array([1.0]), np.array([]), "grey levels"),
                (picture, picture),
            )
            for side, step in steps.items()
        ]
        times = np.linspace(0, 2, 20, dtype=np.float32)
        source = np.sin(times)
        source[5:9] = np.nan
        lips = LipCurve(times, source, np.cos(times) ** 2, times / 2)
        spans.append(
            SpanFacts(
                span.output_start_s,
                span.output_end_s,
                span.kind,
                "cow",
                12,
                np.array([0.9, 0.7], np.float32),
                lips,
                (picture,),
                (picture,),
            )
        )
    clip = ClipFacts("clip.mp4", 320, 240, 25.0, duration_s, 50, sound_rate=48_000, channels=1)
    made = ClipFacts("out.mp4", 320, 240, 25.0, plan.output_duration_s, 50)
    return RunReport(
        "edit",
        "0.1.0",
        clip,
        made,
        plan,
        transcript,
        words(new_text),
        tuple(seams),
        tuple(spans),
        (StageTime("tracking", 1.5, "50 frames"), StageTime("rendering", 0.5)),
        {"kept frames": "equal"},
        {"weights": "base"},
        ("Look at this.",),
    )
