"""Open a clip, edit its words, draw a take, sync, generate. Videos travel as files, not as images.

A node is a class as ComfyUI asks for it: ``INPUT_TYPES``, ``RETURN_TYPES``, ``FUNCTION``.
"""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path
from typing import Any

import facedit

_LINES = {"multiline": True, "default": ""}
_SEED = ("INT", {"default": 0, "min": 0, "max": 2**63 - 1})
_VOICE = ("STRING", {"default": "auto"})


class _Node:
    """What all nodes have in common."""

    CATEGORY = "facedit"
    FUNCTION = "run"

    @classmethod
    def IS_CHANGED(cls, **inputs: Any) -> tuple[object, ...]:
        """Run again when a file that an input names has become another one."""
        named = [Path(text) for text in inputs.values() if isinstance(text, str) and text]
        found = []
        for path in named:
            with contextlib.suppress(OSError, ValueError):
                found.append((str(path), path.stat().st_mtime_ns, path.stat().st_size))
        return tuple(found)


class _VideoNode(_Node):
    """A node that makes a video, and shows what came of it."""

    RETURN_TYPES = ("STRING",)
    RETURN_NAMES = ("video",)
    OUTPUT_NODE = True


class OpenClip(_Node):
    """A video, held open: later nodes pay only for what is new. Its words beside it."""

    RETURN_TYPES = ("FACEDIT_CLIP", "STRING")
    RETURN_NAMES = ("clip", "words")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"video": ("STRING", {"default": ""})}}

    def run(self, video: str) -> tuple[Any, str]:
        clip = facedit.open(Path(video), on_progress=_Bar())
        return clip, clip.transcript().text


class EditWords(_Node):
    """What an edit changes: 'old -> new' a line, words to delete, or the whole new sentence."""

    RETURN_TYPES = ("FACEDIT_PLAN", "STRING")
    RETURN_NAMES = ("plan", "what changes")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "clip": ("FACEDIT_CLIP",),
                "replace": ("STRING", _LINES),
                "delete": ("STRING", _LINES),
                "say": ("STRING", _LINES),
                "voice": _VOICE,
            }
        }

    def run(self, clip: Any, replace: str, delete: str, say: str, voice: str) -> tuple[Any, str]:
        pairs = [line.partition("->") for line in replace.splitlines() if line.strip()]
        if wrong := [old for old, arrow, _ in pairs if not arrow]:
            raise ValueError(f"replace: {wrong[0]!r} has no '->' between old and new words.")
        request = facedit.EditRequest(
            say=say.strip() or None,
            replace=tuple((old.strip(), new.strip()) for old, _, new in pairs),
            delete=tuple(line.strip() for line in delete.splitlines() if line.strip()),
            voice=voice or None,
        )
        planned = clip.plan(request)
        return (clip, planned), " ".join(word.text for word in planned.output_words)


class Take(_VideoNode):
    """The video of a plan; another seed is another take."""

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"plan": ("FACEDIT_PLAN",), "seed": _SEED, "name": _name("edit")}}

    def run(self, plan: Any, seed: int, name: str) -> dict[str, Any]:
        clip, planned = plan
        result = clip.render(planned, _free(name), run=facedit.Run(seed=seed))
        return _shown(result)


class Sync(_VideoNode):
    """New sound over the same pictures."""

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "clip": ("FACEDIT_CLIP",), "speech": ("STRING", {"default": ""}), "seed": _SEED,
                "name": _name("sync"),
            }
        }  # fmt: skip

    def run(self, clip: Any, speech: str, seed: int, name: str) -> dict[str, Any]:
        clip.run = facedit.Run(seed=seed)
        return _shown(clip.sync(clip.speak(recording=Path(speech)), _free(name)))


class Generate(_VideoNode):
    """A face that says a text, or a recording if one is given."""

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "face": ("STRING", {"default": ""}), "text": ("STRING", _LINES),
                "speech": ("STRING", {"default": ""}), "voice": _VOICE, "seed": _SEED,
                "name": _name("face"),
            }
        }  # fmt: skip

    def run(
        self, face: str, text: str, speech: str, voice: str, seed: int, name: str
    ) -> dict[str, Any]:
        sound = Path(speech) if speech else None
        request = facedit.GenerateRequest(sound, text.strip() or None, voice)
        run = facedit.Run(seed=seed)
        return _shown(
            facedit.generate(Path(face), _free(name), request, run=run, on_progress=_Bar())
        )


class _Bar:
    """Shows progress on the node; ComfyUI's button to interrupt ends the run."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._stage = ""

    def __call__(self, step: Any) -> None:
        with contextlib.suppress(ImportError):
            from comfy import model_management, utils

            model_management.throw_exception_if_processing_interrupted()
            if step.stage != self._stage:
                self._stage, self._bar = step.stage, utils.ProgressBar(step.total or 1)
            self._bar.update_absolute(step.done, step.total or 1)


def _name(default: str) -> tuple[str, dict[str, str]]:
    return "STRING", {"default": default}


def _free(name: str) -> Path:
    """Return a file in ComfyUI's folder of outputs that is not there yet."""
    try:
        import folder_paths

        folder = Path(folder_paths.get_output_directory())
    except ImportError:
        folder = Path.cwd()
    if Path(name).name != name or not name:
        raise ValueError(f"{name!r}: give a name without a folder; it goes into the outputs.")
    files = (folder / f"{name}_{number:05}.mp4" for number in itertools.count(1))
    return next(file for file in files if not file.exists())


def _shown(result: Any) -> dict[str, Any]:
    video = str(result.outputs[0])
    return {"ui": {"text": [str(result)]}, "result": (video,)}


NODE_CLASS_MAPPINGS: dict[str, type[_Node]] = {
    "FaceditOpenClip": OpenClip,
    "FaceditEditWords": EditWords,
    "FaceditTake": Take,
    "FaceditSync": Sync,
    "FaceditGenerate": Generate,
}
NODE_DISPLAY_NAME_MAPPINGS = {
    "FaceditOpenClip": "Open clip (facedit)",
    "FaceditEditWords": "Edit words (facedit)",
    "FaceditTake": "Take (facedit)",
    "FaceditSync": "Sync (facedit)",
    "FaceditGenerate": "Generate (facedit)",
}
