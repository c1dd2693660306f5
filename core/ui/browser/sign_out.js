// A page whose session is over, here or in another tab or by somebody else, shows nothing any more: the server has
// closed its connection by then, and it leaves for the sign-in. What else cuts a connection is Streamlit's to mend.

export default function ({ parentElement }) {
  // The page that signs out goes where its own form leads, even when the connection is cut before the answer.
  parentElement.querySelector("form").addEventListener("submit", () => { window.isSigningOut = true; });
  if (window.leavesWhenSignedOut) return;
  window.leavesWhenSignedOut = true;
  let isAsking = false;
  const look = async () => {
    const app = document.querySelector("[data-test-connection-state]");
    if (isAsking || !app || app.dataset.testConnectionState === "CONNECTED") return;
    isAsking = true;
    try {
      const answer = await fetch("/api/me", { cache: "no-store" });
      if (answer.status !== 401 || window.isSigningOut) return;
      window.location.assign(`/login?next=${encodeURIComponent(window.location.pathname + window.location.search)}`);
    } catch {
      // the server is away, which its own message says
    } finally {
      isAsking = false;
    }
  };
  const watched = { subtree: true, attributes: true, attributeFilter: ["data-test-connection-state"] };
  new MutationObserver(look).observe(document.body, watched);
  look(); // it may have been cut before this was here to see it
}
