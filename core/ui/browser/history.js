// Streamlit adds an entry to the browser's history for every change of the query, and for a change of page two:
// the new query on the old page first, then the new page. Back would step through each letter of a search, and
// onto addresses that nobody visited. Here a page has one entry, which follows its query, and a change of page
// adds one.
// After Back or Forward a run of the page just left may still begin: it would add that page and then the one gone
// to, and the next Back would end on a page that was not there. Until something is clicked or typed, a change of
// page is therefore written over the entry that was gone to.

const AT_ONCE_MS = 3000; // between the two entries of one change of page

export default function () {
  if (window.hasOneEntryAPage) return;
  window.hasOneEntryAPage = true;
  const push = window.history.pushState.bind(window.history);
  let left = null;
  let isGoing = false; // by Back or Forward, and nothing was done on the page since
  window.addEventListener("popstate", () => { isGoing = true; }, true);
  for (const kind of ["click", "keydown", "submit"]) window.addEventListener(kind, () => { isGoing = false; }, true);
  window.history.pushState = (state, unused, url) => {
    const next = new URL(url, location.href);
    if (next.pathname === location.pathname) {
      left = { href: location.href, at: performance.now() };
      window.history.replaceState(state, unused, url);
      return;
    }
    const isAnnounced = left && next.search === location.search && performance.now() - left.at < AT_ONCE_MS;
    if (isAnnounced) window.history.replaceState(window.history.state, unused, left.href);
    left = null;
    if (isGoing) {
      window.history.replaceState(state, unused, url);
      return;
    }
    push(state, unused, url);
  };
}
