// Takes files by drop, click or key and posts each to the API. What is on its way survives a rerun of the
// page, because it hangs on the element; leaving the site in mid-upload is asked about first.

const AT_ONCE = 2;
const MOST_REFUSALS = 2; // shown open beside other files
const MAY_WORK_LATER = [401, 408, 409, 423, 425, 429]; // and whatever is the server's fault
const ABOUT_ENCODING = new Set(["encoding_unclear", "unsupported_encoding", "mixed_encodings"]);
const uploaders = new WeakMap();

export default function (component) {
  const root = component.parentElement;
  if (!uploaders.has(root)) uploaders.set(root, new Uploader(root));
  uploaders.get(root).update(component);
}

class Uploader {
  constructor(root) {
    this.files = [];
    this.list = root.querySelector(".files");
    this.tally = root.querySelector(".tally");
    this.refusals = root.querySelector(".refusals");
    this.input = root.querySelector("input");
    this.liveRegion = root.querySelector(".spoken");
    this.limits = root.querySelector(".limits");
    this.warn = (event) => event.preventDefault();
    this.zone = root.querySelector(".zone");
    this.listen(this.zone, this.input);
  }

  update({ data, setTriggerValue }) {
    this.url = data.url;
    this.maxBytes = data.max_bytes;
    this.encodings = data.encodings;
    this.notify = setTriggerValue;
    this.zone.classList.toggle("compact", data.is_compact);
    this.limits.textContent = `Comma, semicolon, tab or bar · .gz and .zip too · up to ${size(this.maxBytes).replace(" ", "\u00a0")} each`;
  }

  listen(zone, input) {
    input.addEventListener("change", () => {
      if (this.replaced && input.files.length) this.remove(this.replaced);
      this.replaced = null;
      this.add(input.files);
      input.value = "";
    });
    input.addEventListener("cancel", () => { this.replaced = null; });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") input.click(); // Space does so by itself
    });
    let depth = 0; // dragging over a child fires enter before leave
    const over = (by) => zone.classList.toggle("over", (depth = Math.max(0, depth + by)) > 0);
    zone.addEventListener("dragenter", () => over(1));
    zone.addEventListener("dragleave", () => over(-1));
    zone.addEventListener("dragover", (event) => event.preventDefault());
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      over(-depth);
      this.add(event.dataTransfer.files);
    });
  }

  add(files) {
    if (!this.files.some((file) => file.isBusy)) {
      this.files.filter((file) => file.state === "taken").forEach((file) => this.remove(file));
    }
    for (const blob of files) {
      const file = new FileRow(blob, this);
      this.files.push(file);
      this.list.append(file.row);
      if (blob.size > this.maxBytes) {
        file.refuse(`${blob.name} is ${size(blob.size)}; the limit is ${size(this.maxBytes)}.`, "Split it and upload the parts.", file.chooseCorrected);
      }
    }
    this.go();
  }

  choose(inPlaceOf) {
    this.replaced = inPlaceOf;
    this.input.click();
  }

  go() {
    const busy = this.files.filter((file) => file.state === "sending" || file.state === "checking").length;
    this.files.filter((file) => file.state === "waiting").slice(0, AT_ONCE - busy).forEach((file) => file.send());
    const isBusy = this.files.some((file) => file.isBusy);
    window[isBusy ? "addEventListener" : "removeEventListener"]("beforeunload", this.warn);
    this.sumUp();
  }

  sumUp() {
    const count = (state) => this.files.filter((file) => file.state === state).length;
    const refused = this.files.filter((file) => file.state === "refused");
    this.tally.textContent = this.files.length > 1 ? `${count("taken")} of ${this.files.length} uploaded` : "";
    const isFolded = refused.length > MOST_REFUSALS && this.files.length > refused.length;
    this.refusals.hidden = !isFolded;
    this.refusals.querySelector("summary").textContent = `${refused.length} files were not stored`;
    const place = isFolded ? this.refusals.querySelector(".files") : this.list;
    refused.filter((file) => file.row.parentElement !== place).forEach((file) => place.append(file.row));
    this.files
      .filter((file) => file.state !== "refused" && file.row.parentElement !== this.list)
      .forEach((file) => this.list.append(file.row));
  }

  settled(file) {
    this.go();
    this.liveRegion.textContent = file.announcement;
    if (this.files.some((other) => other.isBusy)) return;
    const taken = this.files.filter((other) => other.state === "taken" && !other.isReported);
    taken.forEach((other) => (other.isReported = true));
    if (taken.length) {
      if (this.files.length === 1) this.remove(taken[0]);
      this.open(taken[taken.length - 1].answer);
    }
  }

  open(answer) {
    this.notify("done", { upload_id: answer.upload_id, is_duplicate: Boolean(answer.duplicate_of) });
  }

  remove(file) {
    this.files = this.files.filter((other) => other !== file);
    file.row.remove();
    this.sumUp();
  }
}

class FileRow {
  constructor(blob, uploader) {
    this.blob = blob;
    this.uploader = uploader;
    this.row = part("li", "file");
    this.name = part("span", "name", blob.name);
    this.name.title = blob.name;
    this.stateText = part("span", "state");
    this.buttons = part("span", "buttons");
    this.bar = part("div", "bar");
    this.bar.append(part("i"));
    this.bar.setAttribute("role", "progressbar");
    this.bar.setAttribute("aria-label", `Upload of ${blob.name}`);
    this.why = part("div", "why");
    this.row.append(this.name, this.stateText, this.buttons, this.bar, this.why);
    this.show("waiting", "Waiting");
    this.offer(["Cancel", () => this.drop()]);
  }

