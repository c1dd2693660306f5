"""Files in a bucket of S3, or of any server that speaks its protocol."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property, partial
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
    clean,
    translated,
)
from core.storage.side_by_side import side_by_side

PART_BYTES = 64 << 20  # a larger file goes up in such parts, one after the other
LINK_S, CONNECT_S, READ_S, N_ATTEMPTS, N_CONNECTIONS = 300, 3, 20, 4, 20
NEW = {"IfNoneMatch": "*"}
NONCE = "desk-write"  # metadata of each object: the write that made it
GONE = {"NoSuchKey", "404", "NotFound"}
TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchUpload"}
CAUSES = {
    "NoSuchBucket": "the bucket does not exist; create it with python -m core.system prepare",
    "AccessDenied": "the credentials do not allow this",
    "403": "the credentials do not allow this",
    "InvalidAccessKeyId": "the access key is unknown",
    "SignatureDoesNotMatch": "the secret key does not belong to the access key",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
}


class S3Storage:
    """Keys are objects below a folder of one bucket. One client serves all threads of this process."""

    def __init__(self, settings: Settings, *, part_bytes: int = PART_BYTES, link_s: int = LINK_S) -> None:
        self.bucket, self._prefix = settings.bucket
        self._settings, self._part_bytes, self._link_s = settings, part_bytes, link_s

    @property
    def label(self) -> str:
        place = f"s3://{self.bucket}/{self._prefix}".rstrip("/")
        endpoint = self._settings.s3_endpoint_url
        return f"{place} at {endpoint}" if endpoint else place

    def put(self, key: str, source: Path) -> Stored:
        return self._write(key, source, NEW)

    def put_all(self, contents: Sequence[tuple[str, bytes]]) -> list[bool]:
        return side_by_side(lambda key, one: self._send(key, io.BytesIO(one), len(one), NEW), contents)

    def replace(self, key: str, source: Path) -> Stored:
        try:
            return self._write(key, source, {})
        except KeyTaken as error:
            raise StorageUnavailable(problem=f"{key} was written by others at the same moment") from error

    def open(self, key: str, *, start: int = 0) -> BinaryIO:
        from botocore.exceptions import BotoCoreError
        from urllib3.exceptions import HTTPError

        def ask(at: int) -> ranged.Answer:
            with self._translated(key):
                found = self._client.get_object(Bucket=self.bucket, Key=self._name(key), Range=f"bytes={at}-")
            size_bytes = ranged.whole_bytes(found["ResponseMetadata"]["HTTPHeaders"])
            return ranged.Answer(found["Body"], version=found["ETag"], size_bytes=size_bytes)

        stream = ranged.Ranged(
            ask,
            size_bytes=self.stat(key).size_bytes,
            start=start,
            label=f"{key} in {self.label}",
            broken=(BotoCoreError, HTTPError),
        )
        return io.BufferedReader(stream, ranged.BUFFER_BYTES)

    def stat(self, key: str) -> Stored:
        return Stored(key=key, size_bytes=self._head(key)["ContentLength"])

    def delete(self, key: str) -> bool:
        try:
            self._head(key)
        except NotStored:
            return False
        with self._translated(key):
            self._client.delete_object(Bucket=self.bucket, Key=self._name(key))
        return True

    def keys(self, prefix: str) -> Iterator[str]:
        return iter(sorted(one.key for one in self.entries(prefix)))

    def entries(self, prefix: str) -> Iterator[Listed]:
        with self._translated(prefix):
            listing = self._client.get_paginator("list_objects_v2")
            for page in listing.paginate(Bucket=self.bucket, Prefix=self._prefix + prefix):
                now = _date_of(page)
                for one in page.get("Contents", ()):
                    key, age = one["Key"].removeprefix(self._prefix), now - one["LastModified"]
                    yield Listed(key=key, size_bytes=one["Size"], age_s=age.total_seconds())

    def unfinished(self) -> Iterator[Unfinished]:
        with self._translated(""):
            listing = self._client.get_paginator("list_multipart_uploads")
            for page in listing.paginate(Bucket=self.bucket, Prefix=self._prefix):
                for one in page.get("Uploads", ()):
                    upload = {"Bucket": self.bucket, "Key": one["Key"], "UploadId": one["UploadId"]}
                    try:
                        sent = self._client.list_parts(**upload)
                    except self._client.exceptions.NoSuchUpload:  # it was ended just now
                        continue
                    parts = sent.get("Parts", ())
                    last = max([one["Initiated"], *(part["LastModified"] for part in parts)])
                    yield Unfinished(
                        size_bytes=sum(part["Size"] for part in parts),
                        age_s=(_date_of(sent) - last).total_seconds(),
                        remove=partial(self._abort, upload),
                    )

    def link(self, key: str, *, disposition: str, media_type: str) -> str | None:
        if not self._settings.s3_links:
            return None
        answer = {"ResponseContentDisposition": disposition, "ResponseContentType": media_type}
        asked = {"Bucket": self.bucket, "Key": self._name(key), **answer}
        with self._translated(key):
            link: str = self._client.generate_presigned_url(
                "get_object", Params=asked, ExpiresIn=self._link_s
            )
        return link

    def prepare(self) -> bool:
        region = self._client.meta.region_name
        with self._translated(""):
            try:
                self._client.head_bucket(Bucket=self.bucket)
            except self._client.exceptions.ClientError as error:
                if error.response["Error"]["Code"] not in GONE:
                    raise
            else:
                return False
            abroad = region not in (None, "us-east-1")  # which is what S3 calls no constraint
            where = {"CreateBucketConfiguration": {"LocationConstraint": region}} if abroad else {}
            self._client.create_bucket(Bucket=self.bucket, **where)
        return True

    def check(self) -> None:
        probe = {"Bucket": self.bucket, "Key": f"{self._prefix}.probe-{uuid4().hex}"}
        with self._translated(""):
            self._client.put_object(**probe, Body=b"probe")
            try:
                if self._client.get_object(**probe)["Body"].read() != b"probe":
                    raise StorageUnavailable(
                        problem=f"{self.label} returned different bytes than were written"
                    )
            finally:
                self._client.delete_object(**probe)

    @cached_property
    def _client(self) -> Any:
        """Made on first use: importing boto3 takes a while, and not every process touches files.

        What the settings leave open, boto3 looks for itself, such as the role of the machine.
        """
        import boto3
        from botocore.config import Config

        endpoint = self._settings.s3_endpoint_url
        # Servers that only speak like S3 often know no checksums but those of the signature.
        checksums = "when_required" if endpoint else "when_supported"
        return boto3.client(
            "s3",
            endpoint_url=endpoint or None,
            **self._settings.aws_identity,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path" if endpoint else "auto"},
                connect_timeout=CONNECT_S,
                read_timeout=READ_S,
                retries={"mode": "standard", "max_attempts": N_ATTEMPTS},
                max_pool_connections=N_CONNECTIONS,
                request_checksum_calculation=checksums,
                response_checksum_validation=checksums,
            ),
        )

    def _abort(self, upload: dict[str, str]) -> None:
        with suppress(KeyTaken), self._translated(""):  # that it was ended meanwhile
            self._client.abort_multipart_upload(**upload)

    def _name(self, key: str) -> str:
        return self._prefix + clean(key)

    def _head(self, key: str) -> Any:
        """What the server says of an object. Raises NotStored."""
        name = self._name(key)
        with self._translated(key):
            return self._client.head_object(Bucket=self.bucket, Key=name)

    def _is_ours(self, key: str, nonce: str, size_bytes: int) -> bool:
        """Whether the key was taken by this very write, sent again after its first answer was lost.

        Raises StorageUnavailable where the server kept a part of it when its connection broke.
        """
        try:
            found = self._head(key)
        except NotStored:
            return False
        if found["Metadata"].get(NONCE) != nonce:
            return False
        if found["ContentLength"] != size_bytes:
            self.delete(key)
            raise StorageUnavailable(problem=f"{self.label}: the connection broke while {key} was written")
        return True

    def _write(self, key: str, source: Path, condition: dict[str, str]) -> Stored:
        with translated(source.parent):
            size_bytes = source.stat().st_size
            stream = source.open("rb")
        with stream:
            self._send(key, stream, size_bytes, condition)
        return Stored(key=key, size_bytes=size_bytes)

    def _send(self, key: str, stream: BinaryIO, size_bytes: int, condition: dict[str, str]) -> None:
        """condition: what must hold of the key for the bytes to appear under it. Raises KeyTaken where it does not."""
        whole, mark = {"Bucket": self.bucket, "Key": self._name(key)}, {NONCE: uuid4().hex}
        sized = {"Body": stream, "ContentLength": size_bytes}
        try:
            with self._translated(key):
                if size_bytes > self._part_bytes:
                    self._write_in_parts(whole, stream, size_bytes, mark, condition)
                else:
                    self._client.put_object(**whole, **sized, Metadata=mark, **condition)
        except KeyTaken:
            if not self._is_ours(key, mark[NONCE], size_bytes):
                raise

    def _write_in_parts(
        self,
        whole: dict[str, str],
        stream: BinaryIO,
        size_bytes: int,
        metadata: dict[str, str],
        condition: dict[str, str],
    ) -> None:
        """Nothing changes under the key before the last step; what was sent of a failed write is removed."""
        from botocore.exceptions import BotoCoreError, ClientError
        from s3transfer.utils import ReadFileChunk

        client = self._client
        upload_id = client.create_multipart_upload(**whole, Metadata=metadata)["UploadId"]
        part_of, parts, is_whole = {**whole, "UploadId": upload_id}, [], False
        try:
            for number, start in enumerate(range(0, size_bytes, self._part_bytes), 1):
                stream.seek(start)
                n_bytes = min(self._part_bytes, size_bytes - start)
                body = ReadFileChunk(stream, n_bytes, size_bytes)
                sent = client.upload_part(**part_of, PartNumber=number, Body=body, ContentLength=n_bytes)
                parts.append({"PartNumber": number, "ETag": sent["ETag"]})
            client.complete_multipart_upload(**part_of, MultipartUpload={"Parts": parts}, **condition)
            is_whole = True
        finally:
            if not is_whole:
                with suppress(BotoCoreError, ClientError):  # the fault before it is the one to tell
                    client.abort_multipart_upload(**part_of)

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        """What the server refuses, and what goes wrong on the way to it, become our own errors."""
        from botocore.exceptions import BotoCoreError, ClientError
        from urllib3.exceptions import HTTPError

        try:
            yield
        except ClientError as error:
            said = error.response["Error"]
            if said["Code"] in GONE:
                raise NotStored(key=key) from error
            if said["Code"] in TAKEN:
                raise KeyTaken(key=key) from error
            told = f"{said['Code']}, {said.get('Message', '').rstrip('.') or 'no reason given'}"
            raise StorageUnavailable(problem=f"{self.label}: {CAUSES.get(said['Code'], told)}") from error
        except (BotoCoreError, HTTPError) as error:
            raise StorageUnavailable(problem=f"{self.label}: {error}") from error


def _date_of(answer: dict[str, Any]) -> datetime:
    """The server's clock when it answered."""
    said = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(said) if said else datetime.now(UTC)
