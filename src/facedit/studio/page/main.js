// @ts-check
/** The studio's page: opens clips, hears what the server does, binds controls and keys. */

import { call, listen, send, upload } from "./api.js";
import { VOICES } from "./cards.js";
import { ClipState, PAGE } from "./clip_state.js";
import { Compare } from "./compare.js";
import { $, clock, counted, make } from "./elements.js";
import { ExportDialog } from "./exports.js";
import { bindFind } from "./find.js";
import { JobLine } from "./jobs.js";
import { bindKeys, showKeys } from "./keys.js";
import { Peaks } from "./peaks.js";
import { Recorder } from "./recorder.js";
import { Speech } from "./speech.js";
import { Work } from "./work.js";

const TABS = /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("#tabs button"));
/** Answer what the user did; what went wrong before has been read. @param {string} text */
const say = (text) => {
  $("fault").hidden = true;
  $("status").hidden = false;
  $("status").textContent = text;
};
/** Tell what happened meanwhile. @param {string} text */
const note = (text) => $("fault").hidden && say(text);
/** Tell what happened to the words: the other tabs have none. @param {string} text */
const noteWords = (text) => document.body.dataset.tab === "edit" && note(text);
/** Say what must be read: it stays until it is put away, or the user goes on. @param {string} text */
const warn = (text, isFault = false) => {
  $("fault-says").textContent = text;
  $("fault").classList.toggle("fault", isFault);
  $("fault").hidden = false;
  $("status").hidden = true;
};
/** Say what went wrong. @param {Error} error */
const fail = (error) => warn(error.message ?? String(error), true);
const jobs = new JobLine(fail);
const recorder = new Recorder({
  state: (on) => {
    say(on ? "Say the new words now; Stop ends it." : "Recorded.");
    work.render();
  },
  done: (sound) => void work.ownSound(sound).catch(fail),
  failed: fail,
});
export const work = new Work({ say, note, fail, setMode, recorder, speaking: () => jobs.does("sounds") });
const compare = new Compare($("stage"), $("view"), $("line"));
const exporting = new ExportDialog(async (wishes) => {
  await work.clip?.saving;
  await work.clip?.ask("exports", wishes);
}, () => `/clips/${work.clip?.id}`);

const speech = new Speech({ say, fail, player: work.player, timeline: work.timeline });

// ---- clips -------------------------------------------------------------------------------------

async function start() {
  showKeys($("key-table"));
  listen(heard, (isThere) => {
    document.body.classList.toggle("cut-off", !isThere);
    if (!isThere) jobs.forget();
  });
  const known = (work.known = await call("GET", "/clips"));
  const list = (id, items, act) => {
    $(id).hidden = !items.length;
    $(id).querySelector("ul").replaceChildren(...items.map((item) => make("li", {}, make("button", {
      type: "button", className: "plain", onclick: () => void act(item).catch(fail),
    }, item.name ?? item))));
  };
  $("speech-voice").replaceChildren(...known.voices.map((name) => make("option", { value: name }, VOICES[name] ?? name)));
  speech.known = known.expressions;
  work.timeline.ease_s = known.ease_s;
  list("offered", known.offered, openOffered);
  list("recent", known.clips.filter((one) => !known.offered.includes(one.name)), async (item) => open(await call("GET", `/clips/${item.id}`)));
  const [kind, value] = decodeURIComponent(location.hash.slice(1)).split(/=(.*)/s);
  if (kind === "open") await openOffered(value);
  else if (kind === "clip" && known.clips.some((one) => one.id === value)) {
    await open(await call("GET", `/clips/${value}`));
  } else $("pick").focus();
}

/** @param {string} name */
async function openOffered(name) {
  say(`Opening ${name} …`);
  await open(await call("POST", "/clips", { offered: name }));
}

/** A file is dropped or chosen: a clip or, where one is open, own speech for the chosen edit. @param {File | undefined} file */
async function dropped(file) {
  if (!file) return;
  try {
    if (work.clip && file.type.startsWith("audio/")) {
      return await (document.body.dataset.tab === "edit" ? work.ownSound(file) : speech.take(file));
    }
    say(`Taking in ${file.name} …`);
    await open(await upload(file, (share) => jobs.bar(share)));
  } catch (error) {
    fail(error);
  } finally {
    jobs.bar(null);
  }
}

