const at = (id) => document.getElementById(id);
const POLL_MS = 1000, SETTLED_MS = 15000, SHOWN_NAMES = 3;
const OVER = ["stopped", "expired", "failed"], MOVING = ["starting", "checking", "unhealthy"];
const IS_PUBLIC = document.body.dataset.ask === "answer";  // served beside the model, where each question wakes it up
const IS_MINE = document.body.dataset.mine === "true";
const WORDS = {
  starting: "Starting", checking: "Checking", live: "Live", unhealthy: "Not answering",
  paused: "Asleep", expired: "Expired", stopped: "Stopped", failed: "Failed", away: "Not reached",
};
const SENTENCES = {
  starting: "The app is starting. This takes a few seconds.",
  checking: "The app is being checked: it has to give the same predictions as in training.",
  unhealthy: "The app does not answer at the moment. It is started again if it stays so.",
  paused: "The app is asleep, as nobody used it for a while. Your next prediction wakes it up, which takes a few seconds.",
  expired: "Nobody used the app for long, so it has expired.",
  stopped: "The app was stopped.",
  failed: "The app could not be started.",
  away: `${IS_PUBLIC ? "The app" : "Model Desk"} can't be reached. This page tries again by itself, and keeps what you have filled in.`,
};
const GONE = {
  401: "You are signed out. Reload this page to sign in again.",
  404: "This live app isn't there any more.",
};
let state = null, timer = null, isBusy = false;
let owed = null;  // "refused" by an app that seemed live, "awaited" while it is known to start

function show(found) {
  state = found.status;
  const isOver = OVER.includes(state);
  at("state").textContent = WORDS[state] ?? state;
  at("state").dataset.state = state;
  at("told").hidden = state === "live";
  at("told").className = ["failed", "away"].includes(state) ? "told failed" : "told";
  const owner = isOver && !IS_MINE ? "Only its owner can start it again." : "";
  at("sentence").textContent = [SENTENCES[state], found.error?.message, owner].filter(Boolean).join(" ");
  at("start").hidden = !isOver || !IS_MINE;
  at("predict").disabled = isBusy || isOver || !IS_MINE;
  keepWaiting();
  if (IS_PUBLIC && state === "live") clearTimeout(timer);
  else again(MOVING.includes(state) || state === "away" ? POLL_MS : SETTLED_MS);
}

/** Asks once more for what was refused while the app started, as soon as it is live. */
function keepWaiting() {
  const isDue = owed === "awaited" && state === "live";
  owed = owed && MOVING.includes(state) ? "awaited" : null;
  if (isDue) at("row").requestSubmit();
}

function again(after) {
  clearTimeout(timer);
  timer = setTimeout(look, after);
}

function end(sentence) {
  clearTimeout(timer);
  at("told").hidden = false;
  at("told").className = "told failed";
  at("sentence").textContent = sentence;
  at("start").hidden = true;
  at("predict").disabled = true;
}

async function look() {
  if (document.hidden) return again(SETTLED_MS);
  try {
    const answer = await fetch("status");
    if (GONE[answer.status]) return end(GONE[answer.status]);
    if (!answer.ok) throw new Error(answer.statusText);
    show(await answer.json());
  } catch {
    show({ status: "away" });
  }
}

const fields = () => [...at("row").elements].filter((field) => field.dataset.column !== undefined);

