"""What a file's manifest says, and whether it still holds: valid, changed or none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from facedit.errors import BadMedia, CannotSign, FaceditError, one_line
from facedit.inputs import check_input
from facedit.media.open import SOUND_FORMATS, VIDEO_FORMATS, open_media, typed_errors
from facedit.provenance import closing
from facedit.provenance.certificates import certificates_in
from facedit.provenance.library import (
    KINDS,
    Watched,
    context,
    kind_of,
    require_library,
    sidecar_of,
)
from facedit.provenance.manifest import CHANGES, Change

_MOST_BYTES = 50_000_000
_HEAD = "the file's type or the manifest, in a place that C2PA does not sign"
_SIGNER = "signingCredential."
_WORDS = {
    "assertion.bmffHash": "the pictures, the sound or how the file holds them",
    "assertion.dataHash": "the file's content",
    "assertion.boxesHash": "the file's content",
    "assertion.hashedURI": "what the manifest states ({})",
    "claimSignature": "the manifest, or its signature is not the signer's",
    "claim": "the manifest",
    "assertion": "what the manifest states ({})",
    "ingredient": "what the manifest states of the source",
}
"""What a failed check of C2PA means was changed, by the beginning of its code."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a file's manifest is worth.

    Attributes:
        path: The file.
        state: ``valid``: the file is as it was signed; ``changed``: it is not; ``none``: it holds
            no manifest, and none lies beside it.
        signer: Who signed, and who vouches for that; None if that cannot be told.
        trusted: Whether that signer is known here.
        reasons: What is wrong, in words.
        made_with: The program that made the manifest.
        verb: What facedit did; None of other programs' files.
        changes: Where the file is not as it was shot, as facedit stated it.
        sources: Names and hashes of what it was made of, and what their own manifests are worth.
        voice: Whose voice speaks, imitated or copied ones among them, if one does.
        consent: The statement of consent, if there is one.
        mark: What facedit wrote into the metadata, if it did.
        beside: The manifest's own file, if it lies beside.
    """

    path: Path
    state: Literal["valid", "changed", "none"]
    signer: str | None = None
    trusted: bool = False
    reasons: tuple[str, ...] = ()
    made_with: str | None = None
    verb: str | None = None
    changes: tuple[Change, ...] = ()
    sources: tuple[dict[str, str], ...] = ()
    voice: str | None = None
    consent: str | None = None
    mark: str | None = None
    beside: Path | None = None

    @property
    def exit_status(self) -> int:
        """0 valid by a known signer, 11 changed, 12 none, 13 valid by a signer not known here."""
        if self.state == "valid":
            return 0 if self.trusted else 13
        return 11 if self.state == "changed" else 12

    @property
    def summary(self) -> str:
        """The outcome, in one line."""
        if self.state == "none":
            told = f"; its metadata say: {self.mark}" if self.mark else ""
            return one_line(f"{self.path}: no manifest{told}")
        if self.state == "changed":
            return one_line(f"{self.path}: changed since it was signed: {'; '.join(self.reasons)}")
        known = "known here" if self.trusted else "not known here"
        return one_line(f"{self.path}: valid, signed by {self.signer} ({known})")

    def to_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "file": str(self.path),
            "state": self.state,
            "signer": self.signer,
            "trusted": self.trusted,
            "reasons": list(self.reasons),
            "made_with": self.made_with,
            "verb": self.verb,
            "changes": [change.to_dict() for change in self.changes],
            "sources": list(self.sources),
            "voice": self.voice,
            "consent": self.consent,
            "mark": self.mark,
            "manifest_beside": str(self.beside) if self.beside else None,
        }

    def __str__(self) -> str:
        """Return it for people."""
        if self.state != "valid":
            return self.summary
        lines = [*self.reasons, *([f"made with {self.made_with}"] if self.made_with else [])]
        lines += [str(change) for change in self.changes]
        for source in self.sources:
            lines.append("from: " + ", ".join(f"{name} {value}" for name, value in source.items()))
        lines += [f"voice: {self.voice}"] if self.voice else []
        lines += [f"consent: {self.consent}"] if self.consent else []
        # What a file says of itself may be meant for the terminal.
        return "\n  ".join([self.summary, *map(one_line, lines)])


def verify(path: Path, trust: Sequence[Path] = ()) -> Verdict:
    """Check the manifest of a file; nothing is looked up on the network.

    ``path``: any file; the manifest of an mkv or webm lies beside it; ``trust``: PEM files of
    further certificates whose signatures are trusted. Returns the verdict. ``BadMedia`` if the file
    cannot be read. (``AssetMissing`` if the library is not installed, ``CannotSign`` if a file of
    ``trust`` holds no certificate.).
    """
    require_library()
    check_input(path, "media")
    more = "".join(_certificates(file) for file in trust)
    beside = sidecar_of(path)
    beside = beside if beside is not None and beside.is_file() else None
    import c2pa

    try:
        with path.open("rb") as file:
            manifest = None if beside is None else _small(beside)
            kind = KINDS.get(path.suffix.lower())  # None: the library looks for itself
            with c2pa.Reader(kind, Watched(file), manifest, context=context(more)) as reader:
                store = json.loads(reader.json())
            is_whole = kind not in closing.KINDS or closing.holds(file)
    except c2pa.C2paError.ManifestNotFound:
        return _without_manifest(path)
    except c2pa.C2paError.NotSupported:
        return Verdict(path, "none", mark=_mark(path))
    except (c2pa.C2paError, ValueError, RecursionError) as error:
        if "type is unsupported" in str(error):
            return Verdict(path, "none", mark=_mark(path))
        reason = f"the manifest, which cannot be read any more ({str(error)[:200]})"
        return Verdict(path, "changed", reasons=(reason,), mark=_mark(path), beside=beside)
    except OSError as error:
        raise BadMedia(f"{path}: cannot be read ({error.strerror}).") from error
    found = judged(path, store, beside)
    if found.state == "valid" and found.verb and not is_whole:
        return replace(found, state="changed", reasons=(_HEAD,))
    return found


def judged(path: Path, store: Mapping[str, object], beside: Path | None = None) -> Verdict:
    """Put what C2PA's library found into words.

    ``path``: the file; ``store``: the manifests with the results of all checks, as the library
    gives them; ``beside``: the manifest's own file, if it lies beside. Returns the verdict. What is
    malformed in it counts as missing: the file is hostile.
    """
    active = _of(_of(store, "manifests"), str(store.get("active_manifest")))
    checks = _of(_of(store, "validation_results"), "activeManifest")
    broken, doubts = _failures(checks)
    signed = _of(active, "signature_info")
    names = [str(signed[name]) for name in ("common_name", "issuer") if signed.get(name)]
    stated = _stated(active)
    programs = [_mapping(one) for one in _list(active, "claim_generator_info")[:1]]
    made_with = " ".join(str(one.get(k, "")) for one in programs for k in ("name", "version"))
    return Verdict(
        path,
        "changed" if broken or not active else "valid",
        signer=", ".join(names) or None,
        trusted=store.get("validation_state") == "Trusted",
        reasons=(*broken, *doubts),
        made_with=made_with.strip() or None,
        verb=_text(stated.get("verb")),
        changes=tuple(filter(None, map(_change, _list(stated, "changes")))),
        sources=_sources(active, stated),
        voice=_text(stated.get("voice")),
        consent=_text(stated.get("consent")),
        beside=beside,
    )


def _failures(checks: Mapping[str, object]) -> tuple[list[str], list[str]]:
    """Say in words what failed of the file, and what is doubtful of its signer."""
    broken, doubts = [], []
    for one in _list(checks, "failure"):
        code = str(_mapping(one).get("code"))
        if not code.startswith(_SIGNER):
            broken.append(_in_words(code, _url(one)))
        elif not code.endswith("untrusted"):
            expired = "the certificate has expired or is not valid yet"
            doubts.append(expired if "expired" in code else code)
    return list(dict.fromkeys(broken)), doubts


def _text(value: object) -> str | None:
    return str(value) if value else None


def _without_manifest(path: Path) -> Verdict:
    """Tell a file that lost its manifest whole from one in which it is damaged."""
    with path.open("rb") as file:
        is_closed = kind_of(path) in closing.KINDS and closing.is_closed(file)
    if is_closed:
        return Verdict(path, "changed", reasons=("the manifest, which is not found any more",))
    return Verdict(path, "none", mark=_mark(path))


def _in_words(code: str, url: str) -> str:
    """Say what a failed check means."""
    place = url.rpartition("/")[2] or code
    for start, words in _WORDS.items():
        if code.startswith(start):
            return words.format(place)
    return f"{code} ({place})"


def _stated(active: Mapping[str, object]) -> Mapping[str, object]:
    """Return the assertion of our own."""
    for one in map(_mapping, _list(active, "assertions")):
        if one.get("label") == CHANGES:
            return _of(one, "data")
    return {}


def _change(value: object) -> Change | None:
    change = _mapping(value)
    start_s, end_s = change.get("start_s"), change.get("end_s")
    if not isinstance(start_s, (int, float)) or not isinstance(end_s, (int, float)):
        return None
    before, after = (change.get(name) for name in ("before", "after"))
    return Change(
        float(start_s),
        float(end_s),
        str(change.get("kind")),
        None if before is None else str(before),
        None if after is None else str(after),
    )


def _sources(
    active: Mapping[str, object], stated: Mapping[str, object]
) -> tuple[dict[str, str], ...]:
    """List what the file was made of: names and hashes, and what their own manifests are worth."""
    hashes = [_mapping(one).get("sha256") for one in _list(stated, "sources")]
    found = []
    for number, one in enumerate(map(_mapping, _list(active, "ingredients"))):
        source = {"name": str(one.get("title"))}
        if number < len(hashes) and hashes[number]:
            source["sha256"] = str(hashes[number])
        if one.get("active_manifest"):
            checks = _of(_of(one, "validation_results"), "activeManifest")
            codes = [str(_mapping(c).get("code")) for c in _list(checks, "failure")]
            broken = [code for code in codes if not code.startswith(_SIGNER)]
            source["manifest"] = "changed" if broken else "valid"
        found.append(source)
    return tuple(found)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _of(value: Mapping[str, object], key: str) -> Mapping[str, object]:
    return _mapping(value.get(key))


def _list(value: Mapping[str, object], key: str) -> list[object]:
    found = value.get(key)
    return found if isinstance(found, list) else []


def _url(check: object) -> str:
    return str(_mapping(check).get("url") or "")


def _mark(path: Path) -> str | None:
    """Return what facedit wrote into the metadata of a video or sound."""
    try:
        formats = f"{VIDEO_FORMATS},{SOUND_FORMATS}"
        with open_media(path, formats) as container, typed_errors(path):
            comment = container.metadata.get("comment") or container.metadata.get("COMMENT") or ""
    except FaceditError:
        return None
    return comment if comment.startswith("facedit ") else None


def _small(path: Path) -> bytes:
    check_input(path, "manifest")
    with path.open("rb") as file:
        return file.read(_MOST_BYTES)


def _certificates(path: Path) -> str:
    check_input(path, "certificate")
    with path.open("rb") as file:
        pem = file.read(_MOST_BYTES)
    try:
        certificates_in(pem)
        return pem.decode("ascii") + "\n"
    except (CannotSign, UnicodeDecodeError) as error:
        raise CannotSign(f"{path}: holds no certificate in PEM form.") from error
