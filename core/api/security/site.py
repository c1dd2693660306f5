"""What is ours: the hosts and origins this app answers to, its cookies, and the paths one may be sent on to."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response

from core.access import sessions
from core.api.errors import WrongHost, WrongOrigin
from core.settings import Settings

LONGEST_NEXT = 1_000
PENDING = "_begun"  # ends the name of the cookie of a sign-in that has begun


class Site:
    """Of one installation."""

    def __init__(self, settings: Settings) -> None:
        self.url = settings.url
        names = ("localhost", "127.0.0.1", "[::1]")
        hosts = {f"{name}:{settings.port}" for name in names}
        if settings.port == 80:
            hosts |= set(names)
        app_url = urlsplit(settings.url.lower())
        self._origins = {f"http://{host}" for host in hosts} | {f"{app_url.scheme}://{app_url.netloc}"}
        self._hosts = hosts | {app_url.netloc}
        self.is_secure = app_url.scheme == "https"
        self.cookie = sessions.cookie_name(settings)

    def require_host(self, headers: Headers) -> None:
        """Raises WrongHost: a page elsewhere may have pointed its own name at us."""
        host = headers.get("host", "").lower()
        if host not in self._hosts:
            raise WrongHost(host=host, url=self.url)

    def require_origin(self, headers: Headers, *, always: bool) -> None:
        """Raises WrongOrigin for a page of another site. always: also where nothing says which page it was."""
        origin = headers.get("origin")
        if origin is None and (not always or headers.get("sec-fetch-site") == "same-origin"):
            return
        if origin is None or origin.lower() not in self._origins:
            raise WrongOrigin(origin=origin or "unknown origin", url=self.url)

    def set_cookie(self, answer: Response, value: str, *, lives_s: int, suffix: str = "") -> None:
        """A cookie that no script reads and that no other site's request brings along, but for a link."""
        answer.set_cookie(
            self.cookie + suffix,
            value,
            max_age=lives_s,
            path="/",
            secure=self.is_secure,
            httponly=True,
            samesite="lax",
        )

    def drop_cookie(self, answer: Response, *, suffix: str = "") -> None:
        """Have the browser forget it."""
        answer.delete_cookie(
            self.cookie + suffix, path="/", secure=self.is_secure, httponly=True, samesite="lax"
        )


def next_path(path: str | None) -> str:
    """Where to go after signing in: a path of ours, never another site."""
    if not path or len(path) > LONGEST_NEXT or not path.isprintable():
        return "/"
    if not path.startswith("/") or path.startswith(("//", "/login", "/logout")) or "\\" in path:
        return "/"
    return path
