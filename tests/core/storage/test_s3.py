"""Files in a bucket: the contract, and what only a network can do to us. The server is SeaweedFS."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from core.settings import Settings
from core.storage import KeyTaken, NotStored, S3Storage, StorageUnavailable
from tests.core.storage.contract import KEY, StorageContract
from tests.servers.seaweed import S3Server
from tests.servers.waiting import wait_for
from tests.servers.wire import Wire

PART_BYTES = 5 << 20


@pytest.fixture
def s3(s3_server: S3Server, settings: Settings) -> Settings:
    """Settings that name a folder of this test in the server's one bucket."""
    said = s3_server.settings(f"s3://desk/{uuid4().hex}")
    return settings.model_copy(update={name: getattr(said, name) for name in said.model_fields_set})


@pytest.fixture
def storage(s3: Settings) -> S3Storage:
    """Storage in an empty folder."""
    storage = S3Storage(s3)
    storage.prepare()
    return storage


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.csv"
    path.write_bytes(b"name,age\nAda,36\n")
    return path


class TestS3Storage(StorageContract):
    """S3Storage keeps the contract."""


def test_a_bucket_is_made_once(s3: Settings, source: Path) -> None:
    storage = S3Storage(s3.model_copy(update={"storage_url": f"s3://bucket-{uuid4().hex}"}))
    for verb in (storage.check, lambda: storage.put(KEY, source), lambda: storage.keys("")):
        with pytest.raises(
            StorageUnavailable,
            match=r"the bucket does not exist; create it with python -m core\.system prepare",
        ):
            verb()
    assert storage.prepare()
    assert not storage.prepare()
    storage.check()


def test_folders_of_one_bucket_do_not_see_each_other(storage: S3Storage, s3: Settings, source: Path) -> None:
    storage.put(KEY, source)
    folder = s3.storage_url.removeprefix("s3://desk/")
    whole = S3Storage(s3.model_copy(update={"storage_url": "s3://desk"}))
    like_it = S3Storage(s3.model_copy(update={"storage_url": s3.storage_url[:-1]}))
    assert list(whole.keys(f"{folder}/")) == [f"{folder}/{KEY}"]
    assert list(like_it.keys("")) == []


def test_what_a_killed_process_had_sent_in_parts_is_told_and_can_be_removed(
    storage: S3Storage, s3: Settings, tmp_path: Path
) -> None:
    """It is in no listing of files, and kept for ever."""
    client, place = storage._client, {"Bucket": storage.bucket, "Key": storage._name(KEY)}
    upload = {**place, "UploadId": client.create_multipart_upload(**place)["UploadId"]}
    client.upload_part(**upload, PartNumber=1, Body=b"x" * PART_BYTES)
    assert list(storage.keys("")) == []
    (left,) = storage.unfinished()
    assert left.size_bytes == PART_BYTES
    assert -2 <= left.age_s < 60
    left.remove()
    assert list(storage.unfinished()) == []
    left.remove()  # as another process may have done meanwhile


def test_a_large_file_goes_up_in_parts_and_replaces_nothing(
    storage: S3Storage, s3: Settings, tmp_path: Path
) -> None:
    storage = S3Storage(s3, part_bytes=PART_BYTES)
    large = tmp_path / "large"
    large.write_bytes(b"".join(bytes([n]) * (1 << 20) for n in range(12)))
    assert storage.put(KEY, large).size_bytes == 12 << 20
    with storage.open(KEY) as stored:
        assert stored.read() == large.read_bytes()
    large.write_bytes(b"x" * (11 << 20))
    with pytest.raises(KeyTaken):
        storage.put(KEY, large)
    assert storage.stat(KEY).size_bytes == 12 << 20


def test_a_large_file_is_replaced_in_parts_by_its_last_step(
    s3: Settings, storage: S3Storage, source: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"".join(bytes([n]) * (1 << 20) for n in range(12)))
    storage.put(KEY, source)
    with Wire(s3.s3_endpoint_url) as wire:
        cut = S3Storage(s3.model_copy(update={"s3_endpoint_url": wire.endpoint}), part_bytes=PART_BYTES)
        wire.lose_answers = 4  # of the beginning, two parts, and one again
        assert cut.replace(KEY, large).size_bytes == 12 << 20
        assert wire.lose_answers == 0
    with storage.open(KEY) as stored:
        assert stored.read() == large.read_bytes()


def test_a_stream_can_be_read_again(storage: S3Storage, source: Path) -> None:
    storage.put(KEY, source)
    with storage.open(KEY) as stored:
        assert stored.read(4) == b"name"
        stored.seek(0)
        assert stored.read() == source.read_bytes()
        assert stored.seek(-3, 2) == 13
        assert stored.read() == b"36\n"


def test_a_link_gives_the_file_its_name_and_nothing_else_away(storage: S3Storage, source: Path) -> None:
    storage.put(KEY, source)
    storage.put("uploads/other", source)
    named = "attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe.csv"
    link = storage.link(KEY, disposition=named, media_type="text/csv; charset=utf-8")
    assert link is not None
    given = httpx.get(link)
    assert (given.status_code, given.content) == (200, source.read_bytes())
    assert given.headers["Content-Disposition"] == named
    assert given.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert httpx.get(link, headers={"Range": "bytes=9-"}).content == b"Ada,36\n"
    for tampered in (
        link.replace("a.csv?", "b.csv?"),
        link.replace(KEY, "uploads/other"),
        re.sub("Expires=[0-9]+", "Expires=9999", link),
        re.sub("Signature=.{4}", "Signature=0000", link),
        link.split("?")[0],
    ):
        assert httpx.get(tampered).status_code == 403, tampered


