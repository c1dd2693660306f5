"""What a storage backend promises, and how it fails."""

from __future__ import annotations

import errno
import math
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import uuid4

from core.errors import Clash, Internal, Missing, Unavailable

BATCH_LOGS, CONVERSATION_FILES = "batch-logs", "conversation-files"
PROBE, PROBES = b"probe", "probe-"  # the content and the keys' beginning
_UNFIT = re.compile('[\x00-\x1f\\\\:\x7f"*?<>|\ud800-\udfff]')
PLACES = ("uploads", "results", "models", BATCH_LOGS, CONVERSATION_FILES)  # what keys begin with


class NotStored(Missing):
    """Nothing is stored under this key."""

    code = "not_stored"
    message = "The file {key} is no longer in storage."
    hint = "It was removed outside the app. Upload or create it again."
    key: str


class KeyTaken(Clash):
    """The key already holds a file; nothing is overwritten by accident."""

    code = "key_taken"
    message = "Storage already holds a file named {key}."
    hint = "Nothing was overwritten. Try again: the app then picks a new name."
    key: str


class BadKey(Internal):
    """The key is not a clean relative path."""

    code = "bad_key"
    message = "{key!r} can't be the name of a stored file."
    hint = "Use names of letters, digits, dots and dashes, joined by single slashes."
    key: str


class DiskFull(Unavailable):
    """The place where bytes go has no room left. found: how much there is, and how much is missing."""

    code = "disk_full"
    message = "There is no space left in {place}, so nothing was saved{found}."
    hint = "Delete what is no longer needed, or free some space there, then try again."
    place: str
    found: str = ""

    @classmethod
    def of(cls, place: Path, *, n_bytes: int = 0) -> DiskFull:
        """With what the disk says of itself. n_bytes: how much was to be written, as far as it is known."""
        try:
            disk = shutil.disk_usage(place)
        except OSError:
            return cls(place=str(place))
        found = f": its disk has {disk.free / 1e6:,.1f} MB free of {disk.total / 1e6:,.1f} MB"
        if (n_missing := n_bytes - disk.free) > 0:
            found += f", and {math.ceil(n_missing / 1e5) / 10:,.1f} MB more are needed"
        return cls(place=str(place), found=found)


class StorageUnavailable(Unavailable):
    """Storage can't be reached or written."""

    code = "storage_unavailable"
    message = "Storage can't be used right now: {problem}."
    hint = "Check that it exists and that the app can write to it, then try again."
    problem: str


@contextmanager
def translated(place: Path, *, n_bytes: int = 0) -> Iterator[None]:
    """What the operating system refuses becomes DiskFull or StorageUnavailable. n_bytes: as many are to be written."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull.of(place, n_bytes=n_bytes) from error
        raise StorageUnavailable(problem=f"{error.strerror or error} ({error.filename or place})") from error


@dataclass(frozen=True)
class Stored:
    """A stored file."""

    key: str
    size_bytes: int


@dataclass(frozen=True)
class Listed(Stored):
    """A stored file in a listing. age_s: since it was last written, by the storage's own clock."""

    age_s: float


@dataclass(frozen=True)
class Unfinished:
    """What a write that was broken off has left. age_s: since its last byte came, by the storage's own clock."""

    size_bytes: int
    age_s: float
    remove: Callable[[], object]


class Storage(Protocol):
    """Files under slash-separated keys such as `uploads/user_1/a.csv`.

    Writes are atomic: a key holds a whole file or nothing. Every method may raise BadKey and
    StorageUnavailable. What a backend does like most others is written here, for those that derive from it.
    """

    @property
    def label(self) -> str:
        """What this backend is, without any secret."""
        ...

    def put(self, key: str, source: Path) -> Stored:
        """Store the bytes of a file on this machine; `source` stays. Raises KeyTaken, DiskFull."""
        ...

    def put_all(self, contents: Sequence[tuple[str, bytes]]) -> list[bool]:
        """Store small files that are in memory, at less cost than one by one; of each, whether its key was free.

        Each is stored as by `put`, and a key that is taken keeps its file. Where this raises, any of them may be
        stored. Raises DiskFull.
        """
        ...

    def replace(self, key: str, source: Path) -> Stored:
        """As `put`, under a key that may hold a file already; where it holds none, one is made. Raises DiskFull.

        Whoever opens the key gets the old bytes or the new ones, whole, at every moment; a replace that fails or is
        broken off leaves the old ones. Of two at the same moment one is the last, and stays. The means: a rename of
        a synced file (local), an unconditional PUT or the last step of a multipart upload (S3), an upsert, which
        writes a new version and then switches to it (Supabase, told to keep no copy in its CDN).

        A stream that is open meanwhile goes on with the old bytes. From a server it can do so only while its
        connection holds: where it would have to ask again, reading raises StorageUnavailable rather than mix two.
        """
        ...

    def open(self, key: str, *, start: int = 0) -> BinaryIO:
        """The bytes from offset `start`, as a stream that the caller closes. Raises NotStored."""
        ...

    def stat(self, key: str) -> Stored:
        """Raises NotStored."""
        ...

    def delete(self, key: str) -> bool:
        """Remove the file; False when there was none."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """Every key that begins with `prefix`, in order."""
        return iter(sorted(one.key for one in self.entries(prefix)))

    def entries(self, prefix: str) -> Iterator[Listed]:
        """Every file whose key begins with `prefix`, in no order, asked for page by page while it is read."""
        ...

    def unfinished(self) -> Iterator[Unfinished]:
        """What no key names, because a process was killed while it wrote; also what is being written right now.

        Nothing where a broken write leaves nothing.
        """
        return iter(())

    def link(self, key: str, *, disposition: str, media_type: str) -> str | None:  # noqa: ARG002  # none here
        """An address that gives out the file for some minutes to whoever has it; None where there is none.

        disposition and media_type: the headers `Content-Disposition` and `Content-Type` of that answer.
        """
        return None

    def prepare(self) -> bool:
        """Make the place for files where it is missing and may be made; True if it was."""
        return False

    def check(self) -> None:
        """Write, read and delete a small file. Raises what goes wrong."""
        key = f"{PROBES}{uuid4().hex}"
        self.put_all([(key, PROBE)])
        try:
            with self.open(key) as stream:
                if stream.read() != PROBE:
                    raise StorageUnavailable(
                        problem=f"{self.label} returned different bytes than were written"
                    )
        finally:
            self.delete(key)


def clean(key: str) -> str:
    """`key` itself when it can't leave its root on any backend. Raises BadKey."""
    parts = key.split("/")
    if (
        not key
        or len(key.encode("utf-8", "surrogatepass")) > 900
        or any(part in ("", ".", "..") or len(part.encode("utf-8", "surrogatepass")) > 200 for part in parts)
        or _UNFIT.search(key)
        or any(part != part.strip() or part.startswith(".") for part in parts)
    ):
        raise BadKey(key=key)
    return key
