// @ts-check
/** The studio's page: puts words, pictures, layout, takes and jobs together. */

import { call, listen, upload } from "./api.js";
import { make, showDownloads, showEdits, showSeams, showTakes } from "./panels.js";
import { Player } from "./player.js";
import { bindKeys } from "./keys.js";
import { History } from "./script.js";
import { Timeline } from "./timeline.js";
import { Words } from "./words.js";

const $ = (id) => /** @type {any} */ (document.getElementById(id));
const SEAM_S = 0.25;

/** @type {any} */
let clip = null;
let history = new History();
let saving = Promise.resolve();
let wanted = 0;
const running = new Map();

const say = (text) => ($("status").textContent = text);
const fail = (error) => say(error.message ?? String(error));

const player = new Player($("before"), $("after"), (source_s, output_s) => {
  if (!clip) return;
  timeline.move(source_s, output_s);
  $("time").textContent = (Number.isNaN(output_s) ? source_s : output_s).toFixed(2);
  $("play").textContent = player.playing ? "Pause" : "Play";
  if (player.playing) words.saying(clip.words.findLastIndex((word) => word.start_s <= source_s));
});
const timeline = new Timeline($("lane-before"), $("lane-after"), {
  source: (time) => player.seek(time),
  output: (time) => (player.plan ? player.seekOutput(time) : player.seek(time)),
});
const words = new Words($("words"), {
  edit: (edits, says) => change(edits, says),
  draft: (edits) => void save(edits, true),
  chosen: (word) => {
    if (!player.playing) player.seek(word.start_s);
  },
});

// ---- clips -------------------------------------------------------------------------------------

async function start() {
  listen(heard, connection);
  const known = await call("GET", "/clips");
  for (const name of known.voices) $("voice").append(make("option", {}, name));
  for (const name of known.regions) $("region").append(make("option", {}, name));
  const fill = (id, items, open) => {
    $(id).hidden = !items.length;
    $(id).querySelector("ul").replaceChildren(...items.map((item) => make("li", {},
      make("button", { type: "button", className: "plain", onclick: () => void open(item).catch(fail) },
        item.name ?? item))));
  };
  fill("offered", known.offered, (name) => openOffered(name));
  fill("recent", known.clips, async (item) => show(await call("GET", `/clips/${item.id}`)));
  const [kind, value] = decodeURIComponent(location.hash.slice(1)).split(/=(.*)/s);
  if (kind === "open") await openOffered(value);
  else if (kind === "clip" && known.clips.some((one) => one.id === value)) {
    await show(await call("GET", `/clips/${value}`));
  } else $("pick").focus();
}

/** Nothing is known of jobs while the server is away. */
function connection(isThere) {
  document.body.classList.toggle("cut-off", !isThere);
  if (isThere) return;
  running.clear();
  progress(undefined);
}

async function openOffered(name) {
  say(`Opening ${name} …`);
  await show(await call("POST", "/clips", { offered: name }));
}

async function dropped(file) {
  if (!file) return;
  try {
    say(`Taking in ${file.name} …`);
    await show(await upload(file, (share) => bar(share)));
  } catch (error) {
    fail(error);
  } finally {
    bar(null);
  }
}