/** @param {any} state */
async function open(state) {
  const clip = (work.clip = new ClipState(state, {
    changed: () => work.render(),
    replaced: (other) => {
      void work.show(other).catch(fail);
      warn("Another page changed this clip: its edits are shown. Undo brings back yours.");
    },
    saved: (says) => ($("saved").textContent = says),
    failed: fail,
  }));
  document.body.dataset.state = "work";
  window.history.replaceState(null, "", `#clip=${clip.id}`);
  document.title = `${clip.name} · facedit studio`;
  $("clip-name").textContent = clip.name;
  const { duration_s: s, width, height, frame_rate: rate, still } = clip.info;
  $("clip-facts").textContent = still ? `${width}×${height}` : `${clock(s)} · ${width}×${height} · ${Number(rate.toFixed(3))} fps`;
  work.player.open(`${clip.address}/source`, still);
  $("consent").checked = Boolean(clip.consent);
  exporting.show(clip.address, clip.exports);
  work.timeline.peaks = new Peaks(clip.id, () => work.timeline.draw());
  for (const job of state.jobs) jobs.heard(job);
  speech.open(clip);
  // Nobody speaks in a picture: there are no words to edit, and no lips to put other speech on.
  for (const tab of TABS) tab.disabled = still && tab.dataset.tab !== "generate";
  setTab(still ? "generate" : document.body.dataset.tab ?? "edit");
  await work.show(state);
  if (still) say("Type what the picture shall say.");
  else if (clip.isReady) noteWords(ready());
}

const ready = () => `${counted(work.words.words.length, "word")}. Choose some and type others.`;

// ---- what the server tells -----------------------------------------------------------------------

/** @param {any} event */
function heard({ job, clip: of, ...news }) {
  const { clip } = work;
  if (!clip) return;
  if (of === clip.id) {
    // The first words that stay come with all that is needed to edit them.
    if (news.heard?.final && !clip.isReady && news.heard.words.length) void again().then(() => noteWords(ready())).catch(fail);
    else if (news.heard) work.hearWords(news.heard);
    if (news.changed) void again().catch(fail);
    if (news.saved && news.by !== PAGE) void again(true).catch(fail);
    clip.learn(news);
    work.render();
  }
  if (job?.clip === clip.id && jobs.heard(job)) ended(job);
}

/** The words or more were changed by the server, or by another page: show the clip as it is now. */
async function again(elsewhere = false) {
  const clip = /** @type {ClipState} */ (work.clip);
  let state, known;
  do {
    // What is being typed is finished first; what is done meanwhile is asked for too.
    while (work.words.typing) await new Promise(requestAnimationFrame);
    known = clip.wanted;
    await clip.saving;
    state = await call("GET", `/clips/${clip.id}`);
  } while (known !== clip.wanted || work.words.typing);
  if (work.clip !== clip || (elsewhere && state.revision === clip.revision)) return;
  if (elsewhere) clip.adopt(state);
  else clip.take(state);
  await work.show(state);
  if (elsewhere) note("Another page edits this clip: its edits are shown. Undo brings back what was here.");
}

/** @param {any} job */
function ended(job) {
  const clip = /** @type {ClipState} */ (work.clip);
  if (job.kind === "look") return;
  if (job.state === "failed") {
    exporting.failed(job);
    return fail(new Error(job.error));
  }
  // Newer words take the place of older ones that are being spoken: nobody cancelled those.
  if (job.state === "cancelled") return void (job.kind === "sounds" || say("Cancelled."));
  if (job.kind === "correct") return noteWords("Corrected: the video stays.");
  if (job.kind === "words") {
    $("words").removeAttribute("aria-busy");
    const all = clip.isReady && job.result.words === clip.words.length;
    return void (all ? Promise.resolve() : again()).then(() => noteWords(ready())).catch(fail);
  }
  if (job.kind === "proxy") {
    work.player.open(`${clip.address}/source?copy`);
    return work.render();
  }
  if (job.kind === "sounds") noteWords("The new words are spoken: hear them, or make takes.");
  if (job.kind === "takes") note("Takes are there, the best first: play them, choose one, export.");
  if (job.kind === "sync" || job.kind === "generate") speech.made(job.kind, job.result);
  void call("GET", `/clips/${clip.id}`).then((state) => {
    clip.learn(state);
    work.render();
    if (job.kind !== "export") return;
    exporting.show(clip.address, clip.exports);
    say("Exported: fetch it by the link.");
    $("downloads").querySelector("a")?.focus();
  }).catch(fail);
}

/** Browsers show not every codec: ask for a copy that this one shows. */
async function askProxy() {
  const { clip } = work;
  if (!clip) return;
  say(`This browser cannot show ${clip.info.codec} pictures: a copy is made. Edits use the clip itself.`);
  await clip.ask("proxy").catch((error) => error.status === 409 || fail(error));
}

// ---- controls ------------------------------------------------------------------------------------

function openExport() {
  const { clip } = work;
  if (!clip || $("open-export").disabled) return say("Edit something first.");
  const untaken = clip.edits.filter((_, index) => !clip.madeOf(index)?.takes.length).length;
  exporting.open(Boolean(clip.consent), untaken);
}

