"""What access tells the rest of the house."""

from __future__ import annotations

from collections.abc import Iterator

from core.access import exposure, oidc
from core.check import Check, State
from core.room import Action, AuditedResource, CheckContext, Room, SystemCheck
from core.settings import split


def check_sign_in(context: CheckContext) -> Iterator[Check]:
    """Who has to sign in, and whether the provider is there. Raises ProviderUnavailable, InsecureAddress."""
    settings = context.settings
    if not settings.has_sign_in:
        if settings.allow_anonymous:
            message = (
                "Nobody signs in, and whoever can reach the app can do everything in it (ALLOW_ANONYMOUS)."
            )
            hint = "Set OIDC_ISSUER and OIDC_CLIENT_ID, or SUPABASE_URL and SUPABASE_ANON_KEY."
            yield Check("Sign-in", "Asked for", State.WARN, message, hint)
        else:
            yield Check("Sign-in", "Asked for", State.OK, "Not needed: only this machine can open the app.")
        return
    exposure.require_safe(settings)
    if settings.has_oidc:
        found = oidc.discover(settings)
        yield Check("Sign-in", "Provider", State.OK, f"OpenID Connect, {found.issuer}.")
    if settings.has_supabase_auth:
        message = f"Address and password at Supabase, {settings.supabase_url}."
        yield Check("Sign-in", "Supabase", State.OK, message)
    if not split(settings.admin_emails):
        message = "No address is named as the first admin's."
        hint = "Set ADMIN_EMAILS, unless somebody is an admin already."
        yield Check("Sign-in", "Admins", State.OK, f"{message} {hint}")


ROOM = Room(
    actions=(
        Action("sign_in", "signed in"),
        Action("sign_in.failed", "failed to sign in"),
        Action("sign_out", "signed out"),
        Action("session.revoked", "ended a session"),
        Action("token.created", "made a token"),
        Action("token.revoked", "revoked a token"),
        Action("access.refused", "was refused"),
        Action("user.role_changed", "changed the role of"),
        Action("user.blocked", "blocked"),
        Action("user.let_in", "let in again"),
        Action("work.adopted", "handed the local user's work over to"),
    ),
    audited=(
        AuditedResource("user", " {}"),
        AuditedResource("account", " as {}"),
        AuditedResource("call", ": {}"),
        AuditedResource("session", ""),  # it has no name
        AuditedResource("token", " {}"),
    ),
    checks=(SystemCheck("Sign-in", "Provider", check_sign_in, position=30),),
)