async function show(state) {
  document.body.dataset.state = "work";
  window.history.replaceState(null, "", `#clip=${state.id}`);
  document.title = `${state.name} · facedit studio`;
  $("clip-name").textContent = state.name;
  const { duration_s: s, width, height, frame_rate: rate } = state.info;
  const minutes = `${Math.floor(s / 60)}:${(s % 60).toFixed(1).padStart(4, "0")}`;
  $("clip-facts").textContent = `${minutes} · ${width}×${height} · ${Number(rate.toFixed(3))} fps`;
  const isNew = clip?.id !== state.id;
  clip = { ...state, edits: [], words: [], takes: state.takes ?? [], picked: clip?.picked };
  if (isNew) {
    history = new History();
    player.open(`/api/clips/${state.id}/source`);
    $("consent").checked = Boolean(state.consent);
  }
  for (const job of state.jobs) heard({ job });
  if (!state.script) {
    words.load([]);
    $("words").setAttribute("aria-busy", "true");
    if (!state.jobs.some((job) => job.kind === "words")) {
      await call("POST", `/clips/${state.id}/transcript`, {});
    }
    return;
  }
  $("words").removeAttribute("aria-busy");
  clip.words = state.script.transcript.words;
  clip.edits = state.script.edits.map(({ words: place, new: text }) => ({ words: place, new: text }));
  clip.options = state.script.options;
  $("voice").value = clip.options.voice;
  $("region").value = clip.options.region;
  $("face").value = clip.face ?? "";
  words.load(clip.words);
  words.show(clip.edits);
  words.choose(0);
  await save(clip.edits, true);
  $("words").focus();
  say(`${clip.words.length} words. Choose some and type others.`);
  await speak();
}

// ---- edits -------------------------------------------------------------------------------------

/** An edit is made: it can be undone, is saved, and its new words are spoken. */
function change(edits, says) {
  history.remember(clip.edits);
  clip.edits = edits;
  settle(says);
}

function settle(says) {
  say(says);
  words.show(clip.edits);
  void save(clip.edits, false).then(speak).catch(fail);
}

async function speak() {
  if (clip.edits.length && !clip.sounds) await call("POST", `/clips/${clip.id}/sounds`, {});
}

/** Save edits, in order; of those that wait only the newest is sent. */
function save(edits, isDraft) {
  const turn = ++wanted;
  const id = clip.id;
  if (!isDraft) $("saved").textContent = "Saving …";
  saving = saving.catch(() => undefined).then(async () => {
    if ((turn !== wanted && isDraft) || clip.id !== id) return;
    try {
      const body = { edits, options: clip.options, face: clip.face };
      const answer = await call("PUT", `/clips/${id}/edits`, body, { "if-match": clip.revision });
      Object.assign(clip, answer, { estimated: answer.plan, error: null });
      $("saved").textContent = "Saved.";
    } catch (error) {
      $("saved").textContent = "";
      if (error.status === 409) {
        void takeOver(id).catch(fail);
        return;
      }
      clip.error = error.message;
      fail(error);
    }
    render(edits);
  });
  return saving;
}

/** Show what another page saved; what was made here is one undo away. */
async function takeOver(id) {
  const state = await call("GET", `/clips/${id}`);
  history.remember(clip.edits);
  await show(state);
  say("Another page changed this clip: its edits are shown. Undo brings back yours.");
}

function undo(step) {
  const before = JSON.stringify(clip.edits);
  clip.edits = history[step](clip.edits);
  if (JSON.stringify(clip.edits) !== before) settle(step === "undo" ? "Undone." : "Done again.");
}

// ---- what is seen ------------------------------------------------------------------------------

function render(edits = clip.edits) {
  const { takes, sounds } = clip;
  const take = takes.find((one) => one.name === clip.picked) ?? takes[0];
  clip.chosen = take?.name ?? null;
  clip.seams = take?.seams ?? [];
  const plan = take?.plan ?? sounds?.plan ?? clip.estimated;
  timeline.show(plan, !take && !sounds, clip.seams);
  showEdits($("edits"), clip.words, edits, plan, sounds, { choose: chooseEdit, hear });
  showTakes($("takes"), takes, clip.chosen, clip.id, chooseTake);
  showSeams($("seams"), clip.seams, (time) => jump(time));
  const warnings = take?.warnings ?? sounds?.warnings ?? [];
  $("warnings").replaceChildren(...warnings.map((text) => make("li", {}, text)));
  showDownloads($("downloads"), clip.id, clip.exported?.key === clip.key ? clip.exported : null);
  player.show(take ? `/api/clips/${clip.id}/takes/${take.shown}` : null, take?.plan ?? null);
  $("no-take").hidden = Boolean(take);
  $("after-caption").textContent = take ? `after · take ${takes.indexOf(take) + 1}` : "after";
  const longer = plan.output_duration_s - plan.source_duration_s;
  const count = `${edits.length} edit${edits.length === 1 ? "" : "s"}`;
  const by = `${longer < 0 ? "−" : "+"}${Math.abs(longer).toFixed(2)} s`;
  $("summary").textContent = `${count} · ${plan.output_duration_s.toFixed(2)} s (${by})`;
  $("undo").disabled = !history.past.length;
  $("redo").disabled = !history.future.length;
  $("make").disabled = !edits.length || Boolean(clip.error);
  $("export").disabled = !take;
  $("make").textContent = takes.length ? "More takes" : "Make takes";
  for (const id of ["seam-back", "seam-on"]) $(id).disabled = !clip.seams.length;
  loop();
}

