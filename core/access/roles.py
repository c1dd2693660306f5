"""What a role allows, and who has which."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from core import db
from core.access.errors import NotAllowed
from core.settings import Settings, split

ANALYST: Final = "analyst"
REVIEWER: Final = "reviewer"
ADMIN: Final = "admin"
ROLES: Final = (ANALYST, REVIEWER, ADMIN)


def is_named_admin(email: str | None, settings: Settings) -> bool:
    """Whether ADMIN_EMAILS names this address; such a person is an admin whatever their row says."""
    return email is not None and email in {normal(one) for one in split(settings.admin_emails)}


def effective(role: str, email: str | None, settings: Settings) -> str:
    """The role that counts."""
    return ADMIN if is_named_admin(email, settings) else role


def may_sign_in(email: str | None, settings: Settings) -> bool:
    """Whether ALLOWED_EMAILS lets this address in: named itself, or by its domain."""
    allowed = {normal(one) for one in split(settings.allowed_emails)}
    if not allowed:
        return True
    return email is not None and bool({email, f"@{email.rpartition('@')[2]}"} & allowed)


def normal(email: str) -> str:
    """An address as it is kept and compared."""
    return email.strip().lower()


def require_admin(session: Session) -> None:
    """Raises NotAllowed unless this transaction runs for an admin or for the installation itself."""
    user = session.info["user"]
    if user == db.WORKER:
        return
    role = user.role if isinstance(user, db.User) else "none"
    if role != ADMIN:
        raise NotAllowed(needed=ADMIN, role=role)


def require_reviewer(session: Session) -> None:
    """Raises NotAllowed unless this transaction runs for a reviewer or an admin."""
    user = session.info["user"]
    role = user.role if isinstance(user, db.User) else "none"
    if role not in (REVIEWER, ADMIN):
        raise NotAllowed(needed=REVIEWER, role=role)
