"""Files in Supabase Storage: a key's first segment is the bucket, the rest the object's name."""

from __future__ import annotations

import json
import mimetypes
import re
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any, BinaryIO
from urllib.parse import quote, unquote

from core.settings import Settings
from core.storage import ranged
from core.storage.protocol import (
    PLACES,
    KeyTaken,
    Listed,
    NotStored,
    StorageUnavailable,
    Stored,
    clean,
)
from core.storage.server import LINK_S, ServerStorage, clock_of

OTHER = "other"  # the bucket of keys that begin with no place of ours
BUCKETS = (*PLACES, OTHER)
N_LISTED = 1_000  # entries of one answer
CONNECT_S, READ_S, WRITE_S, N_CONNECTIONS = 3.0, 120.0, 60.0, 20

_MISSING_BUCKET = re.compile(r"bucket not found|nosuchbucket", re.IGNORECASE)
PREPARE = "create it with python -m core.system prepare and the secret key"
CAUSES = {
    "401": "the key is unknown",
    "403": "the key does not allow this; SUPABASE_SERVICE_ROLE_KEY must be the secret or service_role key",
    "413": "the file is larger than the project allows; raise the limit in its Storage settings",
}


class SupabaseStorage(ServerStorage):
    """Five buckets of a project, none of them public."""

    def __init__(self, settings: Settings, *, link_s: int = LINK_S, n_listed: int = N_LISTED) -> None:
        super().__init__(settings, link_s=link_s)
        self._n_listed = n_listed

    @property
    def label(self) -> str:
        return f"Supabase Storage at {self._settings.supabase_url}"

    def stat(self, key: str) -> Stored:
        bucket, name = _place(key)
        with self._translated(key):
            return Stored(key=key, size_bytes=int(self._files(bucket).info(name)["size"]))

    def delete(self, key: str) -> bool:
        bucket, name = _place(key)
        with self._translated(key):
            return bool(self._files(bucket).remove([name]))

    def entries(self, prefix: str) -> Iterator[Listed]:
        with self._translated(""):
            now = clock_of(self._client.session.get("bucket").headers)
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

    def link(self, key: str, *, disposition: str, media_type: str) -> str | None:
        del media_type  # given out as what it was stored as
        if not self._settings.s3_links:
            return None
        bucket, name = _place(key)
        with self._translated(key):
            asked = {"download": _file_name(disposition)}
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
        super().check()

    def _send(self, key: str, body: BinaryIO | bytes, size_bytes: int, *, replaces: bool) -> None:
        """In one request, of which the server keeps nothing when it breaks."""
        del size_bytes
        bucket, name = _place(key)
        options = {
            "content-type": mimetypes.guess_type(key)[0] or "application/octet-stream",
            "cache-control": "0",  # seconds: what a CDN keeps would be the old bytes after a replace
            "upsert": str(replaces).lower(),
            # A refusal that comes before the last byte spoils the connection for whoever is next on it.
            "headers": {"Connection": "close"},
        }
        with self._translated(key):
            if not replaces and self._files(bucket).exists(name):
                raise KeyTaken(key=key)
            self._files(bucket).upload(name, body, options)

    def _ask(self, key: str, at: int) -> ranged.Answer:
        bucket, name = _place(key)
        with self._translated(key):
            session, wanted = self._client.session, {"Range": f"bytes={at}-", "Accept-Encoding": "identity"}
            request = session.build_request("GET", f"object/{bucket}/{name}", headers=wanted)
            response = session.send(request, stream=True)
            if response.is_error:
                _refuse(response)
        chunks = self._read(key, response.iter_raw(ranged.BUFFER_BYTES))
        return ranged.Answer(
            chunks if response.status_code == 206 else _behind(at, chunks),
            response.close,
            version=response.headers.get("ETag", ""),
            size_bytes=ranged.whole_bytes(response.headers),
        )

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
                entries = self._files(bucket).list(_encoded(folder), options)
            for entry in entries:
                name = f"{folder}/{_decoded(entry['name'])}".removeprefix("/")
                if entry["id"] is None:
                    yield from self._objects(bucket, name)
                else:
                    yield name, entry
            if len(entries) < self._n_listed:
                return
            start += self._n_listed

    @cached_property
    def _client(self) -> Any:
        import httpx
        from storage3 import SyncStorageClient

        url = f"{self._settings.supabase_url.rstrip('/')}/storage/v1/"
        key = self._settings.supabase_service_role_key.get_secret_value()
        headers = {"apikey": key, "Authorization": f"Bearer {key}"}
        http = httpx.Client(
            base_url=url,
            headers=headers,
            http2=False,  # supabase-py's own choice loses connections under load
            timeout=httpx.Timeout(READ_S, connect=CONNECT_S, write=WRITE_S),
            limits=httpx.Limits(max_connections=N_CONNECTIONS),
        )
        weakref.finalize(self, http.close)
        return SyncStorageClient(url, headers, http_client=http)

    def _files(self, bucket: str) -> Any:
        return self._client.from_(bucket)

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        import httpx
        from storage3.exceptions import StorageApiError

        try:
            yield
        except StorageApiError as error:
            status, code = str(error.status), str(error.code)
            cause = CAUSES.get(status) or f"{code}, {error.message}".rstrip(".")
            if _MISSING_BUCKET.search(f"{code} {error.message}"):
                cause = f"the key can't see such a bucket; {PREPARE}"
            elif status == "404":
                raise NotStored(key=key) from error
            elif status == "409":
                raise KeyTaken(key=key) from error
            raise StorageUnavailable(problem=f"{self.label}: {cause}") from error
        except httpx.HTTPError as error:
            cause = str(error).rstrip(".") or type(error).__name__
            raise StorageUnavailable(problem=f"{self.label}: {cause}") from error


def _place(key: str) -> tuple[str, str]:
    """Bucket and name. Raises BadKey."""
    bucket, _, name = clean(key).partition("/")
    return (bucket, _encoded(name)) if bucket in PLACES and name else (OTHER, _encoded(key))


def _encoded(name: str) -> str:
    """In the letters that Supabase takes; of any other each byte becomes `=` and two digits: "ö" is "=C3=B6"."""
    return quote(name).replace("~", "%7E").replace("%", "=")


def _decoded(name: str) -> str:
    return unquote(name.replace("=", "%"))


def _file_name(disposition: str) -> str | bool:
    """That in a Content-Disposition header; True where it has none."""
    found = re.search(r"filename\*=UTF-8''([^;]+)", disposition)
    return unquote(found[1]) if found else True


def _behind(n_bytes: int, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Without the first `n_bytes`: a server that knows no ranges gives these too."""
    for chunk in chunks:
        if rest := chunk[n_bytes:]:
            yield rest
        n_bytes = max(0, n_bytes - len(chunk))


def _refuse(response: Any) -> None:
    """Raises what the server says is wrong, as its client would."""
    from storage3.exceptions import StorageApiError

    with closing(response):
        try:
            said = json.loads(response.read())
            refused = StorageApiError(said["message"], said["error"], said["statusCode"])
        except (KeyError, TypeError, ValueError):
            status = response.status_code
            refused = StorageApiError(f"it answered {status}", "unreadable answer", status)
    raise refused
