// A key decides on what its reader has seen. From the moment a deciding key or click is passed on until the next
// conversation is drawn, and until that one has stood for a moment, no other is: neither a double press nor a key held
// down reaches a conversation that nobody has looked at. Behind an open dialog no key decides at all.
// For the same reason each conversation is shown from its start, however far the one before was scrolled.

const STANDS_MS = 300; // before it counts as seen
const GIVES_UP_MS = 5000; // waiting for a page that does not come
const GAP_PX = 8; // between the bar and the conversation
const DECIDES = /^[axu]$/i;
const OTHERS = /^(e|[1-9])$/i;
const TYPED_IN = "input, textarea, select, [contenteditable='true']";
const REASON = '[class*="st-key-reason_"]';
const BUTTONS = '[class*="st-key-approve_"], [class*="st-key-reject_"], [class*="st-key-undo"]';

const buttonOf = (key) => {
  const hints = [...document.querySelectorAll("button kbd")];
  const button = hints.find((hint) => hint.textContent === key.toUpperCase())?.closest("button");
  return button && !button.disabled ? button : null;
};

const showStart = () => {
  const start = document.querySelector('.st-key-chat, [data-testid="stForm"]');
  const head = document.querySelector(".st-key-review_head");
  if (!start || !head) return;
  const n = head.getBoundingClientRect().bottom - start.getBoundingClientRect().top;
  if (n > 0) document.querySelector('[data-testid="stMain"]').scrollBy({ top: -n - GAP_PX, behavior: "instant" });
};

const whenThere = (selector, act) => {
  const look = () => {
    const found = document.querySelector(selector);
    if (!found) return false;
    act(found);
    observer.disconnect();
    return true;
  };
  const observer = new MutationObserver(look);
  if (look()) return;
  observer.observe(document.body, { childList: true, subtree: true });
  setTimeout(() => observer.disconnect(), GIVES_UP_MS);
};

export default function ({ data }) {
  const guard = (window.reviewGuard ??= { drawn: null, drawnAt: 0, sentAt: null, chosenAt: null, next: null });
  if (data.isForm && !guard.isForm) whenThere('[class*="st-key-turn_"] textarea', (turn) => {
    turn.focus({ preventScroll: true });
    showStart();
  });
  guard.isForm = data.isForm;
  if (guard.drawn !== data.drawn) showStart();
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
    const isDone = (event.key === "Enter" || event.key === "Escape") && !event.isComposing;
    if (isDone && event.target.closest?.(REASON)) setTimeout(() => event.target.blur()); // from here on keys decide
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
