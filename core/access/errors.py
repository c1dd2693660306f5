"""What keeps somebody out, and what they are told of it: no more than they need to know."""

from __future__ import annotations

from core.errors import (
    Clash,
    Forbidden,
    Internal,
    Invalid,
    Missing,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)


class NotSignedIn(Unauthenticated):
    """Nobody knows who asks. One answer for whatever is wrong with what they brought; the log says what."""

    code = "not_signed_in"
    message = "You are not signed in, or your session or token is no longer valid."
    hint = "Sign in, or send a valid token: Authorization: Bearer …"

    @property
    def http_headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"}


class NotAllowed(Forbidden):
    """It is known who asks, and they may not."""

    code = "not_allowed"
    message = "This needs the role {needed}; you have the role {role}."
    hint = "Ask an admin."
    needed: str
    role: str


class OwnedByAnother(NotAllowed):
    """An admin may look at it, and no more."""

    code = "owned_by_another"
    message = (
        "This {resource} belongs to somebody else. Admins can view it; only its owner can change or use it."
    )
    hint = "Ask its owner."
    needed: str = ""
    role: str = ""
    resource: str


class NotOneself(NotAllowed):
    """Whoever locks themselves out needs another to let them in."""

    code = "not_oneself"
    message = "You can't change your own role or block yourself."
    hint = "Ask another admin."
    needed: str = ""
    role: str = ""


class ScopeMissing(NotAllowed):
    """A token that was made for less."""

    code = "scope_missing"
    message = "This call needs a token with the scope '{needed}'. This token has {role}."
    hint = "Create a token with that scope on the account page."


class NotByToken(NotAllowed):
    """A program may not do what would keep it inside after its token is revoked."""

    code = "not_by_token"
    message = "A token can't {needed}."
    hint = "Sign in and do this on the account page."
    role: str = ""


class TooManyTokens(Clash):
    """Nobody looks through that many."""

    code = "too_many_tokens"
    message = "You have {n_tokens:token}, the maximum for one person."
    hint = "Revoke one that you no longer use."
    n_tokens: int


class SignInFailed(Unauthenticated):
    """Address and password do not go together, or the provider did not let them in."""

    code = "sign_in_failed"
    message = "Sign-in failed: {reason}."
    hint = "Try again."
    reason: str


class SignInWayOff(SignInFailed):
    """People sign in another way here, or not at all."""

    code = "sign_in_way_off"
    message = "Sign-in with {way} is off."
    hint = "{instead}"
    way: str
    instead: str
    reason: str = ""


class NotLetIn(Forbidden, SignInFailed):
    """The provider knows them, but this app does not take them."""

    code = "not_let_in"
    message = "You can't use this app: {reason}."
    hint = "Ask whoever runs this app."


class TooManyAttempts(TooManyRequests):
    """Somebody is guessing."""

    code = "too_many_attempts"
    message = "Too many sign-in attempts."
    hint = "Wait {wait_s:second}, then try again."
    wait_s: int

    @property
    def http_headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.wait_s)}


class ProviderUnavailable(Unavailable):
    """The provider can't be reached, or answers what it should not."""

    code = "provider_unavailable"
    message = "The sign-in provider is unavailable: {problem}."
    hint = "Try again. If it keeps failing, ask whoever runs this app to check its log."
    problem: str


class SignInMissing(Internal):
    """Others could reach the app, and everybody would be let in."""

    code = "sign_in_missing"
    message = "{reason}, but sign-in is off."
    hint = (
        "Set OIDC_ISSUER and OIDC_CLIENT_ID, or SUPABASE_URL and SUPABASE_ANON_KEY; "
        "or set ALLOW_ANONYMOUS=1 to let anyone do everything."
    )
    reason: str


class InsecureAddress(Internal):
    """Passwords and cookies would travel in the open."""

    code = "insecure_address"
    message = "People sign in at {url}, which is not encrypted."
    hint = "Put a TLS proxy in front of the app, and set APP_URL to its https:// address."
    url: str


class UnknownPerson(Missing):
    """No user has this address."""

    code = "unknown_person"
    message = "Nobody with the address {email} has signed in yet."
    hint = "Ask them to sign in once, then run this again."
    email: str


class PackageTokenUnfit(Invalid):
    """A token for a training package that should do more, or live longer, than such a token may."""

    code = "package_token_unfit"