function mark(field, message) {
  const error = at(`${field.id}-error`);
  error.textContent = message;
  error.hidden = !message;
  if (message) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

function hint(field) {
  const { least, most } = field.dataset;
  if (least === undefined) return;
  const value = field.value.trim() === "" ? NaN : Number(field.value);
  const isFar = value < Number(least) || value > Number(most);
  at(`${field.id}-hint`).classList.toggle("far", isFar);
  at(`${field.id}-hint`).textContent = `${isFar ? "Outside what training saw: " : ""}${least} to ${most}`;
}

function read() {
  const row = Object.create(null); // a column may be called __proto__
  for (const field of fields()) {
    const text = field.value.trim();
    const isBad = field.dataset.kind === "number" && text !== "" && !Number.isFinite(Number(text));
    mark(field, isBad ? "Write a number, such as 12.5, or leave it empty." : "");
    if (text !== "") row[field.dataset.column] = field.dataset.kind === "number" ? Number(text) : field.value;
  }
  const bad = fields().filter((field) => field.getAttribute("aria-invalid"));
  bad[0]?.focus();
  at("refused").hidden = !bad.length;
  at("refused").textContent = `Nothing was predicted. Write a number in ${listed(bad)}, or leave it empty.`;
  return bad.length ? null : row;
}

function refuse(error) {
  at("result").hidden = true;
  const field = fields().find((one) => error.message.includes(`'${one.dataset.column}'`));
  if (field) {
    mark(field, error.message.replace(/^Row 1: /, ""));
    field.focus();
  }
  at("refused").hidden = Boolean(field);
  at("refused").textContent = field ? "" : `${error.message} ${error.hint ?? ""}`;
}

function listed(some) {
  const rest = some.length - SHOWN_NAMES;
  return [...some.slice(0, SHOWN_NAMES).map((field) => field.dataset.column), ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
}

function caution() {
  const far = fields().filter((field) => at(`${field.id}-hint`)?.classList.contains("far"));
  at("far").hidden = !far.length;
  at("far").textContent = `Less sure, as this is outside what training saw: ${listed(far)}`;
}

function draw(answer) {
  caution();
  at("refused").hidden = at("stale").hidden = true;
  at("result").hidden = false;
  at("result").classList.remove("stale");
  const number = (value) => value.toLocaleString(undefined, { maximumSignificantDigits: 6 });
  at("answer").textContent =
    typeof answer.prediction === "number" ? number(answer.prediction) : answer.prediction;
  const shares = Object.entries(answer.probabilities ?? {}).sort((one, other) => other[1] - one[1]);
  at("shares").replaceChildren(...shares.slice(0, 10).map(([label, share]) => {
    const line = document.createElement("div");
    line.className = "share";
    const [name, bar, filled, value] = ["span", "span", "i", "span"].map((tag) => document.createElement(tag));
    name.textContent = label;
    bar.className = "bar";
    filled.style.width = `${(share * 100).toFixed(1)}%`;
    bar.append(filled);
    value.textContent = `${(share * 100).toFixed(1)} %`;
    line.append(name, bar, value);
    return line;
  }));
  const isInSight = getComputedStyle(at("result").closest("aside")).position === "sticky";
  if (!isInSight) at("result").scrollIntoView({ block: "nearest" });
}

async function ask(path, body) {
  const answer = await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  return [answer, await answer.json()];
}

const AWAY = { message: `${IS_PUBLIC ? "The app" : "Model Desk"} can't be reached.`, hint: "Try again in a moment." };

at("row").addEventListener("submit", async (event) => {
  event.preventDefault();
  const row = read();
  if (row === null || at("predict").disabled) return;
  isBusy = at("predict").disabled = true;
  at("predict").textContent = state === "paused" ? "Waking it up…" : "Predicting…";
  try {
    const [answer, said] = await ask(document.body.dataset.ask, { rows: [row] });
    if (answer.ok) draw(said.predictions[0]);
    else refuse(said.error);
    owed = answer.status !== 409 ? null : state === "live" ? "refused" : "awaited";
  } catch {
    refuse(AWAY);
    state = "away";
  }
  isBusy = false;
  at("predict").textContent = "Predict";
  if (IS_PUBLIC && state === "live") show({ status: "live" });
  else look();
});

function changed(field) {
  owed = null;
  mark(field, "");
  hint(field);
  at("refused").hidden = true;
  at("stale").hidden = at("result").hidden;
  at("result").classList.toggle("stale", !at("result").hidden);
}

at("row").addEventListener("input", (event) => changed(event.target));
at("row").addEventListener("reset", () => setTimeout(() => fields().forEach(changed)));

at("start").addEventListener("click", async () => {
  at("start").disabled = true;
  try {
    const [answer, said] = await ask("start", {});
    if (answer.ok) show(said);
    else refuse(said.error);
  } catch {
    refuse(AWAY);
  }
  at("start").disabled = false;
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !(IS_PUBLIC && state === "live")) look();
});
fields().forEach(hint);
show(JSON.parse(document.body.dataset.found));
