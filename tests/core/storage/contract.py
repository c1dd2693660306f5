"""What every storage backend promises: one suite, run for each by a subclass that makes the storage."""

from __future__ import annotations

import re
import threading
import tracemalloc
from pathlib import Path

import pytest

from core.storage import BadKey, KeyTaken, NotStored, Storage, StorageUnavailable, Stored
from tests.together import together

KEY = "uploads/user_1/a.csv"
LARGE = 64 << 20
FLAT = 8 << 20
N_VERSIONS = 25

BAD_KEYS = {
    "nothing": "",
    "parent": "../secret",
    "parent inside": "uploads/../../secret",
    "parent at the end": "uploads/..",
    "here": "./a.csv",
    "absolute": "/etc/passwd",
    "slash at the end": "uploads/",
    "empty segment": "uploads//a.csv",
    "backslash": "uploads\\..\\a.csv",
    "drive": "C:/a.csv",
    "nul": "uploads/a\0.csv",
    "newline": "uploads/a\n.csv",
    "delete": "uploads/a\x7f.csv",
    "hidden": "uploads/.partial-1",
    "blank at the end": "uploads/a.csv ",
    "half a character": "uploads/\ud83d.csv",
    "wildcard": "uploads/*.csv",
    "long segment": "uploads/" + "a" * 201,
    "long segment in bytes": "uploads/" + "ä" * 101,
    "endless": "a/" * 5_000 + "a",
}