function loop() {
  const fill = player.plan?.segments.find((segment) => !segment.keep);
  player.loop = $("loop").checked && fill ? [Math.max(fill.output[0] - 1, 0), fill.output[1] + 1] : null;
}

function chooseTake(name) {
  clip.picked = name;
  render();
  say(`Take ${clip.takes.findIndex((take) => take.name === name) + 1}.`);
}

function chooseEdit(edit) {
  const [a, b] = edit.words;
  words.choose(Math.min(a, clip.words.length - 1), Math.max(b - 1, a));
  $("words").focus();
}

/** Jump a little before a seam. */
function jump(time) {
  player.seekOutput(time - SEAM_S);
  say(`Before the seam at ${time.toFixed(2)} s.`);
}

function nextSeam(step) {
  const now = player.after.currentTime + SEAM_S;
  const times = clip.seams.map((seam) => seam.output_s).sort((a, b) => a - b);
  const found = step > 0 ? times.find((time) => time > now + 0.02) :
    times.findLast((time) => time < now - 0.02);
  if (found !== undefined) jump(found);
}

const sound = new Audio();

function hear(index, inContext) {
  const at = index ?? Math.max(clip.edits.findIndex(({ words: [a, b] }) =>
    a <= words.end && b >= words.start), 0);
  const name = clip.sounds?.[inContext ? "contexts" : "sounds"][at];
  if (!name) return say("There is no new sound here yet.");
  player.leader.pause();
  sound.src = `/api/clips/${clip.id}/sounds/${name}`;
  sound.play().catch(fail);
  say([clip.edits[at].new && `“${clip.edits[at].new}”`, ...clip.sounds.voices].filter(Boolean).join(", "));
}

// ---- jobs --------------------------------------------------------------------------------------

function bar(share) {
  const shown = $("progress");
  shown.hidden = share === null;
  if (share === undefined) shown.removeAttribute("value");
  else if (share !== null) shown.value = share;
}

function heard({ job, take, clip: of }) {
  if (!clip) return;
  if (take && of === clip.id) {
    if (!take.name.startsWith(clip.key)) return;
    clip.takes = [...clip.takes.filter((one) => one.name !== take.name), take]
      .sort((a, b) => a.worst - b.worst || a.seed - b.seed);
    render();
  }
  if (!job || job.clip !== clip.id) return;
  if (job.state === "queued" || job.state === "running") running.set(job.id, job);
  else if (running.delete(job.id)) ended(job);
  progress([...running.values()].find((one) => one.state === "running") ?? [...running.values()][0]);
}

/** Show how far a job is; nothing if there is none. */
function progress(now) {
  bar(now ? now.share ?? undefined : null);
  $("cancel").hidden = !now;
  $("cancel").onclick = () => now && call("DELETE", `/jobs/${now.id}`).catch(fail);
  const part = now?.share == null ? "" : ` ${Math.round(100 * now.share)} %`;
  $("doing").textContent = now ? (now.stage ? `${now.stage}${part}` : "Waiting …") : "";
}

