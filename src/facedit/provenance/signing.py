"""Signs outputs by C2PA: in the file where its container holds a manifest, else beside it."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from facedit.errors import CannotSign
from facedit.media.output import whole_or_nothing
from facedit.provenance import closing
from facedit.provenance.certificates import Pair
from facedit.provenance.library import (
    INSTALL,
    Watched,
    context,
    is_installed,
    kind_of,
    require_library,
    sidecar_of,
)
from facedit.provenance.manifest import Statement
from facedit.provenance.signing_identity import Identity, find_identity, make_identity

NOT_WANTED = "no (--no-provenance): only the file's metadata say that it was edited"
NOT_INSTALLED = "no: c2pa-python is not installed; only the file's metadata say that it was edited"


@dataclass(frozen=True, slots=True)
class Seal:
    """Signs a finished file before it gets its name.

    Attributes:
        pair: Certificate and key of who signs.
        statement: What is stated.
        output: The name that the file will have.
        force: Whether a manifest that lies beside it may be replaced.
    """

    pair: Pair
    statement: Statement
    output: Path
    force: bool = False

    @property
    def rewrites(self) -> bool:
        """Whether the signed file is another than the finished one."""
        return sidecar_of(self.output) is None

    def seal(self, finished: Path, signed: Path) -> None:
        """Sign a file."""
        beside = sidecar_of(self.output)
        with finished.open("rb") as source:
            if beside is None:
                with signed.open("w+b") as target:
                    self._sign(Watched(source), Watched(target))
                    if kind_of(self.output) in closing.KINDS:
                        closing.close(target)
                return
            manifest = self._sign(Watched(source), Watched(io.BytesIO()), embed=False)
        with whole_or_nothing(beside, self.force) as part:
            part.write_bytes(manifest)

    def _sign(self, source: Watched, target: Watched, *, embed: bool = True) -> bytes:
        kind = kind_of(self.output)

        def signed() -> bytes:
            return sign(
                self.pair, self.statement, self.output.name, kind, source, target, embed=embed
            )

        # Apart: Ctrl-C comes to the main thread, and amid the library's calls it would be lost and
        # the file with it.
        with ThreadPoolExecutor(1) as apart:
            work = apart.submit(signed)
            try:
                manifest = work.result()
                target.flush()
            except CannotSign:
                if refused := source.error or target.error:
                    raise refused from None
                raise
            except BaseException:
                source.stop()
                target.stop()
                raise
        return manifest


@dataclass(frozen=True, slots=True)
class Signing:
    """Whether outputs are signed.

    Attributes:
        identity: Who signs; None if nobody does.
        state: What the report says of it.
        notes: What the user must know of it.
    """

    identity: Identity | None
    state: str
    notes: tuple[str, ...] = ()

    def told(self) -> None:
        """Remember that the user read the notes."""
        if self.identity is not None and self.identity.is_new:
            self.identity.introduced()


def choose_signing(wanted: bool | None) -> Signing:
    """Decide before any work whether outputs are signed and by whom, and prove that they can be.

    ``wanted``: yes, no, or None: wherever the library is installed. Returns who signs; made now if
    nobody has signed here yet. (``AssetMissing`` if it is wanted and the library is missing;
    ``OutputNotWritable`` if no identity can be kept.) ``CannotSign`` if the identity is no good.
    """
    if wanted is False:
        return Signing(None, NOT_WANTED, (f"signed: {NOT_WANTED}.",))
    if not is_installed():
        if wanted:
            require_library()
        return Signing(None, NOT_INSTALLED, (f"signed: {NOT_INSTALLED} ({INSTALL}).",))
    identity = find_identity() or make_identity(new=True)
    try:
        prove(identity.pair)
    except CannotSign as error:
        raise CannotSign(
            f"{identity.folder}: {error} Run 'facedit provenance init --force', or give "
            "--no-provenance."
        ) from error
    pair = identity.pair
    notes: tuple[str, ...] = ()
    if identity.is_new:
        notes = (
            f"Outputs are signed (C2PA) by a certificate that was made for this machine and lies "
            f"in {identity.folder}; 'facedit provenance init' makes one with your name, or takes "
            "your own.",
        )
    return Signing(identity, f"C2PA, by {pair.name} ({pair.issuer})", notes)


def sign(
    pair: Pair,
    statement: Statement,
    title: str,
    kind: str,
    source: Watched,
    target: Watched,
    *,
    embed: bool = True,
) -> bytes:
    """Sign what was read into what is written.

    ``pair``: certificate and key of who signs; ``statement``: what is stated; ``title``: name of
    the output; ``kind``: its MIME type; ``source``: the file; ``target``: where the signed file
    goes, if the manifest is put into it; ``embed``: whether it is. Returns the manifest.
    ``CannotSign`` if the library refuses.
    """
    import c2pa

    try:
        info = c2pa.C2paSignerInfo(pair.algorithm, pair.chain.encode(), pair.key.encode(), None)
        pieces = kind in closing.KINDS and closing.is_large(source)
        with c2pa.Signer.from_info(info) as signer, context(by_pieces=pieces) as settings:  # type: ignore[attr-defined]
            builder = c2pa.Builder(statement.definition(title, kind), settings)
            for number in range(len(statement.origins)):
                _add_ingredient(builder, statement, number)
            if not embed:
                builder.set_no_embed()
            made: bytes = builder.sign(signer, kind, source, target)
            return made
    except c2pa.C2paError as error:
        raise CannotSign(f"{title}: cannot be signed ({error}).") from error


def _add_ingredient(builder: Any, statement: Statement, number: int) -> None:
    """State what the output is made of, with that file's own manifest where it has one."""
    import c2pa

    path = statement.origins[number].path
    stated: dict[str, object] = {**statement.ingredient(number)}
    beside = path.with_suffix(".c2pa")
    kind = kind_of(path)
    try:
        with path.open("rb") as file:
            if sidecar_of(path) is not None and beside.is_file():
                stated |= _from_beside(builder, beside.read_bytes(), kind, file)
                file.seek(0)
            builder.add_ingredient(stated, kind, file)
    except c2pa.C2paError:  # a file that the library cannot parse, though our decoder can
        plain = {**statement.ingredient(number), "format": kind}
        builder.add_ingredient(plain, "application/octet-stream", io.BytesIO(b" "))


def _from_beside(builder: Any, manifest: bytes, kind: str, file: BinaryIO) -> dict[str, object]:
    """Take over the manifest that lies beside a source, with what it is worth now."""
    import c2pa

    with c2pa.Reader(kind, file, manifest, context=context()) as reader:
        stored = {"format": "application/c2pa", "identifier": "manifest-beside"}
        found = {
            "active_manifest": reader.get_active_manifest()["label"],
            "validation_results": reader.get_validation_results(),
            "manifest_data": stored,
        }
    builder.add_resource(stored["identifier"], io.BytesIO(manifest))
    return found


def prove(pair: Pair) -> None:
    """Sign a few bytes: what the library refuses is refused before any work.

    ``pair``: certificate and key. ``CannotSign`` if they cannot sign.
    """
    statement = Statement("generate", (), (), "")
    kind = "application/octet-stream"
    source, target = Watched(io.BytesIO(b"proof")), Watched(io.BytesIO())
    try:
        sign(pair, statement, "proof", kind, source, target, embed=False)
    except CannotSign as error:
        reason = str(error.__cause__).removeprefix("Signature: ")
        raise CannotSign(f"C2PA does not take this certificate and key ({reason}).") from error