def test_a_link_runs_out(storage: S3Storage, s3: Settings, source: Path) -> None:
    storage.put(KEY, source)
    link = S3Storage(s3, link_s=1).link(KEY, disposition="attachment", media_type="text/csv")
    assert link is not None
    wait_for(lambda: httpx.get(link).status_code == 403, what="the link to run out", every_s=0.2)


def test_links_can_be_switched_off(s3: Settings) -> None:
    storage = S3Storage(s3.model_copy(update={"s3_links": False}))
    assert storage.link(KEY, disposition="attachment", media_type="text/csv") is None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"aws_secret_access_key": "wrong"}, "secret key does not belong to the access key"),
        ({"aws_access_key_id": "nobody"}, "access key is unknown"),
        ({"s3_endpoint_url": "http://127.0.0.1:1"}, "Could not connect"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said(
    s3: Settings, storage: S3Storage, source: Path, wrong: dict[str, str], message: str
) -> None:
    mistaken = Settings(**{**s3.model_dump(), "aws_secret_access_key": s3.aws_secret_access_key, **wrong})
    with pytest.raises(StorageUnavailable, match=message) as refused:
        S3Storage(mistaken).put(KEY, source)
    assert s3.aws_secret_access_key.get_secret_value() not in str(refused.value)


def test_a_connection_that_breaks_while_a_file_is_read_is_taken_up(
    storage: S3Storage, s3: Settings, tmp_path: Path
) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"".join(bytes([n]) * (1 << 20) for n in range(8)))
    storage.put(KEY, large)
    with Wire(s3.s3_endpoint_url) as wire:
        cut = S3Storage(s3.model_copy(update={"s3_endpoint_url": wire.endpoint}))
        cut.check()
        wire.cut_answers_after = 3 << 20
        with cut.open(KEY) as stored:
            assert stored.read() == large.read_bytes()
        assert wire.n_cut >= 2


def test_an_object_that_is_replaced_while_it_is_read_is_not_mixed(
    storage: S3Storage, s3: Settings, tmp_path: Path
) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"a" * (8 << 20))
    storage.put(KEY, large)
    with Wire(s3.s3_endpoint_url) as wire:
        cut = S3Storage(s3.model_copy(update={"s3_endpoint_url": wire.endpoint}))
        wire.cut_answers_after = 3 << 20
        with cut.open(KEY) as stored:
            assert stored.read(1) == b"a"
            storage.delete(KEY)
            large.write_bytes(b"b" * (8 << 20))
            storage.put(KEY, large)
            with pytest.raises(StorageUnavailable, match="was replaced"):
                stored.read()


def test_a_write_whose_answer_was_lost_is_no_taken_key(
    storage: S3Storage, s3: Settings, source: Path
) -> None:
    with Wire(s3.s3_endpoint_url) as wire:
        deaf = S3Storage(s3.model_copy(update={"s3_endpoint_url": wire.endpoint}))
        wire.lose_answers = 1
        assert deaf.put(KEY, source).size_bytes == 16
        assert wire.lose_answers == 0
    with storage.open(KEY) as stored:
        assert stored.read() == source.read_bytes()
    with pytest.raises(KeyTaken):
        storage.put(KEY, source)


def test_a_write_that_is_cut_off_leaves_the_whole_file_or_none(
    storage: S3Storage, s3: Settings, tmp_path: Path
) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"x" * (2 << 20))
    with Wire(s3.s3_endpoint_url) as wire:
        cut = S3Storage(s3.model_copy(update={"s3_endpoint_url": wire.endpoint}))
        wire.cut_requests_after = 1 << 20
        try:
            cut.put(KEY, large)
        except StorageUnavailable:
            assert list(storage.keys("")) == []
        else:
            with storage.open(KEY) as stored:
                assert stored.read() == large.read_bytes()
        assert wire.n_cut == 1


@pytest.mark.parametrize("part_bytes", [PART_BYTES, 64 << 20])
def test_a_replace_that_is_cut_off_leaves_the_old_file(
    storage: S3Storage, s3: Settings, source: Path, tmp_path: Path, part_bytes: int
) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"x" * (12 << 20))
    storage.put(KEY, source)
    with Wire(s3.s3_endpoint_url) as wire:
        cut = S3Storage(s3.model_copy(update={"s3_endpoint_url": wire.endpoint}), part_bytes=part_bytes)
        wire.cut_requests_after = 3 << 20
        wire.vanishes_when_cut = True  # else the request is sent again and gets through
        with pytest.raises(StorageUnavailable):
            cut.replace(KEY, large)
        assert wire.n_cut == 1
    with storage.open(KEY) as stored:
        assert stored.read() == source.read_bytes()


def test_a_server_that_went_away_is_named_and_works_when_it_is_back(
    s3_server: S3Server, storage: S3Storage, source: Path
) -> None:
    storage.put(KEY, source)
    s3_server.halt()
    try:
        with pytest.raises(StorageUnavailable, match=re.escape(s3_server.endpoint)):
            storage.stat(KEY)
    finally:
        s3_server.start()
    wait_for(lambda: _is_there(storage), what="the file to be there again")


def _is_there(storage: S3Storage) -> bool:
    try:
        return storage.stat(KEY).size_bytes == 16
    except (NotStored, StorageUnavailable):
        return False