class StorageContract:
    """Subclasses give a fixture `storage`: an empty backend.

    keeps_open_streams: whether a stream that is open while its file is replaced goes on whatever happens; a server's
    does as long as its connection holds.
    """

    keeps_open_streams = False

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        path = tmp_path / "source.csv"
        path.write_bytes(b"name,age\nAda,36\n")
        return path

    def test_what_was_put_comes_back(self, storage: Storage, source: Path) -> None:
        assert storage.put(KEY, source) == Stored(key=KEY, size_bytes=16)
        with storage.open(KEY) as stream:
            assert stream.read() == source.read_bytes()
        assert storage.stat(KEY) == Stored(key=KEY, size_bytes=16)
        assert source.exists(), "the source was taken away"

    def test_an_empty_file_is_a_file(self, storage: Storage, tmp_path: Path) -> None:
        empty = tmp_path / "empty"
        empty.touch()
        storage.put(KEY, empty)
        with storage.open(KEY) as stream:
            assert stream.read() == b""
        assert storage.stat(KEY).size_bytes == 0

    def test_a_stream_begins_where_asked(self, storage: Storage, source: Path) -> None:
        storage.put(KEY, source)
        with storage.open(KEY, start=9) as stream:
            assert stream.read() == b"Ada,36\n"
        with storage.open(KEY, start=16) as stream:
            assert stream.read() == b""

    def test_a_taken_key_keeps_its_file(self, storage: Storage, source: Path, tmp_path: Path) -> None:
        storage.put(KEY, source)
        other = tmp_path / "other"
        other.write_bytes(b"other")
        with pytest.raises(KeyTaken, match=re.escape(KEY)):
            storage.put(KEY, other)
        with storage.open(KEY) as stream:
            assert stream.read() == source.read_bytes()
        assert list(storage.keys("")) == [KEY]

    def test_what_was_put_together_comes_back(self, storage: Storage) -> None:
        contents = [(f"uploads/user_{n % 3}/{n}.csv", b"x" * n) for n in range(20)]
        assert storage.put_all(contents) == [True] * 20
        for key, content in contents:
            with storage.open(key) as stream:
                assert stream.read() == content
        assert sorted(storage.keys("")) == sorted(key for key, _ in contents)
        assert list(storage.unfinished()) == []

    def test_put_together_a_taken_key_keeps_its_file_and_the_others_are_stored(
        self, storage: Storage, source: Path
    ) -> None:
        storage.put(KEY, source)
        new = "uploads/user_1/b.csv"
        assert storage.put_all([(KEY, b"other"), (new, b"new")]) == [False, True]
        assert storage.put_all([(new, b"other")]) == [False]
        for key, content in ((KEY, source.read_bytes()), (new, b"new")):
            with storage.open(key) as stream:
                assert stream.read() == content
        assert list(storage.unfinished()) == []

    @pytest.mark.parametrize("key", [KEY, "uploads/user_1", "uploads"])
    def test_nothing_is_stored_under_other_keys(self, storage: Storage, source: Path, key: str) -> None:
        storage.put("uploads/user_1/b.csv", source)
        with pytest.raises(NotStored):
            storage.open(key)
        with pytest.raises(NotStored):
            storage.stat(key)
        assert storage.delete(key) is False
        assert storage.stat("uploads/user_1/b.csv").size_bytes == 16

    def test_a_file_is_deleted_once_and_its_key_is_free_again(self, storage: Storage, source: Path) -> None:
        storage.put(KEY, source)
        assert storage.delete(KEY) is True
        assert storage.delete(KEY) is False
        with pytest.raises(NotStored):
            storage.open(KEY)
        storage.put(KEY, source)

    def test_keys_are_listed_in_order_by_what_they_begin_with(self, storage: Storage, source: Path) -> None:
        kept = ["models/1/model", "uploads/user_1/a.csv", "uploads/user_1/b.csv", "uploads/user_10/a.csv"]
        for key in reversed(kept):
            storage.put(key, source)
        assert list(storage.keys("")) == kept
        assert list(storage.keys("uploads/user_1")) == kept[1:]
        assert list(storage.keys("uploads/user_1/")) == kept[1:3]
        assert list(storage.keys("results/")) == []

    def test_a_listing_tells_sizes_and_ages_by_the_storages_own_clock(
        self, storage: Storage, source: Path
    ) -> None:
        for key in (KEY, "uploads/user_1/ö b.csv", "models/1/model"):
            storage.put(key, source)
        found = {one.key: one for one in storage.entries("uploads/")}
        assert sorted(found) == [KEY, "uploads/user_1/ö b.csv"]
        assert {one.size_bytes for one in found.values()} == {16}
        assert all(-2 <= one.age_s < 60 for one in found.values()), found
        assert list(storage.unfinished()) == []

    @pytest.mark.parametrize("key", ["uploads/Größe – 数据 😀.csv", "uploads/a b'(1)&+=%20#.csv", "a" * 200])
    def test_unusual_letters_are_kept(self, storage: Storage, source: Path, key: str) -> None:
        storage.put(key, source)
        with storage.open(key) as stream:
            assert stream.read() == source.read_bytes()
        assert list(storage.keys("")) == [key]

    @pytest.mark.parametrize("key", BAD_KEYS.values(), ids=BAD_KEYS.keys())
    def test_a_key_can_not_leave_its_root(self, storage: Storage, source: Path, key: str) -> None:
        for verb in (
            lambda: storage.put(key, source),
            lambda: storage.put_all([(key, b"x")]),
            lambda: storage.replace(key, source),
            lambda: storage.open(key),
        ):
            with pytest.raises(BadKey):
                verb()
        for ask in (storage.stat, storage.delete):
            with pytest.raises(BadKey):
                ask(key)
        assert list(storage.keys("")) == []

    def test_a_source_that_fails_half_way_leaves_nothing(self, storage: Storage, tmp_path: Path) -> None:
        with pytest.raises(Exception):  # noqa: B017  # a folder can't be read, whoever says so
            storage.put(KEY, tmp_path)
        with pytest.raises(NotStored):
            storage.open(KEY)
        assert list(storage.keys("")) == []

    def test_a_replaced_file_is_the_new_one(self, storage: Storage, source: Path, tmp_path: Path) -> None:
        storage.put(KEY, source)
        for new in (b"longer than what was there before", b"short", b"", b"and again"):
            other = tmp_path / "other"
            other.write_bytes(new)
            assert storage.replace(KEY, other) == Stored(key=KEY, size_bytes=len(new))
            assert storage.stat(KEY).size_bytes == len(new)
            with storage.open(KEY) as stream:
                assert stream.read() == new
            with storage.open(KEY, start=3) as stream:
                assert stream.read() == new[3:]
        assert list(storage.keys("")) == [KEY]
        assert other.exists(), "the source was taken away"

    def test_what_is_replaced_need_not_be_there(self, storage: Storage, source: Path) -> None:
        assert storage.replace(KEY, source) == Stored(key=KEY, size_bytes=16)
        with storage.open(KEY) as stream:
            assert stream.read() == source.read_bytes()
        with pytest.raises(KeyTaken):
            storage.put(KEY, source)
        assert storage.delete(KEY) is True

    def test_a_replace_by_what_can_not_be_read_leaves_the_old_one(
        self, storage: Storage, source: Path, tmp_path: Path
    ) -> None:
        storage.put(KEY, source)
        for unreadable in (tmp_path, tmp_path / "nothing"):
            with pytest.raises(StorageUnavailable):
                storage.replace(KEY, unreadable)
        with storage.open(KEY) as stream:
            assert stream.read() == source.read_bytes()
        assert list(storage.keys("")) == [KEY]

    def test_readers_never_see_a_mixture_or_nothing_while_a_file_is_replaced(
        self, storage: Storage, tmp_path: Path
    ) -> None:
        """Each version has a letter and a length of its own."""
        versions = {chr(ord("a") + n): tmp_path / f"version {n}" for n in range(N_VERSIONS)}
        for n, (letter, path) in enumerate(versions.items()):
            path.write_bytes(letter.encode() * (1 + n * 7_001 % 20_000))
        whole = {path.read_bytes() for path in versions.values()}
        storage.put(KEY, versions["a"])
        is_over = threading.Event()

        def write() -> None:
            try:
                for path in versions.values():
                    storage.replace(KEY, path)
            finally:
                is_over.set()

        def read() -> set[bytes]:
            seen = set()
            while not is_over.is_set():
                with storage.open(KEY) as stream:
                    seen.add(stream.read())
            return seen

        _, *seen = together([write, read, read])
        for one in seen:
            assert isinstance(one, set), f"a reader was refused: {one}"
            assert one <= whole, "a reader saw bytes of which no version consists"
        assert len(set.union(*seen)) > 1, "nobody read while the file was replaced"
        with storage.open(KEY) as stream:
            assert stream.read() == path.read_bytes(), "the last one does not stay"

    def test_an_open_stream_gives_one_version_whole_or_says_that_it_was_replaced(
        self, storage: Storage, tmp_path: Path
    ) -> None:
        old, new = tmp_path / "old", tmp_path / "new"
        old.write_bytes(b"a" * (8 << 20))
        new.write_bytes(b"b" * (9 << 20))
        storage.put(KEY, old)
        with storage.open(KEY) as stream:
            first = stream.read(1)
            storage.replace(KEY, new)
            try:
                given = first + stream.read()
            except StorageUnavailable as error:
                assert not self.keeps_open_streams, "an open stream was broken off"
                assert "was replaced" in str(error)
            else:
                assert given == old.read_bytes()
            if self.keeps_open_streams:
                stream.seek(-5, 2)
                assert stream.read() == b"aaaaa"
            else:
                stream.seek(0)  # must ask again
                with pytest.raises(StorageUnavailable, match="was replaced"):
                    stream.read(1)
        with storage.open(KEY) as stream:
            assert stream.read() == new.read_bytes()

    def test_memory_stays_flat_while_bytes_move(self, storage: Storage, tmp_path: Path) -> None:
        source = tmp_path / "large"
        with source.open("wb") as stream:
            for n in range(LARGE >> 20):
                stream.write(bytes([n]) * (1 << 20))
        tracemalloc.start()
        storage.put(KEY, source)
        storage.replace(KEY, source)
        n_read = 0
        with storage.open(KEY) as stored:
            while chunk := stored.read(1 << 20):
                n_read += len(chunk)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert n_read == LARGE
        assert peak < FLAT

    def test_it_can_check_itself_and_leaves_nothing_behind(self, storage: Storage) -> None:
        storage.check()
        assert list(storage.keys("")) == []

    def test_its_label_says_what_it_is(self, storage: Storage) -> None:
        assert storage.label