  get isBusy() {
    return ["waiting", "sending", "checking"].includes(this.state);
  }

  show(state, text) {
    this.state = state;
    this.row.className = `file ${state}`;
    this.stateText.textContent = text;
  }

  offer(...buttons) {
    this.buttons.replaceChildren(
      ...buttons.map(([word, act]) => {
        const button = part("button", "", word);
        button.type = "button";
        button.setAttribute("aria-label", `${word} ${this.blob.name}`);
        button.addEventListener("click", act);
        return button;
      }),
    );
  }

  send() {
    const form = new FormData();
    form.append("mode", "none");
    if (this.encoding) form.append("encoding", this.encoding);
    form.append("file", this.blob, this.blob.name);
    const request = (this.request = new XMLHttpRequest());
    const began = performance.now();
    this.why.replaceChildren();
    this.show("sending", "0 %");
    this.offer(["Cancel", () => this.drop()]);
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      const share = Math.min(1, loaded / total);
      const speed = loaded / ((performance.now() - began) / 1000);
      this.progress(share);
      if (this.state === "sending") this.stateText.textContent = `${Math.floor(share * 100)} % · ${size(speed)}/s`;
    });
    request.upload.addEventListener("load", () => {
      if (this.state === "sending") this.show("checking", "Checking…");
    });
    request.addEventListener("load", () => this.answered(request));
    request.addEventListener("error", () => this.brokenOff());
    request.open("POST", this.uploader.url);
    request.send(form);
  }

  progress(share) {
    this.bar.firstChild.style.width = `${share * 100}%`;
    this.bar.setAttribute("aria-valuenow", Math.floor(share * 100));
  }

  answered(request) {
    let answer = {};
    try {
      answer = JSON.parse(request.responseText);
    } catch {
      answer = {};
    }
    if (request.status >= 200 && request.status < 300) return this.take(answer);
    if (!answer.error) return this.brokenOff(); // no answer of ours: the app was going down, or stands behind another
    const mayWorkLater = request.status >= 500 || MAY_WORK_LATER.includes(request.status);
    this.refuse(answer.error.message, answer.error.hint, mayWorkLater ? this.retry : this.chooseCorrected);
    const isAboutEncoding = ABOUT_ENCODING.has(answer.error.code) || (this.encoding && !mayWorkLater);
    if (isAboutEncoding) this.askEncoding(answer.error.hint);
  }

  askEncoding(hint) {
    const named = /such as (.+?), or/.exec(hint)?.[1].split(" or ") ?? [];
    const isNamed = ([, label]) => named.includes(label.split(" (")[0]);
    const others = this.uploader.encodings.filter((one) => !isNamed(one));
    const choice = part("select", "encoding");
    choice.setAttribute("aria-label", `Encoding of ${this.blob.name}`);
    choice.append(new Option("Choose its encoding…", ""));
    choice.append(...[...this.uploader.encodings.filter(isNamed), ...others].map(([codec, label]) => new Option(label, codec)));
    choice.addEventListener("change", () => {
      this.encoding = choice.value;
      this.again();
    });
    this.why.append(choice);
  }

  async brokenOff() {
    if (await this.isReadable()) {
      const cure = "Check that Model Desk is running, then retry.";
      this.refuse("The connection was lost, so nothing was stored.", cure, this.retry);
    } else {
      this.refuse(`${this.blob.name} changed since you chose it.`, "Choose it again.", ["Choose it again", this.chooseCorrected[1]]);
    }
  }

  async isReadable() {
    // a browser reads no file that was saved anew, moved or deleted since it was chosen
    try {
      await this.blob.slice(0, 1).arrayBuffer();
      return true;
    } catch {
      return false;
    }
  }

  get retry() {
    return ["Retry", () => this.again()];
  }

  get chooseCorrected() {
    return ["Choose the corrected file", () => this.uploader.choose(this)];
  }

  take(answer) {
    this.answer = answer;
    const rows = `${answer.rows.toLocaleString("en")} ${answer.rows === 1 ? "row" : "rows"}`;
    this.announcement = `${this.blob.name} was uploaded: ${rows}.`;
    this.show("taken", answer.duplicate_of ? `✓ ${rows} · already uploaded` : `✓ ${rows}`);
    this.offer(["Open", () => this.uploader.open(answer)], ["Dismiss", () => this.drop()]);
    this.uploader.settled(this);
  }

  refuse(message, hint, wayOn) {
    this.announcement = `${message} ${hint}`;
    this.show("refused", "✕ Not stored");
    this.why.replaceChildren(part("b", "", message), part("span", "", hint));
    this.offer(wayOn, ["Dismiss", () => this.drop()]);
    this.uploader.settled(this);
  }

  again() {
    this.show("waiting", "Waiting");
    this.uploader.go();
  }

  drop() {
    const wasBusy = this.isBusy;
    this.state = "dropped";
    this.request?.abort();
    this.uploader.remove(this);
    this.announcement = wasBusy ? `The upload of ${this.blob.name} was cancelled.` : "";
    this.uploader.settled(this);
  }
}

function part(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

function size(bytes) {
  for (const [least, unit] of [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]]) {
    if (bytes >= least) return `${(bytes / least).toFixed(1).replace(/\.0$/, "")} ${unit}`;
  }
  return `${Math.round(bytes)} bytes`;
}
