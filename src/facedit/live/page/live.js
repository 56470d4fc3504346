// @ts-check
/** The face in the page: what is heard goes out, frames come back, and are shown with their sound. */

const RATE = 16000, BLOCK = 640, FRAME_S = BLOCK / RATE, HEAD = 5;
/** Seconds by which frames wait for those behind them: they come by the chunk. */
const SLACK_S = 0.05;
const TAKEN = 4409, AGAIN_MS = 1000;

const element = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
const [canvas, status, text] = [element("face"), element("status"), element("text")];
const pen = canvas.getContext("2d");

/** Of the running page, for whoever looks: frames shown, late ones, the largest step of picture and sound. */
const figures = { received: 0, shown: 0, repeated: 0, late: 0, step_ms: 0, connects: 0 };
Object.assign(window, { figures });

/** @type {AudioContext} */ let audio;
/** @type {GainNode} */ let loudness;
/** @type {AudioWorkletNode} */ let capture;
/** @type {MediaStream | null} */ let microphone = null;
/** @type {WebSocket | null} */ let socket = null;
/** @type {number | null} Audio time of frame 0. */ let start_s = null;
/** @type {{at_s: number, picture: Promise<ImageBitmap>}[]} */ let waiting = [];

function connect() {
  const opened = (socket = new WebSocket(`ws://${location.host}/api/live`));
  opened.binaryType = "arraybuffer";
  opened.onopen = () => {
    start_s = null;
    waiting = [];
    figures.connects++;
    say("The face listens.");
  };
  opened.onmessage = ({ data }) => (typeof data === "string" ? say(JSON.parse(data).told) : take(data));
  opened.onclose = ({ code, reason }) => {
    if (code === TAKEN) return say(`Refused: ${reason}`);
    say("The connection is lost; it is tried again …");
    setTimeout(connect, AGAIN_MS);
  };
}

/** @param {ArrayBuffer} data A frame, as the server packs it. */
function take(data) {
  const view = new DataView(data), index = view.getUint32(0, true);
  const samples = new Int16Array(data.slice(HEAD, HEAD + 2 * BLOCK));
  const picture = data.slice(HEAD + 2 * BLOCK);
  figures.received++;
  start_s ??= audio.currentTime + SLACK_S - index * FRAME_S;
  const late_s = audio.currentTime - (start_s + index * FRAME_S);
  if (late_s > 0) {
    // Sound and pictures wait together.
    start_s += late_s + SLACK_S;
    figures.late++;
  }
  const at_s = start_s + index * FRAME_S;
  const buffer = audio.createBuffer(1, BLOCK, RATE);
  buffer.copyToChannel(Float32Array.from(samples, (value) => value / 32768), 0);
  const sound = new AudioBufferSourceNode(audio, { buffer });
  sound.connect(loudness);
  sound.start(at_s);
  if (view.getUint8(4)) figures.repeated++;
  else waiting.push({ at_s, picture: createImageBitmap(new Blob([picture], { type: "image/jpeg" })) });
}

async function draw() {
  requestAnimationFrame(draw);
  const heard_s = audio.currentTime - (audio.outputLatency || 0);
  let due;
  while (waiting.length && waiting[0].at_s <= heard_s) due = waiting.shift();
  if (!due) return;
  const picture = await due.picture;
  if (canvas.width !== picture.width) [canvas.width, canvas.height] = [picture.width, picture.height];
  pen.drawImage(picture, 0, 0);
  figures.shown++;
  const step_ms = 1000 * (audio.currentTime - (audio.outputLatency || 0) - due.at_s);
  figures.step_ms = Math.max(figures.step_ms, step_ms);
}

/** @param {string} line */
function say(line) {
  status.textContent = line;
}

element("start").onclick = async () => {
  element("start").disabled = true;
  audio = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
  loudness = new GainNode(audio);
  loudness.connect(audio.destination);
  await audio.audioWorklet.addModule("capture.js");
  capture = new AudioWorkletNode(audio, "capture");
  capture.connect(audio.destination);
  capture.port.onmessage = ({ data }) => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(data.buffer);
  };
  for (const id of ["microphone", "text", "say"]) element(id).disabled = false;
  connect();
  draw();
};

element("microphone").onclick = async () => {
  if (microphone) {
    for (const track of microphone.getTracks()) track.stop();
    microphone = null;
  } else {
    try {
      microphone = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, channelCount: 1 } });
      audio.createMediaStreamSource(microphone).connect(capture);
    } catch {
      return say("No microphone may be used: allow it in the browser.");
    }
  }
  element("microphone").setAttribute("aria-pressed", String(microphone !== null));
};

element("loud").onchange = () => (loudness.gain.value = element("loud").checked ? 1 : 0);

element("controls").onsubmit = (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  if (!text.value.trim() || socket?.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ say: text.value }));
  text.value = "";
};
