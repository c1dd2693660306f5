// Streamlit adds an entry to the browser's history for every change of the query, and for a change of page two:
// the new query on the old page first, then the new page. Back would step through each letter of a search, and
// onto addresses that nobody visited. Here a page has one entry, which follows its query, and a change of page
// adds one. The query of a page to come, written onto the old one, is told by nothing having been clicked or typed
// in between: a busy server may take seconds from the one to the other.
// After Back or Forward a run of the page just left may still begin: it would add that page and then the one gone
// to, and the next Back would end on a page that was not there. Until something is clicked or typed, a change of
// page is therefore written over the entry that was gone to.

export default function () {
  if (window.hasOneEntryAPage) return;
  window.hasOneEntryAPage = true;
  const push = window.history.pushState.bind(window.history);
  let left = null; // the address before its query last changed, if nothing was done on the page since
  let isGoing = false; // by Back or Forward, and nothing was done on the page since
  const began = (going) => () => {
    left = null;
    isGoing = going;
  };
  window.addEventListener("popstate", began(true), true);
  for (const kind of ["click", "keydown", "submit"]) window.addEventListener(kind, began(false), true);
  window.history.pushState = (state, unused, url) => {
    const next = new URL(url, location.href);
    if (next.pathname === location.pathname) {
      left = location.href;
      window.history.replaceState(state, unused, url);
      return;
    }
    if (left && next.search === location.search) window.history.replaceState(window.history.state, unused, left);
    left = null;
    if (isGoing) {
      window.history.replaceState(state, unused, url);
      return;
    }
    push(state, unused, url);
  };
}
