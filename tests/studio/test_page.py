"""The page in a real browser, against the real pipeline: Debian's Chromium, the policy on."""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

pytest.importorskip("uvicorn")

from browser import CHROMIUM, Page, browser
from facedit import api
from facedit.editing.script import loads
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.motion.expressions import expressions
from facedit.options import EditRequest, Run
from facedit.studio.refused import Refused
from facedit.studio.serve import HOST
from studio.serving import Served, Workers, serving
from talking_clips import RATE, TalkingClips, write_clip

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium: apt-get install chromium runs these"
)


@pytest.fixture(scope="module")
def served(
    clips: TalkingClips, workers: Workers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("studio")
    with serving(folder, [Path(clips["one.mp4"]), uneven(clips, folder)], workers) as served:
        yield served


def uneven(clips: TalkingClips, folder: Path) -> Path:
    """A clip of two faces, the left one half as large, over the same words."""
    from skimage import data

    face = data.astronaut()[:224, 112:336]
    small = np.pad(face[::2, ::2], ((112, 0), (0, 0), (0, 0)))
    file = folder.with_name("uneven.mp4")
    picture = np.concatenate([small, face], axis=1)
    write_clip(file, [picture] * (int(clips.sound.duration_s * RATE) + 1), clips.sound)
    return file


@pytest.fixture(scope="module")
def page(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as page:
        page.go(f"{served.address}#open=one.mp4")
        page.until("document.querySelector('.word')")
        page.until("!document.getElementById('words').hasAttribute('aria-busy')")
        page.until("document.getElementById('cancel').hidden")
        yield page
        # Whatever the tests did: nothing was asked of anybody else, nothing was complained of.
        assert [one for one in page.asked if not one.startswith(f"http://{HOST}:")] == []
        assert page.complaints == []


def status(page: Page) -> str:
    found: str = page.js("document.getElementById('status').textContent")
    return found


def saved(page: Page) -> None:
    page.until("document.getElementById('saved').textContent === 'Saved.'")


def test_edits_are_put_together_as_the_planner_wants_them(page: Page) -> None:
    """In order, apart, and none that touches another; what was typed stays until typed over."""
    found = page.js("""import('/script.js').then(({put, strike}) => {
      const shown = (edits) => edits.map((e) => `${e.words} ${e.new}`).join(' | ');
      const one = put([], 2, 3, ' big  red ');
      return [
        one, put(one, 2, 3, 'small'), put(one, 3, 4, 'fox'), put(one, 1, 2, ''),
        put(one, 3, 3, 'very'),
        put(one, 5, 6, 'x'), put(one, 0, 6, 'all'), put([], 2, 2, ''),
        put(put([], 3, 3, 'in'), 3, 3, ''),
        strike(one, 2, 3), strike(one, 3, 4), strike([], 0, 2), strike(strike([], 0, 2), 0, 1),
        put(put([], 4, 5, 'b'), 3, 3, 'a'),
      ].map(shown);
    })""")
    assert found == [
        "2,3 big red", "2,3 small", "2,4 big red fox", "1,3 big red", "2,3 big red very",
        "2,3 big red | 5,6 x", "0,6 all", "", "",
        "", "2,4 big red", "0,2 ", "",
        "3,3 a | 4,5 b",
    ]  # fmt: skip


def test_every_control_has_a_name_and_nothing_lies_over_another(page: Page) -> None:
    sizes = ((1280, 720), (1920, 1080), (640, 360))
    for (width, height), tab in product(sizes, ("generate", "sync", "edit")):
        page.size(width, height)
        page.js(f"document.querySelector('#tabs [data-tab={tab}]').click()")
        unnamed = page.js("""[...document.querySelectorAll(
          'button, input, select, textarea, video, canvas, a, [role=listbox], [role=group]')]
          .filter((e) => e.offsetParent && !(e.getAttribute('aria-label') || e.labels?.length ||
            e.getAttribute('aria-labelledby') || e.textContent.trim())).map((e) => e.outerHTML)""")
        assert unnamed == []
        assert page.js("document.documentElement.scrollWidth <= innerWidth")
        parts = ".stage, .transport, .timeline, section.text, aside, header, footer"
        over = page.js(f"""(() => {{
          const all = [...document.querySelectorAll('{parts}')].map((e) =>
            [e.className || e.tagName, e.getBoundingClientRect()]);
          return all.flatMap(([a, p], i) => all.slice(i + 1).filter(([b, q]) =>
            p.left < q.right - 1 && q.left < p.right - 1 &&
            p.top < q.bottom - 1 && q.top < p.bottom - 1).map(([b]) => [a, b]));
        }})()""")
        if width > 900:  # narrow pages scroll under their last line
            assert over == []
        stage = page.js("document.getElementById('stage').offsetHeight / innerHeight")
        assert stage < 0.7, (width, tab)
    page.size(1280, 720)
    assert page.js("document.getElementById('status').ariaLive") == "polite"


WATCHED = """(() => {
  window.progress = [];
  const watch = () => {
    const [stage, share] = [document.getElementById('doing').textContent.split(' ')[0],
      document.getElementById('progress').getAttribute('value')];
    window.progress.push([stage, share && Number(share)]);
  };
  new MutationObserver(watch).observe(document.querySelector('footer'),
    {attributes: true, childList: true, subtree: true});
})()"""
"""Notes what the bar shows."""


def test_by_keys_alone_from_words_to_an_exported_video(
    page: Page, served: Served, clips: TalkingClips, tmp_path: Path
) -> None:
    """Type over, undo, redo; hear; a take; refuse without consent; export what edit would make."""
    page.until("document.activeElement.id === 'words'")
    page.js(WATCHED)
    page.key("End")
    page.type("sun")
    # The layout comes before the voice, while the new word is still typed.
    page.until("document.querySelector('#edits ins')?.textContent === 'sun'")
    assert page.js("document.getElementById('timeline').dataset.layout") == "guessed"
    page.key("Escape")
    page.until("!document.querySelector('#edits ins')")
    page.type("sun")
    page.key("Enter")
    saved(page)
    page.key("z", ctrl=True)
    page.until("!document.querySelector('.chip')")
    page.key("z", ctrl=True, shift=True)
    page.until("document.querySelector('.chip')?.textContent === 'sun'")
    page.until("document.getElementById('timeline').dataset.layout === 'spoken'")
    wav, _, context = sorted(
        served.only_clip().glob("sounds/*.wav"), key=lambda file: len(file.name)
    )
    heard_s = page.js(f"""new Promise((done) => {{
      const sound = new Audio('/api/clips/{served.only_clip().name}/sounds/{wav.name}');
      sound.onloadedmetadata = () => done(sound.duration);
    }})""")
    with wave.open(str(context)) as file:  # to the end of the clip, and a second before
        assert file.getnframes() / file.getframerate() > heard_s + 1
    assert f"{heard_s:.2f} s" in page.js("document.getElementById('sound').innerText")
    # The new words are drawn as they sound: in its own colour, not as high everywhere.
    heights = page.js(NEW_WAVE)
    assert len(heights) > 10
    assert len(set(heights)) > 3, heights

    page.key("m", alt=True)
    page.until("document.querySelectorAll('.take').length === 2")
    page.until("document.getElementById('cancel').hidden")
    page.until("document.getElementById('take').readyState >= 2")
    page.key("Home")
    times = sorted(float(seam["output_s"]) for seam in seams_of(served))
    at = page.js("import('/main.js').then(({work}) => work.player.at)")
    first = next(time for time in times if time > at + 0.25 + 0.02)
    for key, seam_s in (("]", first), ("]", times[-1]), ("[", max(times[:-1]))):
        page.key(key)
        page.until(f"document.getElementById('status').textContent.includes('{seam_s:.2f} s')")
        page.js("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        shown = page.js("document.getElementById('time').textContent")
        assert seconds(shown) == pytest.approx(max(seam_s - 0.25, 0), abs=0.011)

    page.key("e", ctrl=True)
    page.until("document.getElementById('export').open")
    page.js("document.getElementById('do-export').click()")
    page.until("document.activeElement.id === 'consent'")
    assert "agreed" in page.js("document.getElementById('export-says').textContent")
    page.key(" ")
    page.js("document.getElementById('do-export').click()")
    page.until("document.querySelector('#downloads a')")
    page.key("Escape")
    shares = page.js("window.progress")
    assert len({stage for stage, _ in shares}) > 3
    for (stage, before), (then, after) in pairwise(shares):
        assert stage != then or None in (before, after) or before <= after, shares
    exported = served.only_clip() / "exports" / "one-edited.mp4"
    script = served.only_clip() / "exports" / "one-edit.json"

    page.call("Page.reload")
    page.until("document.querySelector('.take') && document.querySelector('.chip')")
    assert page.js("document.getElementById('consent').checked")
    assert page.js("document.querySelector('#downloads a').textContent") == exported.name

    again = tmp_path / "again.mp4"
    api.edit(Path(clips["one.mp4"]), again, EditRequest(script=script), run=Run(device="cpu"))
    pairs = list(zip(read_frames(exported), read_frames(again), strict=True))
    assert len(pairs) > 10
    apart = [int(np.abs(a.rgb().astype(int) - b.rgb()).max()) for a, b in pairs]
    assert not any(apart), "frames apart by so many levels: " + ", ".join(
        f"{number}: {levels}" for number, levels in enumerate(apart) if levels
    )


NEW_WAVE = """import('/main.js').then(async ({work}) => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const {canvas, plan, from, span, length} = work.timeline;
  const scale = canvas.width / Math.min(span, length);
  const [start, end] = plan.segments.find((one) => !one.keep).output.map((s) => (s - from) * scale);
  const paint = canvas.getContext('2d');
  paint.fillStyle = getComputedStyle(canvas).getPropertyValue('--new');
  const ink = parseInt(paint.fillStyle.slice(1), 16);
  const half = canvas.height / 2;
  return Array.from({length: Math.floor(end - start) - 2}, (_, k) => {
    const {data} = paint.getImageData(Math.ceil(start) + 1 + k, half, 1, 44);
    return Array.from({length: 44}, (_, y) => y * 4).filter((at) =>
      data[at] * 65536 + data[at + 1] * 256 + data[at + 2] === ink).length;
  });
})"""
"""Heights of the wave that is drawn of new words, column by column."""


def test_a_seam_from_near_shows_both_sounds_on_one_axis(page: Page) -> None:
    """They are the same until the new words begin, and the joint stands in the middle of both."""
    page.js("document.getElementById('words').focus()")
    page.key("z", alt=True)
    page.until("import('/main.js').then(({work}) => work.timeline.close?.waves)")
    pressed = "document.querySelector('.seams-line [aria-pressed=true]').textContent"
    assert page.js(pressed).startswith("into it")
    found = page.js("""import('/main.js').then(async ({work}) => {
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      const {close, from} = work.timeline;
      const [{source, output}] = work.fills();
      const at = (wave, time) => wave.between(time, time + 0.01);
      const steps = Array.from({length: 30}, (_, k) => -0.45 + k / 50);
      return {joint: [source[0], output[0]], middle: [close.source_s, close.output_s], from,
        at: work.player.at, pairs: steps.map((s) => [s, at(close.waves.source, close.source_s + s),
          at(close.waves.output, close.output_s + s)])}; })""")
    assert found["joint"] == found["middle"]
    assert found["from"] == pytest.approx(found["middle"][1] - 0.6)
    assert found["at"] == pytest.approx(found["middle"][1] - 0.25)  # before the seam
    before = [(one, other) for s, one, other in found["pairs"] if s < -0.03]
    behind = [(one, other) for s, one, other in found["pairs"] if s > 0.03]
    assert all(one == pytest.approx(other, abs=0.002) for one, other in before)
    assert max(max(one) for one, _ in before) > 0.02
    assert max(abs(one[1] - other[1]) for one, other in behind) > 0.02
    page.key("z", alt=True)
    page.key("z", alt=True)
    assert page.js("document.getElementById('timeline').dataset.close") == "false"


def seconds(shown: str) -> float:
    minutes, rest = shown.split(" ")[0].split(":")
    return 60 * int(minutes) + float(rest)


def seams_of(served: Served) -> list[dict[str, Any]]:
    clip = served.studio.store.get(served.only_clip().name)
    found: list[dict[str, Any]] = served.studio.state(clip)["edits"][0]["takes"][0]["seams"]
    return found


def test_before_and_after_are_in_step_over_words_that_were_replaced(page: Page) -> None:
    """At every tenth of a second the two pictures are those that belong together."""
    length_s, rate = page.js("""import('/main.js').then(({work}) =>
      [work.clip.plan.output_duration_s, work.clip.info.frame_rate])""")
    page.js("import('/main.js').then(({work}) => work.words.saying(1))")
    apart = []
    for step in range(int(length_s * 10)):
        found = page.js(f"""import('/main.js').then(async ({{work}}) => {{
          const {{sourceTime}} = await import('/time_map.js');
          const {{player}} = work;
          player.seekOutput({step / 10 + 0.013});
          const shown = player.take.hidden ? player.rest : player.take;
          const settled = (video) => video.seeking
            ? new Promise((done) => video.addEventListener('seeked', done, {{once: true}})) : null;
          for (const video of [shown, player.before]) await settled(video);
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          for (const video of [shown, player.before]) await settled(video);
          const output_s = shown.currentTime - player.piece.offset;
          return [sourceTime(work.clip.plan, output_s) - player.before.currentTime,
            output_s - player.at];
        }})""")
        apart.append(max(map(abs, found)))
    assert page.js("document.querySelector('.said')") is None  # nothing is being said
    assert len(apart) > 10
    assert max(apart) <= 1 / rate, apart


def test_the_focus_is_seen_wherever_it_goes(page: Page) -> None:
    """By Tab alone through an edit with a take: each stop is drawn, and none holds the focus."""
    page.js("document.querySelector('#show-keys').focus()")
    seen: list[str] = []
    for _ in range(60):
        page.key("Tab")
        name, drawn = page.js("""(() => { const e = document.activeElement;
          const style = getComputedStyle(e.matches('.button input') ? e.parentElement : e);
          return [e.outerHTML.slice(0, 120), e === document.body ||
            (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0)]; })()""")
        assert drawn, name
        if name in seen or name.startswith("<body"):
            break
        seen.append(name)
    assert len(seen) > 20
    page.js("document.getElementById('words').focus()")


def test_a_cancelled_take_leaves_no_file(page: Page, served: Served) -> None:
    takes = served.only_clip() / "takes"
    before = sorted(takes.iterdir())
    page.js("document.getElementById('words').focus()")
    page.key("m", alt=True)
    page.until("!document.getElementById('cancel').hidden")
    page.js("document.getElementById('cancel').click()")
    page.until("document.getElementById('status').textContent === 'Cancelled.'")
    assert sorted(takes.iterdir()) == before


def test_an_expression_is_chosen_for_one_edit(page: Page, served: Served) -> None:
    """What needs more than lips lets more move, and goes where only the lips shall."""

    def chosen(place: str, name: str) -> dict[str, Any]:
        page.js(f"""(() => {{ const select = document.querySelector('#{place} select');
          select.value = '{name}'; select.dispatchEvent(new Event('change')); }})()""")
        saved(page)
        clip = served.studio.store.get(served.only_clip().name)
        (own,) = loads(clip.known_script()).own
        return {name: own.to_dict().get(name) for name in ("expression", "region")}

    past = "import('/main.js').then(({work}) => work.clip.history.past.length)"
    before = page.js(past)
    assert chosen("expression", "smile") == {"expression": ("smile:0.35",), "region": None}
    brows = {"expression": ("brows-up:0.30",), "region": "face"}
    assert chosen("expression", "brows-up") == brows
    when = """document.querySelector('#expression input[type=text]')"""
    page.js(f"{when}.value = 'nowhere'; {when}.dispatchEvent(new Event('change'))")
    saved(page)
    page.until("document.querySelector('#expression .fault')?.textContent.includes('not occur')")
    page.js(
        f"document.getElementById('more-options').open = true; {when}.focus(); {when}.value = ''"
    )
    page.type("sun")
    page.key("Enter")
    page.until("!document.querySelector('#expression .fault')")
    saved(page)
    assert page.js("document.getElementById('timeline').classList.contains('strip')")
    shown = page.js("""import('/main.js').then(({work}) => {
      const [{output}] = work.fills();
      return [work.timeline.wishes[0].shows, output]; })""")
    assert shown[0] == pytest.approx(shown[1], abs=0.15)  # it is the only new word
    page.js(f"{when}.value = ''; {when}.dispatchEvent(new Event('change'))")
    saved(page)
    slider = page.js("""(() => { const e = document.querySelector('#expression input');
      return [e.value, e.max]; })()""")
    assert slider == ["0.3", f"{expressions()['brows-up'].most:g}"]
    assert chosen("options", "lips") == {"expression": None, "region": "lips"}
    page.js("document.getElementById('words').focus()")
    while page.js(past) > before:
        page.key("z", ctrl=True)
    saved(page)
    page.until("document.querySelector('.take')")
    page.until("document.getElementById('cancel').hidden")


def test_two_pages_lose_nothing(page: Page, served: Served) -> None:
    """What another page saved is shown; one's own edits come back by undo."""
    chips = "[...document.querySelectorAll('.chip')].map((e) => e.textContent).join()"
    other = save_elsewhere(served, "they")
    assert other["plan"]
    page.until(f"{chips} === 'they'")
    page.until("document.getElementById('status').textContent.includes('Another page')")
    page.js("document.getElementById('words').focus()")
    page.key("z", ctrl=True)
    page.until(f"{chips} === 'sun'")
    saved(page)
    # Here something is typed while the other page saves once more.
    page.key("Home")
    page.type("who")
    save_elsewhere(served, "them")
    page.key("Enter")
    page.until("document.getElementById('fault-says').textContent.includes('Undo brings back')")
    page.until(f"{chips} === 'them'")
    # What is shown is spoken without being asked.
    page.until("document.getElementById('timeline').dataset.layout === 'spoken'")
    page.key("z", ctrl=True)
    page.until(f"{chips} === 'who,sun'")
    saved(page)
    page.key("z", ctrl=True)
    page.until(f"{chips} === 'sun'")
    saved(page)
    (one,) = page.complaints  # the browser's own line for the answer 409
    assert "409" in one
    page.complaints.clear()


def save_elsewhere(served: Served, word: str) -> dict[str, Any]:
    clip = served.studio.store.get(served.only_clip().name)
    edits = [{"words": [0, 1], "new": word}]
    body = {"edits": edits, "options": loads(clip.known_script()).options, "page": "another"}
    while True:
        with suppress(Refused):  # the page saves what is typed
            return served.studio.save(clip, body, served.studio.state(clip)["revision"])


def test_words_that_come_are_shown_at_once_and_edited_once_they_stay(page: Page) -> None:
    tell = """import('/main.js').then(({work}) => {
      const known = work.clip.words.length;
      work.hearWords({from: known, until_s: 9, final: %s, words: %s.map((text, k) =>
        ({text, start_s: 8 + k / 10, end_s: 8.1 + k / 10, score: 0.9}))});
      return [...document.querySelectorAll('.word')].slice(known).map((e) =>
        [e.textContent, e.classList.contains('coming')]);
    })"""
    assert page.js(tell % ("false", "['lather']")) == [["lather", True]]
    page.js("document.getElementById('words').focus()")
    page.key("End")
    chosen = "document.querySelector('.word[aria-selected]').textContent"
    last = page.js(chosen)
    assert last != "lather"
    found = page.js(tell % ("false", "['later', 'than']"))
    assert found == [["later", True], ["than", True]]
    assert page.js(tell % ("true", "['later']")) == [["later", False]]
    page.key("End")
    assert page.js(chosen) == "later"
    # Before any word is known the sound is drawn already.
    whole = page.js("""import('/main.js').then(async ({work}) => {
      Object.assign(work.clip, {isReady: false, words: []});
      work.timeline.plan = null;
      await work.show({heard: true, jobs: []});
      return [work.timeline.plan.segments, work.clip.info.duration_s];
    })""")
    assert whole[0] == [{"keep": True, "source": [0, whole[1]], "output": [0, whole[1]]}]
    page.call("Page.reload")
    page.until("document.querySelector('.word') && document.querySelector('.chip')")


def test_what_went_wrong_stays_until_it_is_read(page: Page) -> None:
    """Apart from what is merely told, by look and for screen readers."""
    page.js("import('/main.js').then(({work}) => work.fail(new Error('the disk is full.')))")
    fault = "document.getElementById('fault')"
    assert page.js(f"[{fault}.hidden, {fault}.getAttribute('role')]") == [False, "alert"]
    assert page.js("document.getElementById('fault-says').textContent") == "the disk is full."
    page.js("import('/main.js').then(({work}) => work.page.note('Spoken.'))")
    assert not page.js(f"{fault}.hidden")
    page.js("document.getElementById('fault-away').click()")
    assert page.js(f"{fault}.hidden")


def test_the_other_tabs_show_the_clip_alone_until_something_is_made(
    page: Page, served: Served
) -> None:
    plain = "document.getElementById('stage').classList.contains('plain')"
    before = page.js(plain)
    for tab in ("generate", "sync"):
        page.js(f"document.querySelector('#tabs [data-tab={tab}]').click()")
        assert page.js(plain)
        assert status(page) == "Ready."  # of what was done in the tab before nothing is said
        job = {"id": "late", "clip": served.only_clip().name, "kind": "sounds"}
        for state in ("running", "done"):
            served.studio.events.publish({"job": {**job, "state": state}})
            page.until(
                f"document.getElementById('cancel').hidden === {str(state == 'done').lower()}"
            )
        assert status(page) == "Ready."
        page.js("document.getElementById('speech-make').click()")
        assert page.js("document.activeElement.id") == "speech-text"
        assert not page.js("document.getElementById('seam-on').offsetParent")
    page.js("""(() => { const select = document.querySelector('#speech-expression select');
      select.value = 'smile'; select.dispatchEvent(new Event('change')); })()""")
    page.js("document.getElementById('speech-text').focus()")
    page.type("we walk")
    page.js("document.querySelector('#speech-expression input[type=text]').focus()")
    page.type("walk")
    page.key("Enter")
    page.until("import('/main.js').then(({work}) => work.timeline.wishes[0]?.when === 'walk')")
    (start_s, end_s), length_s = page.js("""import('/main.js').then(({work}) =>
      [work.timeline.wishes[0].shows, work.timeline.plan.output_duration_s])""")
    assert 0.1 < start_s < end_s <= length_s
    page.js("document.querySelector('#tabs [data-tab=edit]').click()")
    assert page.js(plain) == before


def test_what_is_typed_while_the_page_asks_for_the_clip_is_kept(page: Page, served: Served) -> None:
    """An answer that was overtaken by an edit does not take its place."""
    page.until("document.getElementById('cancel').hidden")
    page.js("""(() => {
      const real = window.fetch;
      window.asked = 0;
      window.fetch = async (address, options) => {
        const answer = await real(address, options);
        if (options?.method !== 'GET' || !/clips.[0-9a-f]{32}$/.test(address)) return answer;
        window.asked += 1;
        if (window.asked === 1) await new Promise((done) => { window.answer = done; });
        return answer;
      };
    })()""")
    before = page.js("document.querySelectorAll('.chip').length")
    served.studio.events.publish({"clip": served.only_clip().name, "changed": True})
    page.until("window.answer")
    page.js("document.getElementById('words').focus()")
    page.key("Home")
    page.type("who")
    page.key("Enter")
    saved(page)
    page.js("window.answer()")
    page.until("window.asked >= 2")
    page.until(f"document.querySelectorAll('.chip').length === {before + 1}")
    page.until("document.getElementById('cancel').hidden")
    assert "who" in page.js("document.getElementById('words').textContent")
    page.key("z", ctrl=True)
    saved(page)


@pytest.mark.full
def test_of_two_faces_the_page_says_which_is_edited_and_another_is_clicked(
    page: Page, served: Served
) -> None:
    page.go(f"{served.address}#open=uneven.mp4")
    page.until("document.getElementById('clip-name')?.textContent === 'uneven.mp4'")
    page.until("document.querySelector('.word') && document.activeElement.id === 'words'")
    page.key("End")
    page.key("Delete")
    page.until("document.getElementById('warnings').innerText.includes('number 2 from the left')")
    page.js("document.querySelector('#warnings button').click()")
    page.until("!document.getElementById('faces').hidden")
    boxes = page.js("""[...document.querySelectorAll('#faces button')].map((e) => {
      const [b, v] = [e.getBoundingClientRect(),
        document.getElementById('before').getBoundingClientRect()];
      return [b.width, b.left > v.left + v.width / 3, e.getAttribute('aria-pressed')]; })""")
    (small, left, first), (large, right, second) = boxes
    assert (left, first, right, second) == (False, "false", True, "true")
    assert 1.5 < large / small < 2.5
    page.js("document.querySelector('#faces button').click()")
    page.until("document.getElementById('warnings').innerText.includes('number 1 from the left')")
    (clip,) = (one for one in served.studio.store.all() if one.source.name == "uneven.mp4")
    assert clip.face == "1"


@pytest.mark.parametrize("codec", ["hevc", pytest.param("prores", marks=pytest.mark.full)])
def test_a_clip_that_is_dropped_and_cannot_be_shown_is_shown_by_a_copy(
    page: Page, served: Served, clips: TalkingClips, codec: str
) -> None:
    """HEVC, as phones film it, and ProRes; edits and exports are of the clip itself."""
    content = base64.b64encode(encoded(Path(clips["one.mp4"]), codec)).decode()
    name = f"{codec}.mov"
    page.js(f"""(() => {{
      const data = Uint8Array.from(atob('{content}'), (c) => c.charCodeAt(0));
      const dropped = new DataTransfer();
      dropped.items.add(new File([data], '{name}', {{type: 'video/quicktime'}}));
      document.dispatchEvent(new DragEvent('drop',
        {{dataTransfer: dropped, bubbles: true, cancelable: true}}));
    }})()""")
    page.until(f"document.getElementById('clip-name').textContent === '{name}'")
    page.until("document.querySelector('.word') && document.activeElement.id === 'words'")
    page.until("document.getElementById('before').videoWidth > 0")
    (copy,) = (file for file in served.root.glob("*/proxy.mp4") if named(file.parent, name))
    info, source = probe(copy), probe(copy.parent / "source" / name)
    assert (info.codec, source.codec) == ("h264", codec)
    times = [[frame.time_s for frame in read_frames(one.path)] for one in (info, source)]
    assert times[0] == pytest.approx(times[1], abs=1e-3)


def named(folder: Path, name: str) -> bool:
    return (folder / "source" / name).is_file()


def encoded(file: Path, codec: str) -> bytes:
    """Encode pictures anew, as phones or studios do, and keep the sound."""
    written, count = io.BytesIO(), 0
    name, pixels, options = {
        "hevc": ("libx265", "yuv420p", {"preset": "ultrafast", "x265-params": "log-level=none"}),
        "prores": ("prores_ks", "yuv422p10le", {"profile": "0"}),
    }[codec]
    with av.open(str(file)) as source, av.open(written, "w", format="mov") as out:
        video, sound = source.streams.video[0], source.streams.audio[0]
        made = out.add_stream(name, rate=25, options=options)
        made.width, made.height, made.pix_fmt = video.width, video.height, pixels
        if codec == "hevc":
            made.codec_context.codec_tag = "hvc1"
        copied = out.add_stream_from_template(sound)
        for packet in source.demux(video, sound):
            if packet.dts is None:
                continue
            if packet.stream is sound:
                packet.stream = copied
                out.mux(packet)
            else:
                for frame in packet.decode():
                    picture = frame.reformat(format=pixels)
                    picture.pts, picture.time_base = count, Fraction(1, 25)
                    count += 1
                    out.mux(made.encode(picture))
        out.mux(made.encode(None))
    return written.getvalue()
