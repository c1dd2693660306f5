"""Files in Supabase Storage: the contract, and what is its own. The server is @supabase/lite on Postgres."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.settings import Settings, WrongSetting, read
from core.storage import BATCH_LOGS, CONVERSATION_FILES, KeyTaken, StorageUnavailable, SupabaseStorage
from core.storage.supabase import BUCKETS, OTHER
from tests.core.storage.contract import KEY, StorageContract
from tests.servers.postgres import Cluster
from tests.servers.supabase import SupabaseServer
from tests.servers.waiting import wait_for
from tests.servers.wire import Wire

pytestmark = pytest.mark.postgres


@pytest.fixture
def project(supabase_server: SupabaseServer, settings: Settings) -> Settings:
    """Settings that keep files in the server's buckets."""
    return Settings(**{**settings.model_dump(), **supabase_server.settings()})


@pytest.fixture
def storage(project: Settings) -> Iterator[SupabaseStorage]:
    """Storage whose buckets are there and empty."""
    storage = SupabaseStorage(project)
    storage.prepare()
    yield storage
    for key in storage.keys(""):
        storage.delete(key)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.csv"
    path.write_bytes(b"name,age\nAda,36\n")
    return path


class TestSupabaseStorage(StorageContract):
    """SupabaseStorage keeps the contract."""


def test_buckets_are_made_once_and_none_is_public(project: Settings, postgres: Cluster) -> None:
    server = SupabaseServer(postgres)
    try:
        storage = SupabaseStorage(Settings(**{**project.model_dump(), **server.settings()}))
        with pytest.raises(
            StorageUnavailable,
            match=r"can't see the bucket uploads; create it with python -m core\.system prepare",
        ):
            storage.check()
        with pytest.raises(
            StorageUnavailable,
            match=r"can't see such a bucket; create it with python -m core\.system prepare",
        ):
            storage.stat(KEY)
        assert storage.prepare()
        assert not storage.prepare()
        storage.check()
        assert {BATCH_LOGS, CONVERSATION_FILES} < set(BUCKETS)
        listed = storage._client.list_buckets()
        assert {bucket.name: bucket.public for bucket in listed} == dict.fromkeys(BUCKETS, False)
        storage._client.update_bucket("results", {"public": True})
        with pytest.raises(StorageUnavailable, match="the bucket results is public; make it private"):
            storage.check()
    finally:
        server.stop()


def test_the_first_segment_of_a_key_is_the_bucket(storage: SupabaseStorage, source: Path) -> None:
    for key in ("batch-logs/7/log.txt", "conversation-files/a.json", "elsewhere/b", "c"):
        storage.put(key, source)
    assert [entry["name"] for entry in storage._files("batch-logs").list("7")] == ["log.txt"]
    assert [entry["name"] for entry in storage._files("conversation-files").list()] == ["a.json"]
    assert [entry["name"] for entry in storage._files(OTHER).list()] == ["c", "elsewhere"]
    assert list(storage.keys("batch")) == ["batch-logs/7/log.txt"]
    assert list(storage.keys("else")) == ["elsewhere/b"]


def test_names_are_sent_in_letters_that_supabase_takes(storage: SupabaseStorage, source: Path) -> None:
    storage.put("uploads/user_1/Größe =3D 数据.csv", source)
    (entry,) = storage._files("uploads").list("user_1")
    assert re.fullmatch(r"[\w=.]+", entry["name"], re.ASCII)
    assert list(storage.keys("uploads/user_1/Grö")) == ["uploads/user_1/Größe =3D 数据.csv"]


def test_folders_of_many_files_are_listed_whole(
    storage: SupabaseStorage, project: Settings, source: Path
) -> None:
    keys = [f"results/{folder}/{n}" for folder in ("a", "b") for n in range(4)]
    for key in keys:
        storage.put(key, source)
    assert list(SupabaseStorage(project, n_listed=3).keys("results/")) == keys


def test_a_link_gives_the_file_its_name_and_nothing_else_away(storage: SupabaseStorage, source: Path) -> None:
    storage.put(KEY, source)
    storage.put("uploads/user_1/b.csv", source)
    named = "attachment; filename=\"Gr__e.csv\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.csv"
    link = storage.link(KEY, disposition=named, media_type="text/csv")
    assert link is not None
    given = httpx.get(link)
    assert (given.status_code, given.content) == (200, source.read_bytes())
    assert given.headers["Content-Disposition"] == "attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe.csv"
    token = link.split("token=")[1]
    for tampered in (
        link.replace("a.csv?", "b.csv?"),
        link.replace(token, f"x{token}"),
        link.replace("/sign/", "/").split("?")[0],
        link.split("?")[0],
    ):
        assert httpx.get(tampered).status_code >= 400, tampered


