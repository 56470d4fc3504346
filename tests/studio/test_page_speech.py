"""Speech of one's own in the page, and whole clips that say something else, in a real browser.

``pytest -m full tests/studio`` runs these.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("skimage")

from browser import CHROMIUM, Page, browser
from facedit.editing.script import loads
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.sound import read_sound
from facedit.media.wav import write_wav
from facedit.speech.voices.voice import synthesise
from facedit.types import Sound
from studio.serving import Served, Workers, serving
from talking_clips import TalkingClips

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium runs these"),
]


@pytest.fixture(scope="module")
def new_word(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of the word that is put in, with a moment of silence on either side."""
    sound, _ = synthesise("sun", "default")
    still = np.zeros((sound.rate // 3, 1), np.float32)
    file = tmp_path_factory.mktemp("recorded") / "sun.wav"
    write_wav(file, Sound(np.concatenate([still, sound.samples, still]), sound.rate))
    return file


@pytest.fixture(scope="module")
def served(
    clips: TalkingClips, workers: Workers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("studio")
    with serving(folder, [Path(clips["one.mp4"])], workers) as served:
        yield served


@pytest.fixture(scope="module")
def page(
    served: Served, new_word: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile"), microphone=new_word) as page:
        page.go(f"{served.address}#open=one.mp4")
        page.until("document.querySelector('.word')")
        page.until("!document.getElementById('words').hasAttribute('aria-busy')")
        quiet(page)
        yield page
        assert page.complaints == []


def quiet(page: Page) -> None:
    page.until("document.getElementById('cancel').hidden")


def fault(page: Page) -> str:
    found: str = page.js("document.getElementById('fault').hidden ? '' : "
                         "document.getElementById('fault-says').textContent")  # fmt: skip
    return found


def drop(page: Page, file: Path, kind: str) -> None:
    """Drop a file on the page, as a hand does."""
    content = base64.b64encode(file.read_bytes()).decode()
    page.js(f"""(() => {{
      const data = Uint8Array.from(atob('{content}'), (c) => c.charCodeAt(0));
      const dropped = new DataTransfer();
      dropped.items.add(new File([data], '{file.name}', {{type: '{kind}'}}));
      document.dispatchEvent(new DragEvent('drop',
        {{dataTransfer: dropped, bubbles: true, cancelable: true}}));
    }})()""")


def own_edit(page: Page) -> str:
    """The recording by which the only edit is said, once it fits."""
    page.until("document.getElementById('sound').innerText.includes('own recording')")
    page.until("document.getElementById('timeline').dataset.layout === 'spoken'")
    quiet(page)
    assert fault(page) == ""
    found: str = page.js("import('/main.js').then(({work}) => work.clip.edits[0].speech)")
    return found


def test_a_recording_that_is_dropped_says_the_new_word(
    page: Page, served: Served, new_word: Path
) -> None:
    page.js("document.getElementById('words').focus()")
    page.key("End")
    page.type("sun")
    page.key("Enter")
    page.until("document.getElementById('timeline').dataset.layout === 'spoken'")
    quiet(page)
    drop(page, new_word, "audio/wav")
    recording = own_edit(page)
    assert (served.only_clip() / recording).is_file()
    spoken = page.js("document.getElementById('sound').innerText")
    assert "Use a voice" in spoken


def test_the_microphone_says_it_too_to_the_exported_video(page: Page, served: Served) -> None:
    speech = "import('/main.js').then(({work}) => work.clip.edits[0].speech)"
    before = page.js(speech)
    record = "[...document.querySelectorAll('#sound button')].find((b) => /{}/.test(b.textContent))"
    page.js(f"{record.format('Record')}.click()")
    page.until(record.format("Stop"))
    page.js("new Promise((done) => setTimeout(done, 1600))")
    page.js(f"{record.format('Stop')}.click()")
    while page.js(speech) == before:
        page.js("new Promise((done) => setTimeout(done, 40))")
    recording = own_edit(page)
    page.js("document.querySelector('#takes button').click()")
    page.until("document.querySelectorAll('.take').length === 2")
    quiet(page)
    page.key("e", ctrl=True)
    page.until("document.getElementById('export').open")
    page.js("document.getElementById('consent').click()")
    page.js("document.getElementById('do-export').click()")
    page.until("!document.getElementById('export-line').hidden")
    assert page.js("document.getElementById('do-export').disabled")
    page.until("document.querySelector('#downloads a')")
    page.until("document.getElementById('export-line').hidden")
    page.key("Escape")
    exports = served.only_clip() / "exports"
    script = loads((exports / "one-edit.json").read_text())
    assert [own.speech for own in script.own] == [recording]
    assert (exports / recording).is_file()
    assert probe(exports / "one-edited.mp4").has_sound


def say(page: Page, tab: str, text: str) -> None:
    page.js(f"document.querySelector('#tabs [data-tab={tab}]').click()")
    page.until("document.activeElement.id === 'speech-text'")
    page.js("document.getElementById('speech-text').value = ''")
    page.type(text)
    if not page.js("document.getElementById('speech-consent').checked"):
        page.js("document.getElementById('speech-make').click()")
        page.until("document.activeElement.id === 'speech-consent'")
        page.key(" ")
    page.js("document.getElementById('speech-make').click()")


def made(page: Page) -> None:
    page.until("document.querySelector('#speech-made a')")
    quiet(page)
    assert fault(page) == ""
    page.until("!document.getElementById('take').hidden")
    page.until("document.getElementById('take').videoWidth > 0")


@pytest.mark.parametrize("verb", ["sync", "generate"])
def test_other_speech_over_the_whole_clip(page: Page, served: Served, verb: str) -> None:
    """A video is as good a face as a picture: its own pictures move, and show what is asked."""
    page.js(f"document.querySelector('#tabs [data-tab={verb}]').click()")
    page.js("""(() => { const select = document.querySelector('#speech-expression select');
      select.value = 'squint'; select.dispatchEvent(new Event('change')); })()""")
    say(page, verb, "we walk")
    made(page)
    folder = served.only_clip() / "exports"
    source, output = probe(served.studio.store.all()[0].source), probe(folder / f"one-{verb}.mp4")
    sound = read_sound(output.path)
    assert float(np.abs(sound.samples).max()) > 0.05
    if verb == "sync":
        assert output.duration_s == pytest.approx(source.duration_s, abs=0.05)
    else:
        assert 0.3 < output.duration_s < 3
    report = folder / f"one-{verb}.mp4.report"
    assert (report / "report.html").is_file()
    figures = json.loads((report / "report.json").read_text())["figures"]
    assert figures["expression squint"].startswith("asked 0.20")


def test_what_is_longer_than_the_clip_is_refused_in_words(page: Page) -> None:
    say(page, "sync", "this is far too long a text for so short a clip, nobody could say it")
    page.until("!document.getElementById('fault').hidden")
    assert "longer than the" in fault(page)
    quiet(page)
    page.js("document.querySelector('#tabs [data-tab=edit]').click()")


def test_a_picture_that_is_dropped_speaks(page: Page, served: Served, tmp_path: Path) -> None:
    from skimage import data, io

    portrait = tmp_path / "portrait.png"
    io.imsave(portrait, data.astronaut()[:400, 60:460], check_contrast=False)
    page.js("document.getElementById('leave').click()")
    page.until("document.activeElement?.id === 'pick'")
    drop(page, portrait, "image/png")
    page.until("document.getElementById('clip-name').textContent === 'portrait.png'")
    page.until("document.activeElement.id === 'speech-text'")
    assert page.js("[...document.querySelectorAll('#tabs button:disabled')].length") == 2
    say(page, "generate", "we walk")
    made(page)
    (video,) = served.root.glob("*/exports/portrait-generate.mp4")
    frames = [frame.rgb() for frame in read_frames(video)]
    assert np.abs(frames[0].astype(int) - frames[len(frames) // 2]).max() > 30
