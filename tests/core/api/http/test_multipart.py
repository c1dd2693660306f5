"""Whatever comes as the body of an upload ends in a form or in a refusal of ours, however it is cut into chunks."""

from __future__ import annotations

import re
from pathlib import Path

import anyio
import pytest
from fastapi import Request
from hypothesis import given, settings
from hypothesis import strategies as st

from core.api.http import multipart
from core.errors import AppError
from core.storage import stage

BOUNDARY = "edge"
PIECES = st.sampled_from(
    [
        b"--edge", b"--edge--", b"\r\n", b"\n", b"\r", b"--", b"-", b"edge", b": ", b";", b'"', b"\\", b"=", b"name",
        b"Content-Disposition", b"Content-Disposition: form-data; ", b'name="file"', b'name="mode"',
        b'; filename="a.csv"', b"filename*=utf-8''a%2", b"Content-Type: text/csv\r\n", b"a,b\r\n1,2\r\n",
        b"Content-Transfer-Encoding: base64\r\n", b"\0", b"\xff\xfe", "é\u202e".encode(), b"x" * 5000, b"\r\n\r\n",
        b"\r\n--edge\r\n",
    ]
)  # fmt: skip
FILE = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b\r\n1,2\r\n\r\n'


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all examples: a process holds a lock for each folder in which it has staged."""
    return tmp_path_factory.mktemp("uploads") / "staging"


def received(
    staging: Path, body: bytes, size: int, content_type: str
) -> tuple[str, bytes, dict[str, str]] | None:
    chunks = [body[at : at + size] for at in range(0, len(body), size)]

    async def receive() -> dict[str, object]:
        chunk = chunks.pop(0) if chunks else b""
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    scope = {"type": "http", "headers": [(b"content-type", content_type.encode())]}
    with stage(staging) as staged:

        async def form() -> multipart.Form:
            return await multipart.receive(Request(scope, receive), staged, limit_mb=1, silence_s=60)

        try:
            found = anyio.run(form)
        except AppError as refused:
            assert refused.message
            return None
        staged.close()
        return found.file_name, staged.path.read_bytes(), found.fields


@settings(max_examples=80, deadline=None, derandomize=True)
@given(pieces=st.lists(PIECES | st.binary(max_size=20), max_size=25), size=st.integers(1, 400))
def test_no_body_breaks_an_upload(staging: Path, pieces: list[bytes], size: int) -> None:
    for body in (b"".join(pieces), FILE + b"".join(pieces), FILE + b"--edge--" + b"".join(pieces)):
        content_type = f"multipart/form-data; boundary={BOUNDARY}"
        in_parts = received(staging, body, size, content_type)
        assert in_parts == received(staging, body, 1 << 20, content_type)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(content=st.binary(max_size=600), size=st.integers(1, 100), name=st.text(min_size=1, max_size=30))
def test_any_bytes_arrive_as_they_are(staging: Path, content: bytes, size: int, name: str) -> None:
    sent_as = re.sub(r'["\\\r\n]', "_", name).encode("utf-8", "replace")
    body = (
        b'--edge\r\nContent-Disposition: form-data; name="mode"\r\n\r\nnone\r\n--edge\r\n'
        b'Content-Disposition: form-data; name="file"; filename="' + sent_as + b'"\r\n\r\n'
        + content.replace(b"\r\n--edge", b"") + b"\r\n--edge--\r\n"
    )  # fmt: skip
    found = received(staging, body, size, f'multipart/form-data; boundary="{BOUNDARY}"')
    if found is None:
        pytest.fail("a right body was refused")
    assert found[1:] == (content.replace(b"\r\n--edge", b""), {"mode": "none"})


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    content_type=st.text(max_size=60)
    | st.sampled_from(["multipart/form-data", "multipart/form-data; boundary="])
)
def test_no_content_type_breaks_an_upload(staging: Path, content_type: str) -> None:
    plain = content_type.encode("latin-1", "replace").decode("latin-1")
    received(staging, FILE + b"--edge--", 100, plain)
    received(staging, FILE + b"--edge--", 100, f"multipart/form-data; boundary={plain}")