/** @param {boolean} corrects */
function setMode(corrects) {
  work.words.corrects = corrects;
  document.querySelector("section.text")?.classList.toggle("corrects", corrects);
  $("mode-say").ariaPressed = String(!corrects);
  $("mode-heard").ariaPressed = String(corrects);
  $("times").hidden = !corrects;
  $("words").setAttribute("aria-label", corrects
    ? "Words as heard: arrows choose, letters correct, Delete takes out what was not said"
    : "Words: arrows choose, letters type over, Delete strikes out");
  $("words").focus();
  say(corrects ? "Correct what was heard: the video stays." : "Edit what is said.");
}

/** @param {Record<string, () => void>} acts by id */
function onClick(acts) {
  for (const [id, act] of Object.entries(acts)) $(id).onclick = act;
}

const shuttle = (/** @type {-1 | 1} */ way) => {
  const now = work.player.faster(way);
  say(`${now < 0 ? "Backwards" : "Forwards"}${Math.abs(now) > 1 ? `, ${Math.abs(now)} times as fast` : ""}.`);
};
const loop = () => {
  $("loop").checked = !$("loop").checked;
  work.loop();
  say($("loop").checked ? "The edit plays over and over." : "Played once.");
};

/** All words anew: in another language, or as a file has them. @param {() => Promise<any>} ask */
function otherWords(ask) {
  void ask().then(() => say("The words are found anew …")).catch(fail);
}

onClick({
  "hear-again": () => otherWords(() => call("POST", `/clips/${work.clip?.id}/transcript`, { language: $("language").value.trim() || "en" })),
  undo: () => work.undo("undo"), redo: () => work.undo("redo"),
  play: () => work.player.toggle(), back: () => shuttle(-1), on: () => shuttle(1),
  "frame-back": () => work.frame(-1), "frame-on": () => work.frame(1),
  "seam-back": () => work.nextSeam(-1), "seam-on": () => work.nextSeam(1),
  "zoom-in": () => work.timeline.zoom(2), "zoom-out": () => work.timeline.zoom(0.5),
  "close-up": () => work.nextCloseUp(),
  "mode-say": () => setMode(false), "mode-heard": () => setMode(true),
  "set-times": () => void work.correct([{
    index: work.words.head, start_s: Number($("word-start").value), end_s: Number($("word-end").value),
  }]).catch(fail),
  "fault-away": () => say("Ready."), "open-export": openExport, "show-keys": () => $("keys").showModal(),
  leave: () => {
    window.history.replaceState(null, "", "#");
    location.reload();
  },
});
$("transcript-file").onchange = () => {
  const [file] = $("transcript-file").files;
  if (file) otherWords(() => send(`/clips/${work.clip?.id}/transcript`, file, file.name));
  $("transcript-file").value = "";
};
$("speed").onchange = () => {
  work.player.speed = Number($("speed").value);
  work.player.rate();
};
$("loop").onchange = () => work.loop();
$("pick").onchange = () => void dropped($("pick").files[0]);
$("before").addEventListener("loadeddata", () => $("before").videoWidth || void askProxy());
$("before").addEventListener("error", () => void askProxy());
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dragging");
});
document.addEventListener("dragleave", () => document.body.classList.remove("dragging"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dragging");
  void dropped(event.dataTransfer?.files[0]);
});
bindFind($("find"), $("found"), {
  words: () => work.words.words,
  mark: (places) => work.words.find(places),
  show: ([a, b]) => work.words.choose(a, b - 1),
  leave: () => $("words").focus(),
});
for (const tab of TABS) {
  tab.onclick = () => setTab(tab.dataset.tab ?? "edit");
}

/** What shall be done: edit, generate or sync. @param {string} name */
function setTab(name) {
  document.body.dataset.tab = name;
  for (const tab of TABS) tab.ariaPressed = String(tab.dataset.tab === name);
  say("Ready.");
  speech.choose(name);
  if (name !== "edit" || !work.clip) return;
  work.render();
  $("words").focus();
}

bindKeys({
  isOpen: () => Boolean(work.clip?.isReady),
  frame: (step) => work.frame(step), play: () => work.player.toggle(),
  back: () => shuttle(-1), on: () => shuttle(1), loop,
  seam: (step) => work.nextSeam(step), next: (backwards) => work.nextEdit(backwards ? -1 : 1),
  take: (index) => work.takeAt(index), more: () => void work.more().catch(fail),
  hear: (inContext) => work.hear(inContext ? "context" : "sound"), close: () => work.nextCloseUp(), hold: (on) => compare.hold(on),
  view: () => say(`Pictures ${compare.turn()}.`), mode: () => setMode(!work.words.corrects),
  insert: () => {
    $("words").focus();
    work.words.insert();
  },
  undo: () => work.undo("undo"), redo: () => work.undo("redo"),
  save: () => exporting.script(work.clip), export: openExport,
  find: () => $("find").focus(), help: () => $("keys").showModal(),
});

start().catch(fail);