function ended(job) {
  if (job.state === "failed") return say(job.error);
  if (job.state === "cancelled") return say("Cancelled.");
  if (job.kind === "words") void call("GET", `/clips/${job.clip}`).then(show).catch(fail);
  if (job.kind === "sounds" && job.result.key === clip.key) {
    clip.sounds = job.result;
    render();
    say("The new words are spoken: hear them, or make takes.");
  }
  if (job.kind === "takes") say(`${clip.takes.length} take${clip.takes.length === 1 ? "" : "s"}, the best first.`);
  if (job.kind === "proxy") {
    player.open(`/api/clips/${clip.id}/source?copy`);
    if (clip.script) render();
  }
  if (job.kind === "export") {
    clip.exported = job.result;
    render();
    say("Exported: fetch it by the link.");
    $("downloads").querySelector("a")?.focus();
  }
}

/** Browsers show not every codec: ask for a copy that this one shows. */
async function askProxy() {
  if (!clip) return;
  say(`This browser cannot show ${clip.info.codec} pictures: a copy is made. Edits use the clip itself.`);
  await call("POST", `/clips/${clip.id}/proxy`, {}).catch((error) => error.status === 409 || fail(error));
}

async function makeTakes() {
  if ($("make").disabled) return;
  await saving;
  const used = clip.takes.map((take) => take.seed);
  const first = used.length ? Math.max(...used) + 1 : 0;
  const seeds = Array.from({ length: Number($("count").value) }, (_, k) => first + k);
  await call("POST", `/clips/${clip.id}/takes`, { seeds });
}

async function exportVideo() {
  if (!$("consent").checked) {
    $("consent").focus();
    return say("Say first that the person in the clip agreed to the edit.");
  }
  const take = clip.takes.find((one) => one.name === clip.chosen);
  if (!take) return say("Make a take first.");
  const consent = "stated in the studio: the person in this clip agreed to this edit";
  await call("POST", `/clips/${clip.id}/exports`, { seed: take.seed, consent });
}

// ---- controls ----------------------------------------------------------------------------------

function setOption(name, value) {
  clip.options = { ...clip.options, [name]: value };
  settle(`${name === "voice" ? "Voice" : "Moves"}: ${value}.`);
}

$("undo").onclick = () => undo("undo");
$("redo").onclick = () => undo("redo");
$("play").onclick = () => void player.toggle();
$("seam-back").onclick = () => nextSeam(-1);
$("seam-on").onclick = () => nextSeam(1);
$("speed").onchange = () => {
  player.speed = Number($("speed").value);
  player.leader.playbackRate = player.speed;
};
$("loop").onchange = loop;
$("voice").onchange = () => setOption("voice", $("voice").value);
$("region").onchange = () => setOption("region", $("region").value);
$("face").onchange = () => {
  clip.face = $("face").value || null;
  settle(`Face: ${$("face").selectedOptions[0].textContent}.`);
};
$("make").onclick = () => void makeTakes().catch(fail);
$("export").onclick = () => void exportVideo().catch(fail);
$("show-keys").onclick = () => $("keys").showModal();
$("leave").onclick = () => {
  window.history.replaceState(null, "", "#");
  location.reload();
};
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

bindKeys({
  isOpen: () => Boolean(clip?.script),
  frame: (step) => player.nudge(step / clip.info.frame_rate),
  play: () => void player.toggle(),
  seam: nextSeam,
  take: (index) => clip.takes[index] && chooseTake(clip.takes[index].name),
  hear: (inContext) => hear(undefined, inContext),
  more: () => void makeTakes().catch(fail),
  loop: () => {
    $("loop").checked = !$("loop").checked;
    loop();
  },
  hold: (held) => document.body.classList.toggle("hold", held),
  insert: () => {
    $("words").focus();
    words.insert();
  },
  undo: () => undo("undo"),
  redo: () => undo("redo"),
  save: () => say("Everything is saved as you type."),
  export: () => void exportVideo().catch(fail),
  help: () => $("keys").showModal(),
});

start().catch(fail);
