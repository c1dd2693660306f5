"""Files in a bucket of S3, or of any server that speaks its protocol."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property, partial
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
)
from core.storage.server import LINK_S, ServerStorage, clock_of

PART_BYTES = 64 << 20  # a larger file goes up in such parts, one after the other
CONNECT_S, READ_S, N_ATTEMPTS, N_CONNECTIONS = 3, 20, 4, 20
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


class S3Storage(ServerStorage):
    """Keys are objects below a folder of one bucket."""

    def __init__(self, settings: Settings, *, part_bytes: int = PART_BYTES, link_s: int = LINK_S) -> None:
        super().__init__(settings, link_s=link_s)
        self.bucket, self._prefix = settings.bucket
        self._part_bytes = part_bytes

    @property
    def label(self) -> str:
        place = f"s3://{self.bucket}/{self._prefix}".rstrip("/")
        endpoint = self._settings.s3_endpoint_url
        return f"{place} at {endpoint}" if endpoint else place

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

    def entries(self, prefix: str) -> Iterator[Listed]:
        with self._translated(prefix):
            listing = self._client.get_paginator("list_objects_v2")
            for page in listing.paginate(Bucket=self.bucket, Prefix=self._prefix + prefix):
                now = _clock(page)
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
                        age_s=(_clock(sent) - last).total_seconds(),
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

    @cached_property
    def _client(self) -> Any:
        """What the settings leave open, boto3 looks for itself, such as the role of the machine."""
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

    def _ask(self, key: str, at: int) -> ranged.Answer:
        with self._translated(key):
            found = self._client.get_object(Bucket=self.bucket, Key=self._name(key), Range=f"bytes={at}-")
        body, size_bytes = found["Body"], ranged.whole_bytes(found["ResponseMetadata"]["HTTPHeaders"])
        chunks = self._read(key, body.iter_chunks(ranged.BUFFER_BYTES))
        return ranged.Answer(chunks, body.close, version=found["ETag"], size_bytes=size_bytes)

    def _send(self, key: str, body: BinaryIO | bytes, size_bytes: int, *, replaces: bool) -> None:
        whole, mark = {"Bucket": self.bucket, "Key": self._name(key)}, {NONCE: uuid4().hex}
        condition = {} if replaces else {"IfNoneMatch": "*"}
        try:
            with self._translated(key):
                if size_bytes > self._part_bytes:
                    stream = io.BytesIO(body) if isinstance(body, bytes) else body
                    self._write_in_parts(whole, stream, size_bytes, mark, condition)
                else:
                    sized = {"Body": body, "ContentLength": size_bytes}
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
        part_of, parts = {**whole, "UploadId": upload_id}, []
        try:
            for number, start in enumerate(range(0, size_bytes, self._part_bytes), 1):
                stream.seek(start)
                n_bytes = min(self._part_bytes, size_bytes - start)
                body = ReadFileChunk(stream, n_bytes, size_bytes)
                sent = client.upload_part(**part_of, PartNumber=number, Body=body, ContentLength=n_bytes)
                parts.append({"PartNumber": number, "ETag": sent["ETag"]})
            client.complete_multipart_upload(**part_of, MultipartUpload={"Parts": parts}, **condition)
        except BaseException:
            with suppress(BotoCoreError, ClientError):  # the fault before it is the one to tell
                client.abort_multipart_upload(**part_of)
            raise

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
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


def _clock(answer: dict[str, Any]) -> datetime:
    """The server's when it answered."""
    return clock_of(answer["ResponseMetadata"]["HTTPHeaders"])
