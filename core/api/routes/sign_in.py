"""The way in and out: `/login` with its two ways, the provider's callback, and `/logout`."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from core import db, logs
from core.access import audit, oidc, sessions, supabase, users
from core.access.errors import NotSignedIn, SignInFailed, SignInWayOff
from core.access.throttle import Throttle
from core.api.errors import ForeignRequest, UnreadableRequest
from core.api.http import error_responses
from core.api.security import open_sockets, sign_in_page
from core.api.security.authentication import address_of
from core.api.security.site import PENDING, Site, next_path
from core.errors import AppError
from core.settings import Settings

PENDING_S = 600
MAX_FORM_BYTES = 10_000
N_ENTERING = 8  # threads of its own: a provider that does not answer holds up nobody but who signs in

Found = TypeVar("Found")
log = logs.get("access")


class SignIn:
    """The routes, for these settings. They look at Host by the gate and at Origin themselves."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._site = Site(settings)
        self._throttle = Throttle()
        self._limiter = anyio.CapacityLimiter(N_ENTERING)

    def routes(self) -> Sequence[BaseRoute]:
        """Beside the API; none of it is part of its description."""
        return [
            Route("/login", self._with_refusals_shown(self.page), methods=["GET"]),
            Route("/login", self._with_refusals_shown(self.by_password), methods=["POST"]),
            Route("/login/oidc", self._with_refusals_shown(self.to_provider), methods=["GET"]),
            Route("/login/callback", self._with_refusals_shown(self.callback), methods=["GET"]),
            Route("/logout", self._with_refusals_shown(self.sign_out), methods=["GET", "POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """The form, unless somebody is signed in already or nobody has to."""
        path = next_path(request.query_params.get("next"))
        if not self._settings.has_sign_in:
            return RedirectResponse(path, 303)
        try:
            await self._session(request)
        except NotSignedIn:
            if "out" not in request.query_params:
                return self._html(sign_in_page.sign_in(self._settings, next_path=path))
            has_provider = self._settings.has_oidc
            sign_out_url = (
                await self._in_a_thread(partial(oidc.sign_out_url, self._settings)) if has_provider else None
            )
            notice = "You are signed out."
            return self._html(
                sign_in_page.sign_in(self._settings, next_path=path, notice=notice, sign_out_url=sign_out_url)
            )
        return RedirectResponse(path, 303)

    async def by_password(self, request: Request) -> Response:
        """Raises WrongOrigin, SignInWayOff, TooManyAttempts, SignInFailed, ProviderUnavailable."""
        self._site.require_origin(request.headers, always=True)
        if not self._settings.has_supabase_auth:
            raise self._off("a password")
        form = await _form(request)
        email, password = form.get("email", "").strip().lower(), form.get("password", "")
        if not email.isprintable() or "\0" in password:
            raise SignInFailed(reason="wrong address or password")
        request.state.email, request.state.next_path = email, next_path(form.get("next", ""))
        check = partial(supabase.sign_in, self._settings, email=email, password=password)
        return await self._enter(request, check, account=email, path=request.state.next_path)

    async def to_provider(self, request: Request) -> Response:
        """On to the provider; what it has to bring back stays with this browser.

        Raises SignInWayOff, ProviderUnavailable.
        """
        if not self._settings.has_oidc:
            raise self._off("a provider")
        url, pending = await self._in_a_thread(partial(oidc.begin, self._settings))
        path = next_path(request.query_params.get("next"))
        kept = json.dumps([pending.state, pending.nonce, pending.verifier, path])
        answer = RedirectResponse(url, 303, headers={"Cache-Control": "no-store"})
        cookie = base64.urlsafe_b64encode(kept.encode()).decode().rstrip("=")  # which would be quoted
        self._site.set_cookie(answer, cookie, lives_s=PENDING_S, suffix=PENDING)
        return answer

    async def callback(self, request: Request) -> Response:
        """Back from the provider. Raises SignInWayOff, TooManyAttempts, SignInFailed, ProviderUnavailable."""
        if not self._settings.has_oidc:
            raise self._off("a provider")
        pending, path = _pending(request.cookies.get(self._site.cookie + PENDING, ""))
        request.state.next_path = path
        asked = request.query_params

        def check() -> users.Identity:
            if not secrets.compare_digest(asked.get("state", "").encode(), pending.state.encode()):
                raise SignInFailed(reason="it was started in another window, or too long ago")
            if "code" not in asked:
                log.warning("provider refused", error=asked.get("error", "")[:100])
                raise SignInFailed(reason="the provider did not let you in")
            return oidc.finish(self._settings, pending=pending, code=asked["code"])

        account = f"by provider from {address_of(request)}"
        answer = await self._enter(request, check, account=account, path=path)
        self._site.drop_cookie(answer, suffix=PENDING)
        return answer

    def _off(self, way: str) -> SignInWayOff:
        """The refusal of a way to sign in that is off, with the one that is on."""
        if self._settings.has_supabase_auth:
            instead = "Sign in with your e-mail and password."
        elif self._settings.has_oidc:
            instead = f"Continue with {urlsplit(self._settings.oidc_issuer).hostname}."
        else:
            instead = "Nobody has to sign in here: open the app."
        return SignInWayOff(way=way, instead=instead)

    async def sign_out(self, request: Request) -> Response:
        """End the session of this browser, its open websockets, and its cookie.

        A link of another site only gets the question. Raises WrongOrigin.
        """
        if request.method == "GET" and request.headers.get("sec-fetch-site") not in ("same-origin", "none"):
            return self._html(sign_in_page.sign_out())
        if request.method == "POST":
            self._site.require_origin(request.headers, always=True)
        try:
            user, session_id = await self._session(request)
        except NotSignedIn:
            log.debug("signed out without a session")
        else:
            await self._in_a_thread(partial(_end, user, session_id))
            open_sockets.close(session_id)
        answer = RedirectResponse("/login?out=1", 303, headers={"Cache-Control": "no-store"})
        self._site.drop_cookie(answer)
        return answer

    async def _enter(
        self, request: Request, check: Callable[[], users.Identity], *, account: str, path: str
    ) -> Response:
        """A new session for whom `check` finds; what it refuses is counted and noted."""
        address = address_of(request)
        try:
            with self._throttle.attempt(address=address, account=account):
                user, secret = await self._in_a_thread(partial(self._begin, request, check, address))
        except SignInFailed as error:
            await self._in_a_thread(partial(_note_failure, account, address, error))
            raise
        log.info("signed in", user_id=str(user.id), address=address)
        answer = RedirectResponse(path, 303, headers={"Cache-Control": "no-store"})
        self._site.set_cookie(answer, secret, lives_s=int(self._settings.session_hours * 3600))
        return answer

    def _begin(
        self, request: Request, check: Callable[[], users.Identity], address: str
    ) -> tuple[db.User, str]:
        identity = check()
        user = users.settle(identity, settings=self._settings, via="session", address=address)
        agent = request.headers.get("user-agent", "")
        begun = partial(sessions.begin, user, means=identity.means, agent=agent, settings=self._settings)
        return user, begun(now=datetime.now(UTC))

    async def _session(self, request: Request) -> tuple[db.User, UUID]:
        """Raises NotSignedIn."""
        secret = request.cookies.get(self._site.cookie)
        if not secret:
            raise NotSignedIn
        look = partial(sessions.resume, secret, settings=self._settings, now=datetime.now(UTC))
        return await self._in_a_thread(partial(look, address=address_of(request)))

    async def _in_a_thread(self, verb: Callable[[], Found]) -> Found:
        return await anyio.to_thread.run_sync(verb, limiter=self._limiter)

    def _with_refusals_shown(self, verb: Callable[[Request], object]) -> Callable[[Request], object]:
        """Show what a verb refuses on the page itself, with its status."""

        async def shown(request: Request) -> Response:
            try:
                return await verb(request)  # type: ignore[misc,no-any-return]  # a coroutine function of this class
            except ForeignRequest as error:
                return error_responses.answer(error)
            except AppError as error:
                page = sign_in_page.sign_in(
                    self._settings,
                    next_path=getattr(request.state, "next_path", "/"),
                    refused=str(error),
                    email=getattr(request.state, "email", ""),
                )
                return self._html(page, error.http_status)

        return shown

    def _html(self, page: str, status_code: int = 200) -> HTMLResponse:
        headers = {"Content-Security-Policy": sign_in_page.POLICY, "Cache-Control": "no-store"}
        return HTMLResponse(page, status_code, headers=headers)


async def _form(request: Request) -> dict[str, str]:
    """A small form, whatever its sender says of its length. Raises UnreadableRequest."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise UnreadableRequest(problem="it is too long for a form")
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=5))
    except ValueError as error:
        raise UnreadableRequest(problem="it is not a valid form") from error


def _pending(cookie: str) -> tuple[oidc.PendingSignIn, str]:
    """Raises SignInFailed where this browser has begun nothing."""
    try:
        state, nonce, verifier, path = json.loads(base64.urlsafe_b64decode(f"{cookie}==="))
    except (ValueError, TypeError, RecursionError, binascii.Error) as error:
        raise SignInFailed(reason="it was started in another window, or too long ago") from error
    return oidc.PendingSignIn(str(state), str(nonce), str(verifier)), next_path(str(path))


def _end(user: db.User, session_id: UUID) -> None:
    with db.session_scope(user, write=True) as session:
        sessions.end(session, session_id=session_id, now=datetime.now(UTC))


def _note_failure(account: str, address: str, error: AppError) -> None:
    log.warning("sign-in failed", account=account, address=address, code=error.code)
    with db.session_scope(db.NOBODY, write=True) as session:
        subject = audit.Subject("account", account)
        audit.note(session, "sign_in.failed", subject, is_refused=True, address=address, code=error.code)
