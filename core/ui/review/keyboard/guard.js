// A key decides on what its reader has seen. From the moment a deciding key or click is passed on until the next
// conversation is drawn, and until that one has stood for a moment, no other is: neither a double press nor a key held
// down reaches a conversation that nobody has looked at. Behind an open dialog no key decides at all.

const STANDS_MS = 300; // before it counts as seen
const GIVES_UP_MS = 5000; // waiting for a page that does not come
const DECIDES = /^[axu]$/i;
const OTHERS = /^(e|[1-9])$/i;
const TYPED_IN = "input, textarea, select, [contenteditable='true']";
const BUTTONS = '[class*="st-key-approve_"], [class*="st-key-reject_"], [class*="st-key-undo"]';

const buttonOf = (key) => {
  const hints = [...document.querySelectorAll("button kbd")];
  const button = hints.find((hint) => hint.textContent === key.toUpperCase())?.closest("button");
  return button && !button.disabled ? button : null;
};

export default function ({ data }) {
  const guard = (window.reviewGuard ??= { drawn: null, drawnAt: 0, sentAt: null, chosenAt: null, next: null });
  if (guard.drawn !== data.drawn) {
    guard.drawnAt = performance.now();
    guard.isFirst = guard.drawn === null;
  }
  guard.drawn = data.drawn;
  guard.sentAt = guard.chosenAt = null; // a run has ended, whatever became of what was asked
  const next = guard.next;
  guard.next = null;
  if (next?.drawn === data.drawn) setTimeout(() => buttonOf(next.key)?.click());
  if (guard.listens) return;
  guard.listens = true;
  const isLately = (at) => at !== null && performance.now() - at < GIVES_UP_MS;
  const isHeld = () => isLately(guard.sentAt) || performance.now() - guard.drawnAt < STANDS_MS;
  const stop = (event) => {
    event.stopImmediatePropagation();
    event.preventDefault();
  };
  const isHere = () => document.querySelector('[class*="st-key-undo"]') !== null;
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !isHere()) return;
    const isDeciding = DECIDES.test(event.key);
    if (!isDeciding && !OTHERS.test(event.key)) return;
    if (!event.repeat && !isHeld() && !buttonOf(event.key)) return; // it means nothing here
    if (event.composedPath().some((node) => node.matches?.(TYPED_IN))) return;
    const isInDialog = document.querySelector('[role="dialog"]') !== null;
    if (event.repeat || isInDialog || isHeld()) stop(event);
    else if (isDeciding && isLately(guard.chosenAt)) {
      // Of two requests so close together Streamlit may drop the first: the reason is to arrive before the decision.
      guard.next = { key: event.key, drawn: guard.drawn };
      stop(event);
    } else if (isDeciding) guard.sentAt = performance.now();
    else guard.chosenAt = performance.now();
  }, true);
  window.addEventListener("click", (event) => {
    const button = event.target.closest?.(BUTTONS)?.querySelector("button");
    if (!button || button.disabled || !isHere()) return;
    if (isHeld() && !guard.isFirst) stop(event); // no click before it can be the second half of a double one
    else guard.sentAt = performance.now();
  }, true);
}
