"""What access tells the rest of the house."""

from __future__ import annotations

from collections.abc import Iterator

from core.access import exposure, oidc
from core.check import Check, State
from core.room import AuditedAction, AuditedResource, CheckContext, Room, SystemCheck
from core.settings import split


def check_sign_in(context: CheckContext) -> Iterator[Check]:
    """Who has to sign in, and whether the provider is there. Raises ProviderUnavailable, InsecureAddress."""
    settings = context.settings
    if not settings.has_sign_in:
        if settings.allow_anonymous:
            message = "Sign-in is off (ALLOW_ANONYMOUS): whoever can reach the app can do everything."
            hint = "Set OIDC_ISSUER and OIDC_CLIENT_ID, or SUPABASE_URL and SUPABASE_ANON_KEY."
            yield Check("Sign-in", "Required", State.WARN, message, hint)
        else:
            yield Check("Sign-in", "Required", State.OK, "Off. Only this machine can open the app.")
        return
    exposure.require_safe(settings)
    if settings.has_oidc:
        found = oidc.discover(settings)
        yield Check("Sign-in", "Provider", State.OK, f"OpenID Connect, {found.issuer}.")
    if settings.has_supabase_auth:
        message = f"E-mail and password with Supabase, {settings.supabase_url}."
        yield Check("Sign-in", "Supabase", State.OK, message)
    if not split(settings.admin_emails):
        message = "No admin's address is set."
        hint = "Set ADMIN_EMAILS, unless somebody is already an admin."
        yield Check("Sign-in", "Admins", State.OK, f"{message} {hint}")


ROOM = Room(
    actions=(
        AuditedAction("sign_in", "signed in"),
        AuditedAction("sign_in.failed", "failed to sign in"),
        AuditedAction("sign_out", "signed out"),
        AuditedAction("session.revoked", "ended a session"),
        AuditedAction("token.created", "created"),
        AuditedAction("token.revoked", "revoked"),
        AuditedAction("access.refused", "was refused"),
        AuditedAction("user.role_changed", "changed the role of"),
        AuditedAction("user.blocked", "blocked"),
        AuditedAction("user.let_in", "unblocked"),
        AuditedAction("work.adopted", "transferred the local user's work to"),
    ),
    audited=(
        AuditedResource("user", " {}"),
        AuditedResource("account", " as {}"),
        AuditedResource("call", ": {}"),
        AuditedResource("session", ""),  # it has no name
        AuditedResource("token", " the token {}", "a token"),
    ),
    checks=(SystemCheck("Sign-in", "Provider", check_sign_in, position=30),),
)
