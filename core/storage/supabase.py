"""Files in Supabase Storage: a key's first segment is the bucket, the rest the object's name."""

from __future__ import annotations

import io
import mimetypes
import re
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from core.settings import Settings
from core.storage import ranged
from core.storage.protocol import (
    KeyTaken,
    Listed,
    NotStored,
    StorageUnavailable,
    Stored,
    Unfinished,
    translated,
)
from core.storage.side_by_side import side_by_side
from core.storage.supabase_names import BUCKETS, OTHER, decoded, encoded, named, place

LINK_S = 300
N_LISTED = 1_000  # entries of one answer
CONNECT_S, READ_S, WRITE_S, N_CONNECTIONS = 3.0, 120.0, 60.0, 20

_MISSING_BUCKET = re.compile(r"bucket not found|nosuchbucket", re.IGNORECASE)
PREPARE = "create it with python -m core.system prepare and the secret key"
CAUSES = {
    "401": "the key is unknown",
    "403": "the key does not allow this; SUPABASE_SERVICE_ROLE_KEY must be the secret or service_role key",
    "413": "the file is larger than the project allows; raise the limit in its Storage settings",
}


class SupabaseStorage:
    """Five buckets of a project, none of them public. One client serves all threads of this process."""

    def __init__(self, settings: Settings, *, link_s: int = LINK_S, n_listed: int = N_LISTED) -> None:
        self._settings, self._link_s, self._n_listed = settings, link_s, n_listed

    @property
    def label(self) -> str:
        return f"Supabase Storage at {self._settings.supabase_url}"

    def put(self, key: str, source: Path) -> Stored:
        return self._upload(key, source, upsert="false")

    def put_all(self, contents: Sequence[tuple[str, bytes]]) -> list[bool]:
        return side_by_side(lambda key, one: self._send(key, one, upsert="false"), contents)

    def replace(self, key: str, source: Path) -> Stored:
        try:
            return self._upload(key, source, upsert="true")
        except KeyTaken as error:
            raise StorageUnavailable(problem=f"{key} was written by others at the same moment") from error

    def open(self, key: str, *, start: int = 0) -> BinaryIO:
        import httpx

        bucket, name = place(key)

        def ask(at: int) -> ranged.Answer:
            with self._translated(key):
                request = self._client.session.build_request(
                    "GET",
                    f"{self._url}object/{bucket}/{name}",
                    headers={**self._headers, "Range": f"bytes={at}-", "Accept-Encoding": "identity"},
                )
                response = self._client.session.send(request, stream=True)
                body = _Body(response, skip=at if response.status_code == 200 else 0)
                if response.is_error:
                    body.refuse()
            size_bytes = ranged.whole_bytes(response.headers)
            return ranged.Answer(body, version=response.headers.get("ETag", ""), size_bytes=size_bytes)

        stream = ranged.Ranged(
            ask,
            size_bytes=self.stat(key).size_bytes,
            start=start,
            label=f"{key} in {self.label}",
            broken=(httpx.HTTPError,),
        )
        return io.BufferedReader(stream, ranged.BUFFER_BYTES)

    def stat(self, key: str) -> Stored:
        bucket, name = place(key)
        with self._translated(key):
            return Stored(key=key, size_bytes=int(self._files(bucket).info(name)["size"]))

    def delete(self, key: str) -> bool:
        bucket, name = place(key)
        with self._translated(key):
            return bool(self._files(bucket).remove([name]))

    def keys(self, prefix: str) -> Iterator[str]:
        return iter(sorted(one.key for one in self.entries(prefix)))

    def entries(self, prefix: str) -> Iterator[Listed]:
        now = self._now()
        for bucket in BUCKETS:
            begin = "" if bucket == OTHER else f"{bucket}/"
            if not (begin.startswith(prefix) or prefix.startswith(begin)):
                continue
            folder = prefix.removeprefix(begin).rpartition("/")[0] if prefix.startswith(begin) else ""
            for name, entry in self._objects(bucket, folder):
                if (key := begin + name).startswith(prefix):
                    written = datetime.fromisoformat(entry["updated_at"])
                    size_bytes = int((entry["metadata"] or {}).get("size", 0))
                    yield Listed(key=key, size_bytes=size_bytes, age_s=(now - written).total_seconds())

    def unfinished(self) -> Iterator[Unfinished]:
        return iter(())  # a file comes in one request, of which the server keeps nothing when it breaks

    def link(self, key: str, *, disposition: str, media_type: str) -> str | None:
        del media_type  # given out as what it was stored as
        if not self._settings.s3_links:
            return None
        bucket, name = place(key)
        with self._translated(key):
            asked = {"download": named(disposition)}
            link: str = self._files(bucket).create_signed_url(name, self._link_s, asked)["signedURL"]
        return link

    def prepare(self) -> bool:
        missing = self._missing()
        for bucket in missing:
            with self._translated(""):
                self._client.create_bucket(bucket, options={"public": False})
        return bool(missing)

    def check(self) -> None:
        if missing := self._missing():
            problem = f"{self.label}: the key can't see the bucket {missing[0]}; {PREPARE}"
            raise StorageUnavailable(problem=problem)
        name = f"probe-{uuid4().hex}"
        with self._translated(""):
            files = self._files(OTHER)
            files.upload(name, b"probe", {"content-type": "text/plain"})
            try:
                if files.download(name) != b"probe":
                    raise StorageUnavailable(
                        problem=f"{self.label} returned different bytes than were written"
                    )
            finally:
                files.remove([name])

    def _upload(self, key: str, source: Path, *, upsert: str) -> Stored:
        with translated(source.parent):
            size_bytes = source.stat().st_size
            stream = source.open("rb")
        with stream:
            self._send(key, stream, upsert=upsert)
        return Stored(key=key, size_bytes=size_bytes)

    def _send(self, key: str, body: BinaryIO | bytes, *, upsert: str) -> None:
        bucket, name = place(key)
        if upsert == "false":
            with self._translated(key):
                if self._files(bucket).exists(name):
                    raise KeyTaken(key=key)
        options = {
            "content-type": mimetypes.guess_type(key)[0] or "application/octet-stream",
            "cache-control": "0",  # seconds: what a CDN keeps would be the old bytes after a replace
            "upsert": upsert,
            # A refusal that comes before the last byte spoils the connection for whoever is next on it.
            "headers": {"Connection": "close"},
        }
        with self._translated(key):
            self._files(bucket).upload(name, body, options)

    def _missing(self) -> list[str]:
        """The buckets that are not there. Raises StorageUnavailable when anybody may read one of the others."""
        with self._translated(""):
            found = {bucket.name: bucket for bucket in self._client.list_buckets()}
        if public := [name for name in BUCKETS if name in found and found[name].public]:
            problem = f"{self.label}: the bucket {public[0]} is public; make it private in Supabase"
            raise StorageUnavailable(problem=problem)
        return [name for name in BUCKETS if name not in found]

    def _objects(self, bucket: str, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every object in a folder and below it, with its name as keys go on after their bucket."""
        start = 0
        while True:
            options = {"limit": self._n_listed, "offset": start, "sortBy": {"column": "name", "order": "asc"}}
            with self._translated(folder):
                entries = self._files(bucket).list(encoded(folder), options)
            for entry in entries:
                name = f"{folder}/{decoded(entry['name'])}".removeprefix("/")
                if entry["id"] is None:
                    yield from self._objects(bucket, name)
                else:
                    yield name, entry
            if len(entries) < self._n_listed:
                return
            start += self._n_listed

    def _now(self) -> datetime:
        """By the server's clock."""
        with self._translated(""):
            said = self._client.session.get(f"{self._url}bucket", headers=self._headers).headers.get("Date")
        return parsedate_to_datetime(said) if said else datetime.now(UTC)

    @property
    def _url(self) -> str:
        return f"{self._settings.supabase_url.rstrip('/')}/storage/v1/"

    @property
    def _headers(self) -> dict[str, str]:
        key = self._settings.supabase_service_role_key.get_secret_value()
        return {"apikey": key, "Authorization": f"Bearer {key}"}

    @cached_property
    def _client(self) -> Any:
        """Made on first use: importing it takes a while, and not every process touches files."""
        import httpx
        from storage3 import SyncStorageClient

        http = httpx.Client(
            http2=False,  # supabase-py's own choice loses connections under load
            timeout=httpx.Timeout(READ_S, connect=CONNECT_S, write=WRITE_S),
            limits=httpx.Limits(max_connections=N_CONNECTIONS),
        )
        weakref.finalize(self, http.close)
        return SyncStorageClient(self._url, self._headers, http_client=http)

    def _files(self, bucket: str) -> Any:
        return self._client.from_(bucket)

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        """What the server refuses, and what goes wrong on the way to it, become our own errors."""
        import httpx
        from storage3.exceptions import StorageApiError

        try:
            yield
        except StorageApiError as error:
            status, code = str(error.status), str(error.code)
            if _MISSING_BUCKET.search(f"{code} {error.message}"):
                raise StorageUnavailable(
                    problem=f"{self.label}: the key can't see such a bucket; {PREPARE}"
                ) from error
            if status == "404":
                raise NotStored(key=key) from error
            if status == "409":
                raise KeyTaken(key=key) from error
            cause = CAUSES.get(status) or f"{code}, {error.message}".rstrip(".")
            raise StorageUnavailable(problem=f"{self.label}: {cause}") from error
        except httpx.HTTPError as error:
            raise StorageUnavailable(
                problem=f"{self.label}: {error or type(error).__name__}".rstrip(".")
            ) from error


class _Body:
    """The bytes of a streamed answer. skip: so many of its first are none of ours."""

    def __init__(self, response: Any, *, skip: int) -> None:
        self._response, self._skip = response, skip
        self._chunks = response.iter_raw(ranged.BUFFER_BYTES)
        self._left = b""

    def read(self, size: int, /) -> bytes:
        while not self._left:
            chunk = next(self._chunks, b"")
            if not chunk:
                return b""
            self._left, self._skip = chunk[self._skip :], max(0, self._skip - len(chunk))
        given, self._left = self._left[:size], self._left[size:]
        return given

    def close(self) -> None:
        self._response.close()

    def refuse(self) -> None:
        """Raises what the server says is wrong, as its client would."""
        from storage3.exceptions import StorageApiError

        try:
            self._response.read()
            said = self._response.json()
            refused = StorageApiError(said["message"], said["error"], said["statusCode"])
        except (KeyError, TypeError, ValueError):
            status = self._response.status_code
            refused = StorageApiError(f"it answered {status}", "unreadable answer", status)
        finally:
            self.close()
        raise refused
