"""Bytes that are hashed as they are read."""

from __future__ import annotations

import hashlib
import io

import pytest

from core.uploads.errors import ChangedSinceChecked
from core.uploads.hashed import HashedReader

CONTENT = bytes(range(256)) * 10


def _reader(content: bytes) -> HashedReader:
    return HashedReader(
        io.BytesIO(content),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        changed=lambda: ChangedSinceChecked(problem="other bytes"),
    )


def test_the_bytes_that_are_meant_are_read_in_pieces_or_at_once() -> None:
    reader = _reader(CONTENT)
    pieces = list(iter(lambda: reader.read(300), b""))
    assert b"".join(pieces) == CONTENT
    reader.seek(0)
    assert reader.read() == CONTENT


@pytest.mark.parametrize("content", [b"", CONTENT[:-1], CONTENT + b"x", b"x" + CONTENT[1:]])
def test_other_bytes_have_no_end(content: bytes) -> None:
    for read in (HashedReader.require_unchanged, HashedReader.read):
        with pytest.raises(ChangedSinceChecked):
            read(_reader(content))


def test_a_second_pass_is_hashed_by_itself() -> None:
    reader = _reader(CONTENT)
    reader.read(7)
    reader.seek(0)
    reader.require_unchanged()


def test_no_part_can_be_skipped() -> None:
    with pytest.raises(io.UnsupportedOperation):
        _reader(CONTENT).seek(5)


def test_its_stream_is_closed_with_it() -> None:
    stream = io.BytesIO(CONTENT)
    HashedReader(stream, sha256="", changed=lambda: ChangedSinceChecked(problem="")).close()
    assert stream.closed
