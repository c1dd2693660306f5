"""Who reads this page, where and when: the few things that every page asks for first."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from core import access, db, settings, storage
from core.access import sessions
from core.access.errors import NotSignedIn
from core.errors import AppError
from core.settings import Settings
from core.storage import Storage


def user() -> db.User:
    """The person at the browser: of the session whose cookie opened the websocket, looked at anew in each run.

    Raises NotSignedIn, NoLocalUser.
    """
    return _visit()[0]


def session_id() -> UUID | None:
    """The session of this browser; None where nobody signs in. Raises NotSignedIn."""
    return _visit()[1]


def _visit() -> tuple[db.User, UUID | None]:
    address = st.context.ip_address or "127.0.0.1"  # it names none for this machine itself
    if not config().has_sign_in:
        return access.local_user(address if isinstance(address, str) else ""), None
    secret = st.context.cookies.get(sessions.cookie_name(config()))
    if not secret:
        raise NotSignedIn
    return sessions.resume(secret, settings=config(), now=now(), address=address)


def principal() -> db.Principal:
    """`user`, or nobody where that can't be known: the System page says why."""
    try:
        return user()
    except AppError:
        return db.NOBODY


def config() -> Settings:
    """The settings of this process."""
    return settings.current()


def files() -> Storage:
    """The storage that the settings choose."""
    return storage.from_settings(config())


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


def zone() -> tzinfo:
    """The reader's time zone as their browser tells it; UTC where it doesn't."""
    name = st.context.timezone
    if not isinstance(name, str):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
