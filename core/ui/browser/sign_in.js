// The session is over: to the sign-in, which leads back here.
export default function () {
  window.location.assign(`/login?next=${encodeURIComponent(window.location.pathname + window.location.search)}`);
}
