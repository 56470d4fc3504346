"""What of a file an edit keeps, for containers, codecs, rates, depths and sounds.

    python benchmarks/kept_packets.py [--only PART] [--chromium /usr/bin/chromium] [--json FILE]

Each row makes a clip of 4 s with a group of pictures every 20, changes two places in it (pictures
and sound, no model), and decodes source and output with FFmpeg's own decoders: the share of packets
copied, kept pictures and kept samples that are equal, the largest offset of kept sound against the
pictures, what is said of the streams before and after, 100 seeks to random pictures, and whether
Chromium plays it through and shows the right picture at 20 random times.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from dataclasses import asdict
from fractions import Fraction
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from threading import Event, Thread

import av

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from compose.compose_cases import plan
from compose.joined_edits import compare, decode, make_edit, plane_hash
from facedit.editing.diff import WordEdit
from media.clips import make_clip

X264 = {"crf": "20", "g": "20", "bf": "2", "preset": "fast"}
X265 = "keyint=20:min-keyint=20:scenecut=0:log-level=none"
NTSC = Fraction(30_000, 1001)
FILM = Fraction(24_000, 1001)
UNEVEN = [k / 25 + (k % 3) / 100 for k in range(100)]


def x265(**how: object) -> dict:
    """Options of a clip in HEVC."""
    params = str(how.pop("params", "open-gop=0"))
    return {"codec": "libx265", "options": {"x265-params": f"{X265}:{params}"}, **how}


def prores(profile: str, pix_fmt: str = "yuv422p10le", **how: object) -> dict:
    """Options of a clip in ProRes."""
    return {"codec": "prores_ks", "pix_fmt": pix_fmt, "options": {"profile": profile}, **how}


def dnxhr(profile: str, pix_fmt: str, **how: object) -> dict:
    """Options of a clip in DNxHR."""
    size = (256, 128)
    options = {"profile": f"dnxhr_{profile}"}
    return {"codec": "dnxhd", "pix_fmt": pix_fmt, "size": size, "options": options, **how}


VP9 = {"codec": "libvpx-vp9", "options": {"g": "20", "deadline": "realtime", "cpu-used": "8"}}
AV1 = {"codec": "libsvtav1", "options": {"preset": "10", "g": "20", "crf": "20"}}
STEREO = {"channels": 2}
ROWS: dict[str, dict] = {
    "h264 mp4 25": {},
    "h264 mov 25": {"suffix": "mov"},
    "h264 mkv 25": {"suffix": "mkv"},
    "h264 m4v 25": {"suffix": "m4v"},
    "h264 mp4 23.976 stereo": {"rate": FILM, **STEREO},
    "h264 mp4 29.97 44.1 kHz": {"rate": NTSC, "sound_rate": 44_100},
    "h264 mkv 29.97": {"suffix": "mkv", "rate": NTSC},
    "h264 mp4 30": {"rate": 30},
    "h264 mp4 50": {"rate": 50},
    "h264 mp4 60 stereo": {"rate": 60, **STEREO},
    "h264 mp4 3840x2160": {"size": (3840, 2160)},
    "h264 mp4 variable rate": {"times_s": UNEVEN},
    "h264 mkv variable rate": {"suffix": "mkv", "times_s": UNEVEN},
    "h264 mp4 baseline": {"options": {**X264, "profile": "baseline", "bf": "0"}},
    "h264 mp4 main": {"options": {**X264, "profile": "main"}},
    "h264 mp4 open groups": {"options": {**X264, "x264-params": "open-gop=1"}},
    "h264 mp4 pyramid": {"options": {**X264, "bf": "5", "x264-params": "b-pyramid=normal"}},
    "h264 mp4 10 bits": {"pix_fmt": "yuv420p10le", "colour": (1, 1, 1, 1)},
    "h264 mov 4:2:2 10 bits pcm24": {
        "suffix": "mov",
        "pix_fmt": "yuv422p10le",
        "sound_codec": "pcm_s24le",
    },
    "h264 mp4 4:4:4": {"pix_fmt": "yuv444p"},
    "h264 mp4 full range": {"pix_fmt": "yuvj420p", "colour": (2, 1, 1, 1)},
    "h264 mp4 turned": {"rotation": 90},
    "h264 mp4 anamorphic": {"aspect": Fraction(64, 45)},
    "h264 mp4 silent": {"sound_rate": 0},
    "h264 mp4 late sound": {"sound_start_s": 0.12},
    "h264 mov pcm16": {"suffix": "mov", "sound_codec": "pcm_s16le", **STEREO},
    "h264 mov pcm32": {"suffix": "mov", "sound_codec": "pcm_s32le"},
    "h264 mkv pcm float": {"suffix": "mkv", "sound_codec": "pcm_f32le"},
    "h264 mkv flac": {"suffix": "mkv", "sound_codec": "flac", **STEREO},
    "h264 mp4 alac": {"sound_codec": "alac"},
    "h264 mkv ac3": {"suffix": "mkv", "sound_codec": "ac3"},
    "h264 mkv opus": {"suffix": "mkv", "sound_codec": "libopus"},
    "h264 mp4 mp3": {"sound_codec": "libmp3lame"},
    "h264 mp4 to mkv": {"target": "mkv"},
    "h264 mkv to mp4": {"suffix": "mkv", "target": "mp4"},
    "h264 ts to mp4": {"suffix": "ts", "target": "mp4"},
    "h264 ts 44.1 kHz to mov": {"suffix": "ts", "target": "mov", "sound_rate": 44_100, **STEREO},
    "hevc ts to mp4": x265(suffix="ts", target="mp4"),
    "hevc mp4 25": x265(),
    "hevc mp4 open groups": x265(params="open-gop=1"),
    "hevc mov sets repeated": x265(suffix="mov", params="open-gop=1:repeat-headers=1"),
    "hevc mkv 29.97": x265(suffix="mkv", rate=NTSC),
    "hevc mp4 10 bits PQ": x265(pix_fmt="yuv420p10le", colour=(1, 9, 9, 16)),
    "hevc mov 10 bits HLG 4:2:2": x265(suffix="mov", pix_fmt="yuv422p10le", colour=(1, 9, 9, 18)),
    "hevc mp4 60 turned": x265(rate=60, rotation=270),
    "prores proxy mov pcm16": prores("proxy", suffix="mov", sound_codec="pcm_s16le"),
    "prores hq mov pcm24 23.976": prores("hq", suffix="mov", sound_codec="pcm_s24le", rate=FILM),
    "prores 4444 alpha mov": prores("4444", "yuva444p10le", suffix="mov", sound_codec="pcm_s24le"),
    "prores xq mov": prores("4444xq", "yuv444p10le", suffix="mov"),
    "prores hq mkv flac": prores("hq", suffix="mkv", sound_codec="flac"),
    "prores hq mov to mp4": prores("hq", suffix="mov", target="mp4"),
    "dnxhr hq mov pcm24": dnxhr("hq", "yuv422p", suffix="mov", sound_codec="pcm_s24le"),
    "dnxhr hqx mov 29.97": dnxhr("hqx", "yuv422p10le", suffix="mov", rate=NTSC),
    "dnxhr 444 mov": dnxhr("444", "yuv444p10le", suffix="mov"),
    "mjpeg mov pcm16": {
        "codec": "mjpeg",
        "suffix": "mov",
        "pix_fmt": "yuvj422p",
        "options": {"q:v": "3"},
        "sound_codec": "pcm_s16le",
    },
    "vp9 webm opus": {**VP9, "suffix": "webm"},
    "av1 webm opus": {**AV1, "suffix": "webm"},
    "av1 mp4 10 bits": {**AV1, "pix_fmt": "yuv420p10le"},
    "h264 mp4 fragments": {"container_options": {"movflags": "frag_keyframe+empty_moov"}},
    "h264 flv to mp4": {"suffix": "flv", "target": "mp4"},
    "h264 mp4 pcm24": {"sound_codec": "pcm_s24le"},
    "dnxhr hq mxf to mov": dnxhr(
        "hq", "yuv422p", suffix="mxf", target="mov", sound_codec="pcm_s24le"
    ),
    "mpeg2 ts to mp4": {
        "codec": "mpeg2video",
        "options": {"g": "15", "bf": "2", "b": "2M"},
        "suffix": "ts",
        "target": "mp4",
        "sound_codec": "mp2",
    },
    "hevc mp4 field pictures": x265(params="open-gop=0:interlace=tff", rate=50),
    "h264 mp4 fields": {"options": {**X264, "flags": "+ildct+ilme", "x264-params": "tff=1"}},
    "h264 mp4 eac3": {"sound_codec": "eac3"},
    "h264 mp4 opus stereo": {"sound_codec": "libopus", **STEREO},
    "h264 mkv mp3 22.05 kHz": {"suffix": "mkv", "sound_codec": "libmp3lame", "sound_rate": 22_050},
    "mpeg2 mkv": {"suffix": "mkv", "codec": "mpeg2video", "options": {"g": "20", "qscale": "3"}},
    "vp9 mkv": {**VP9, "suffix": "mkv"},
    "vp9 mp4": VP9,
    "mpeg4 mp4": {"codec": "mpeg4", "options": {"qscale": "3", "flags": "+qscale"}},
}


def described(path: Path) -> dict[str, object]:
    """Say of a file what must stay."""
    with av.open(str(path)) as file:
        picture = file.streams.video[0]
        about = picture.codec_context
        first = next(file.decode(picture))
        said = {
            "codec": (about.name, about.profile, about.codec_tag.strip("\0\x1b") or "-"),
            "format": about.pix_fmt,
            "colour": (
                int(about.color_range),
                int(about.colorspace),
                int(about.color_primaries),
                int(about.color_trc),
            ),
            "aspect": str(picture.sample_aspect_ratio),
            "turned": first.rotation,
        }
        for sound in file.streams.audio[:1]:
            heard = sound.codec_context
            said["sound"] = (heard.name, sound.rate, sound.channels, heard.format.name)
    return said


def seeks_right(path: Path, tries: int = 100) -> int:
    """Count seeks to random pictures after which decoding gives what it gives from the start."""
    with av.open(str(path)) as file:
        shown = {frame.pts: plane_hash(frame) for frame in file.decode(file.streams.video[0])}
    right, draw = 0, Random(1)
    with av.open(str(path)) as file:
        video = file.streams.video[0]
        for _ in range(tries):
            time = draw.choice(sorted(shown))
            file.seek(time, stream=video, backward=True)
            for frame in file.decode(video):
                if plane_hash(frame) != shown.get(frame.pts):
                    break
                if frame.pts >= time:
                    right += frame.pts == time
                    break
    return right


PAGE = """<!doctype html><script>
const wait = (v, name) => new Promise((yes, no) => {
  v.addEventListener(name, yes, {once: true});
  v.addEventListener('error', () => no(v.error && v.error.message), {once: true});
  setTimeout(() => no('no ' + name), 20000);
});
async function look(name, times) {
  const v = document.createElement('video');
  v.muted = true; v.src = '/' + name; document.body.append(v);
  const said = {seen: [], frames: 0};
  try {
    await wait(v, 'loadeddata');
    v.playbackRate = 4; v.play(); await wait(v, 'ended');
    said.frames = v.getVideoPlaybackQuality().totalVideoFrames;
    const c = document.createElement('canvas'); c.width = c.height = 8;
    const g = c.getContext('2d', {willReadFrequently: true});
    for (const t of times) {
      v.currentTime = t; await wait(v, 'seeked');
      g.drawImage(v, v.videoWidth / 2 - 4, v.videoHeight / 2 - 4, 8, 8, 0, 0, 8, 8);
      said.seen.push([...g.getImageData(4, 4, 1, 1).data]);
    }
  } catch (e) { said.error = String(e); }
  v.remove(); return said;
}
addEventListener('load', async () => {
  const jobs = await (await fetch('/jobs')).json(), out = {};
  for (const [name, times] of Object.entries(jobs)) out[name] = await look(name, times);
  await fetch('/said', {method: 'POST', body: JSON.stringify(out)});
});
</script><body>"""


class _Server(BaseHTTPRequestHandler):
    """Serves the page, the files (with ranges) and the jobs; takes the answer."""

    def __init__(self, folder: Path, jobs: dict, said: dict, done: Event, *args: object) -> None:
        self.folder, self.jobs, self.said, self.done = folder, jobs, said, done
        super().__init__(*args)

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Take the answer."""
        self.said.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._send(b"")
        self.done.set()

    def do_GET(self) -> None:
        """Send a file, or a part of it."""
        if self.path in ("/", "/jobs"):
            self._send(PAGE.encode() if self.path == "/" else json.dumps(self.jobs).encode())
            return
        path = self.folder / Path(self.path).name
        data = path.read_bytes() if path.is_file() else b""
        first, _, last = self.headers.get("Range", "bytes=0-")[6:].partition("-")
        start, end = int(first or 0), min(int(last or len(data)), len(data) - 1) + 1
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        self._finish(data[start:end], "video/webm" if path.suffix == ".webm" else "video/mp4")

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self._finish(body, "text/html")

    def _finish(self, body: bytes, kind: str) -> None:
        self.send_header("Content-Type", kind)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def chromium_says(chromium: str, folder: Path, jobs: dict[str, list[float]]) -> dict:
    """Let Chromium play files and look at pictures of them."""
    said: dict = {}
    done = Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Server, folder, jobs, said, done))
    server.handle_error = lambda *_: None  # a browser leaves when it has seen enough
    Thread(target=server.serve_forever, daemon=True).start()
    command = [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--mute-audio"]
    command += ["--autoplay-policy=no-user-gesture-required", f"--user-data-dir={folder}/profile"]
    command += [f"http://127.0.0.1:{server.server_port}/"]
    null = os.open(os.devnull, os.O_WRONLY)
    quiet = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    child = os.posix_spawn(chromium, command, dict(os.environ), file_actions=quiet)
    done.wait(timeout=60 + 30 * len(jobs))
    os.kill(child, 15)
    os.waitpid(child, 0)
    server.shutdown()
    return said


def measure(folder: Path, number: int, how: dict) -> dict:
    """Make a row's clip, edit it, and compare."""
    how = {"options": X264, "size": (128, 96), "seconds": 4.0, **how}
    suffix, target = how.pop("suffix", "mp4"), how.pop("target", None)
    source = folder / f"{number}.{suffix}"
    output = folder / f"out-{number}.{target or suffix}"
    make_clip(source, **how)
    edits = WordEdit(2, 3, ("x",)), WordEdit(5, 5, ("y", "z"))
    made = plan(*edits, speech_s=0.5, rate=Fraction(how.get("rate", 25)))
    rendering, sound = make_edit(source, output, made)
    seen = compare(source, output, made, rendering, sound)
    before, after = described(source), described(output)
    shown = decode(output)
    times = [float(shown.times_s[Random(k).randrange(len(shown.times_s))]) for k in range(20)]
    return {
        **asdict(seen),
        "pictures": len(shown.pictures),
        "changed": {k: (before[k], after.get(k)) for k in before if before[k] != after.get(k)},
        "seeks": seeks_right(output),
        "notes": rendering.notes,
        "file": output.name,
        "source": source.name,
        "times": [time + 0.004 for time in times],
        "grey_at": [bool(shown.grey[list(shown.times_s).index(time)]) for time in times],
    }


def in_chromium(row: dict, said: dict | None, of_source: dict | None) -> str:
    """Say in a word or two what Chromium made of an output."""
    if said is None or of_source is None:
        return "-"
    if not said["frames"]:
        return "no such codec"
    if "error" in said:
        same = "as the source: " if "error" in of_source else ""
        return same + said["error"][:60]
    right = sum(
        (max(abs(value - 90) for value in pixel[:3]) < 16) == grey
        for pixel, grey in zip(said["seen"], row["grey_at"], strict=True)
    )
    return f"{said['frames']}/{row['pictures']}, seeks {right}/20"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="rows whose name holds this")
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, (row, how) in enumerate(ROWS.items()):
            if args.only in row:
                rows[row] = measure(folder, number, how)
        jobs = {row["file"]: row["times"] for row in rows.values()}
        jobs |= {row["source"]: [t for t in row["times"] if t < 3.9] for row in rows.values()}
        said = chromium_says(args.chromium, folder, jobs) if args.chromium else {}
    print("| clip | copied | kept pictures equal | kept samples equal | offset ms | seeks |"
          " Chromium | changed |\n|---|---|---|---|---|---|---|---|")  # fmt: skip
    for name, row in rows.items():
        row["chromium"] = in_chromium(row, said.get(row["file"]), said.get(row["source"]))
        print(
            f"| {name} | {row['expected'] / row['pictures']:.0%} | {row['equal']}/{row['kept']} | "
            f"{max(row['samples_equal'], row['samples_entered']) / max(row['samples_kept'], 1):.1%}"
            f" | "
            f"{1000 * row['offset_s']:.1f} | {row['seeks']}/100 | {row['chromium']} | "
            f"{'; '.join([*row['notes'], *(f'{k}: {v}' for k, v in row['changed'].items())])} |"
        )
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1, default=str))


if __name__ == "__main__":
    main()
