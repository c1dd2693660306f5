"""The people the database knows. Without sign-in there is one: whoever sits at this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.access import audit, roles
from core.access.errors import NotLetIn, NotOneself
from core.db.tables.users import UserRow
from core.errors import AppError, NotFound, Unavailable
from core.settings import Settings

LOCAL_NAME = "You"
LONGEST_NAME = 120

SignInMethod = Literal["oidc", "supabase"]


class NoLocalUser(Unavailable):
    """The first start was not finished."""

    code = "no_local_user"
    message = "The database has no local user."
    hint = "Start the app with `make run` to create one. If it runs, the System page says why there is none."


_refused_by: AppError | None = None


def refuse_new(reason: AppError | None) -> None:
    """From now on this process makes no users: the database is not one that work may begin in. None: it is again."""
    global _refused_by
    _refused_by = reason


@dataclass(frozen=True)
class Identity:
    """Whom a provider says somebody is. email: only one that the provider has verified."""

    means: SignInMethod
    issuer: str
    subject: str
    name: str
    email: str | None

    @property
    def user_id(self) -> UUID:
        """The id follows from the identity, so nothing has to be looked up before it is known who asks.

        At Supabase it is the id that `auth.uid()` gives; elsewhere one that is made of issuer and subject.
        """
        return (
            UUID(self.subject)
            if self.means == "supabase"
            else uuid5(NAMESPACE_URL, f"{self.issuer} {self.subject}")
        )


def settle_local_user() -> db.User:
    """The local user, made with a random id on first start; safe when several processes start at once."""
    try:
        with db.session_scope(db.WORKER, write=True) as session:
            row = session.execute(sa.select(UserRow).where(UserRow.is_local)).scalar_one_or_none()
            if row is None:
                row = UserRow(name=LOCAL_NAME, is_local=True)
                session.add(row)
                session.flush()
            return _local(row)
    except db.Collided:  # another process was first
        return local_user()


def local_user(address: str = "") -> db.User:
    """Raises NoLocalUser before the first start was finished, or what `refuse_new` was given."""
    with db.session_scope(db.NOBODY) as session:
        row = session.execute(sa.select(UserRow).where(UserRow.is_local)).scalar_one_or_none()
    if row is None and _refused_by is not None:
        raise _refused_by.with_traceback(None)
    if row is None:
        raise NoLocalUser
    return _local(row, address)


def _local(row: UserRow, address: str = "") -> db.User:
    """Whoever sits at this machine may do everything on it."""
    return db.User(id=row.id, name=row.name, role=roles.ADMIN, via="local", address=address)


def settle(identity: Identity, *, settings: Settings, via: str, address: str) -> db.User:
    """The user of an identity, made on their first sign-in; name and address are those of the latest.

    Raises NotLetIn for who is blocked, for an address that ALLOWED_EMAILS does not name, and for one that belongs
    to another identity: nobody takes over work by an address alone. And what `refuse_new` was given.
    """
    if not roles.may_sign_in(identity.email, settings):
        raise NotLetIn(reason="ALLOWED_EMAILS does not include your address")
    myself = db.User(identity.user_id, identity.name, via=via, address=address)
    try:
        with db.session_scope(myself, write=True) as session:
            row = session.get(UserRow, identity.user_id)
            if row is None:
                if _refused_by is not None:
                    raise _refused_by.with_traceback(None)  # else each time adds to it
                row = UserRow(id=identity.user_id, issuer=identity.issuer, subject=identity.subject)
                row.role = roles.ANALYST
                session.add(row)
            elif row.blocked_at is not None:
                raise NotLetIn(reason="an admin has blocked you")
            row.name = (identity.name or identity.email or "Somebody")[:LONGEST_NAME]
            row.email = identity.email or row.email
            session.flush()
    except db.Collided:
        row = _second_look(identity)
    return user_of(row, settings=settings, via=via, address=address)


def _second_look(identity: Identity) -> UserRow:
    """After a collision: with oneself, signing in twice at once, or with somebody else's address."""
    with db.session_scope(db.User(identity.user_id, identity.name)) as session:
        row = session.get(UserRow, identity.user_id)
    if row is None or row.email != identity.email:
        raise NotLetIn(reason="your address belongs to an account that signs in another way")
    return row


def known(user_id: UUID, *, settings: Settings, via: str, address: str) -> db.User | None:
    """Who has this id, unless they are blocked; None where nobody has. Raises NotLetIn."""
    with db.session_scope(db.User(user_id, "")) as session:
        row = session.get(UserRow, user_id)
    if row is not None and row.blocked_at is not None:
        raise NotLetIn(reason="an admin has blocked you")
    return None if row is None else user_of(row, settings=settings, via=via, address=address)


def user_of(row: UserRow, *, settings: Settings, via: str, address: str) -> db.User:
    """The person a row is about, with the role that counts."""
    role = roles.effective(row.role, row.email, settings)
    return db.User(row.id, row.name, role, email=row.email, via=via, address=address)


def people(session: Session) -> Sequence[UserRow]:
    """Everybody, by name. Raises NotAllowed for all but admins."""
    roles.require_admin(session)
    return session.execute(sa.select(UserRow).order_by(UserRow.name, UserRow.id)).scalars().all()


def person(session: Session, *, user_id: UUID) -> UserRow:
    """One of them. Raises NotAllowed for all but admins, NotFound."""
    roles.require_admin(session)
    row = session.get(UserRow, user_id)
    if row is None:
        raise NotFound(resource="person", id=user_id)
    return row


def set_role(session: Session, *, user_id: UUID, role: str) -> None:
    """Give somebody a role; it counts from their next click. Raises NotAllowed, NotFound."""
    row = _of_another(session, user_id)
    if role not in roles.ROLES:
        raise NotFound(resource="role", id=role)
    before, row.role = row.role, role
    audit.note(session, "user.role_changed", _subject(row), before=before, after=role)


def block(session: Session, *, user_id: UUID, is_blocked: bool) -> None:
    """Keep somebody out, by session, token and sign-in alike; or let them in again. Raises NotAllowed, NotFound."""
    row = _of_another(session, user_id)
    row.blocked_at = datetime.now(UTC) if is_blocked else None
    audit.note(session, "user.blocked" if is_blocked else "user.let_in", _subject(row))


def _of_another(session: Session, user_id: UUID) -> UserRow:
    """Somebody else's row: an admin who locks themselves out would need another to let them in."""
    row = person(session, user_id=user_id)
    if user_id == db.owner(session):
        raise NotOneself
    return row


def _subject(row: UserRow) -> audit.Subject:
    return audit.Subject("user", row.id, row.email or row.name)
