// @ts-check
/** Talks to the server: JSON requests, an upload with progress, events. */

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @param {Record<string, string>} [headers]
 */
export async function call(method, path, body, headers = {}) {
  const answer = await fetch(`/api${path}`, {
    method,
    headers: body ? { "content-type": "application/json", ...headers } : headers,
    body: body ? JSON.stringify(body) : undefined,
  }).catch(() => {
    throw new Error("the server has ended: start facedit studio again; what was saved is kept.");
  });
  const text = await answer.text();
  if (!answer.ok) {
    let says = `the server answered ${answer.status}.`;
    try {
      says = JSON.parse(text).error ?? says;
    } catch {
      // no JSON: the number says it
    }
    throw Object.assign(new Error(says), { status: answer.status });
  }
  return text ? JSON.parse(text) : null;
}

/**
 * @param {File} file
 * @param {(share: number) => void} told
 * @returns {Promise<any>}
 */
export function upload(file, told) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/clips?name=${encodeURIComponent(file.name)}`);
    request.upload.onprogress = (event) => told(event.loaded / (event.total || 1));
    request.onerror = () => reject(new Error("the upload was cut off; try again."));
    request.onload = () => {
      let answer;
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        answer = {};
      }
      if (request.status === 201) resolve(answer);
      else reject(new Error(answer.error ?? `the server answered ${request.status}.`));
    };
    request.send(file);
  });
}

/**
 * Send a sound as it is. @param {string} path @param {Blob} content @param {string} name
 * @returns {Promise<any>}
 */
export async function send(path, content, name) {
  const answer = await fetch(`/api${path}?name=${encodeURIComponent(name)}`, { method: "POST", body: content });
  const found = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(found.error), { status: answer.status });
  return found;
}

/**
 * @param {(data: any) => void} told
 * @param {(connected: boolean) => void} state
 */
export function listen(told, state) {
  const source = new EventSource("/api/events");
  source.onmessage = (event) => told(JSON.parse(event.data));
  source.onopen = () => state(true);
  source.onerror = () => state(false);
}
