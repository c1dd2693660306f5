"""What keeps somebody out, and what they are told of it: no more than they need to know."""

from __future__ import annotations

from core.errors import AppError


class NotSignedIn(AppError):
    """Nobody knows who asks. One answer for whatever is wrong with what they brought; the log says what."""

    code = "not_signed_in"
    says = "You are not signed in, or what you sent to show who you are is not valid any more."
    cure = "Sign in, or send a token that is valid: Authorization: Bearer …"


class NotAllowed(AppError):
    """It is known who asks, and they may not."""

    code = "not_allowed"
    says = "This needs the role {needed}, and yours is {role}."
    cure = "Ask an admin; the account page names them."
    needed: str
    role: str


class OwnedByAnother(NotAllowed):
    """An admin may look at it, and no more."""

    code = "owned_by_another"
    says = (
        "This {noun} is somebody else's: an admin may look at it, and its owner alone may change or use it."
    )
    cure = "Ask its owner to do it."
    needed: str = ""
    role: str = ""
    noun: str


class NotOneself(NotAllowed):
    """Whoever locks themselves out needs another to let them in."""

    code = "not_oneself"
    says = "Nobody changes their own role or blocks themselves."
    cure = "Ask another admin."
    needed: str = ""
    role: str = ""


class ScopeMissing(NotAllowed):
    """A token that was made for less."""

    code = "scope_missing"
    says = "This call needs a token with the scope '{needed}'; this one has {role}."
    cure = "Make a token with that scope on the account page."


class NotByToken(NotAllowed):
    """A program may not do what would keep it inside after its token is revoked."""

    code = "not_by_token"
    says = "A token can't {needed}."
    cure = "Sign in and do it on the account page."
    role: str = ""


class TooManyTokens(AppError):
    """Nobody looks through that many."""

    code = "too_many_tokens"
    says = "You have {n_tokens:token}, the most that one person may."
    cure = "Revoke one that nothing uses any more."
    n_tokens: int


class SignInFailed(AppError):
    """Address and password do not go together, or the provider did not let them in."""

    code = "sign_in_failed"
    says = "That did not work: {reason}."
    cure = "Try again."
    reason: str


class NotLetIn(SignInFailed):
    """The provider knows them, but this app does not take them."""

    code = "not_let_in"
    says = "You can't use this app: {reason}."
    cure = "Ask whoever runs it."


class TooManyAttempts(AppError):
    """Somebody is guessing."""

    code = "too_many_attempts"
    says = "There were too many attempts to sign in."
    cure = "Wait {wait_s:second}, then try again."
    wait_s: int


class ProviderUnavailable(AppError):
    """The provider can't be reached, or answers what it should not."""

    code = "provider_unavailable"
    says = "The sign-in provider can't be used right now: {problem}."
    cure = "Try again; if it stays, whoever runs the app finds more in its log."
    problem: str


class SignInMissing(AppError):
    """Others could reach the app, and everybody would be let in."""

    code = "sign_in_missing"
    says = "{reason}, but nobody has to sign in."
    cure = (
        "Set OIDC_ISSUER and OIDC_CLIENT_ID, or SUPABASE_URL and SUPABASE_ANON_KEY; "
        "or set ALLOW_ANONYMOUS=1 to let everybody do everything."
    )
    reason: str


class InsecureAddress(AppError):
    """Passwords and cookies would travel in the open."""

    code = "insecure_address"
    says = "People sign in at {url}, so everybody on the way could read who they are."
    cure = "Put a TLS proxy in front of the app and set APP_URL to its https:// address."
    url: str


class UnknownPerson(AppError):
    """No user has this address."""

    code = "unknown_person"
    says = "Nobody with the address {email} has signed in yet."
    cure = "Let them sign in once, then run this again."
    email: str
