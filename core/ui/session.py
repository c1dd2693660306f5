"""Who reads this page, where and when: the few things that every page asks for first."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from core import access, db, settings, storage
from core.errors import AppError
from core.settings import Settings
from core.storage import Storage


def user() -> db.User:
    """The person at the browser. Raises NoLocalUser."""
    return access.local_user()


def asker() -> db.Principal:
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