def test_a_link_runs_out(storage: SupabaseStorage, project: Settings, source: Path) -> None:
    storage.put(KEY, source)
    link = SupabaseStorage(project, link_s=1).link(KEY, disposition="attachment", media_type="text/csv")
    assert link is not None
    wait_for(lambda: httpx.get(link).status_code >= 400, what="the link to run out", every_s=0.2)


def test_links_can_be_switched_off(project: Settings) -> None:
    storage = SupabaseStorage(project.model_copy(update={"s3_links": False}))
    assert storage.link(KEY, disposition="attachment", media_type="text/csv") is None


def test_a_server_without_ranges_is_read_from_its_first_byte(
    project: Settings, postgres: Cluster, tmp_path: Path
) -> None:
    server = SupabaseServer(postgres, with_ranges=False)
    try:
        storage = SupabaseStorage(Settings(**{**project.model_dump(), **server.settings()}))
        storage.prepare()
        large = tmp_path / "large"
        large.write_bytes(b"".join(bytes([n]) * (1 << 20) for n in range(3)))
        storage.put(KEY, large)
        with storage.open(KEY, start=(1 << 20) - 1) as stored:
            assert stored.read() == large.read_bytes()[(1 << 20) - 1 :]
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"supabase_service_role_key": "sb_secret_of_somebody_else"}, "the key can't see such a bucket"),
        ({"supabase_url": "http://127.0.0.1:1"}, "Connection refused"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said(
    project: Settings, storage: SupabaseStorage, source: Path, wrong: dict[str, str], message: str
) -> None:
    mistaken = SupabaseStorage(Settings(**{**project.model_dump(), **wrong}))
    for verb in (mistaken.check, lambda: mistaken.put(KEY, source)):
        with pytest.raises(StorageUnavailable) as refused:
            verb()
        assert project.supabase_service_role_key.get_secret_value() not in str(refused.value)
    with pytest.raises(StorageUnavailable, match=message):
        mistaken.put(KEY, source)


@pytest.mark.parametrize("missing", ["supabase_url", "supabase_service_role_key"])
def test_a_project_without_its_key_is_refused_at_the_start(missing: str) -> None:
    given = {"supabase_url": "https://a.example", "supabase_service_role_key": "key", missing: ""}
    with pytest.raises(WrongSetting, match="needs this key and SUPABASE_URL"):
        read(_env_file=None, storage_url="supabase://", **given)


def test_a_connection_that_breaks_while_a_file_is_read_is_taken_up(
    storage: SupabaseStorage, project: Settings, tmp_path: Path
) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"".join(bytes([n]) * (1 << 20) for n in range(8)))
    storage.put(KEY, large)
    with Wire(project.supabase_url) as wire:
        cut = SupabaseStorage(project.model_copy(update={"supabase_url": wire.endpoint}))
        cut.check()
        wire.cut_answers_after = 3 << 20
        with cut.open(KEY) as stored:
            assert stored.read() == large.read_bytes()
        assert wire.n_cut >= 2


def test_a_replace_that_is_cut_off_leaves_the_old_file(
    storage: SupabaseStorage, project: Settings, source: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"x" * (4 << 20))
    storage.put(KEY, source)
    with Wire(project.supabase_url) as wire:
        cut = SupabaseStorage(project.model_copy(update={"supabase_url": wire.endpoint}))
        wire.cut_requests_after = 1 << 20
        with pytest.raises(StorageUnavailable):
            cut.replace(KEY, large)
        assert wire.n_cut == 1
    with storage.open(KEY) as stored:
        assert stored.read() == source.read_bytes()


def test_a_large_file_that_is_refused_spoils_no_connection(storage: SupabaseStorage, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"x" * (8 << 20))
    storage.put(KEY, large)
    with pytest.raises(KeyTaken):
        storage.put(KEY, large)
    assert storage.put("uploads/next", large).size_bytes == 8 << 20


def test_a_file_larger_than_the_project_allows_is_refused_with_its_cure(
    storage: SupabaseStorage, source: Path
) -> None:
    storage._client.update_bucket("models", {"file_size_limit": 10, "public": False})
    try:
        with pytest.raises(StorageUnavailable, match="larger than the project allows; raise the limit"):
            storage.put("models/1/model", source)
    finally:
        storage._client.update_bucket("models", {"file_size_limit": 1 << 32, "public": False})
