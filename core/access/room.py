"""What access tells the rest of the house."""

from __future__ import annotations

from core.room import Action, AuditedResource, Room

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
)
