"""Pages from a server that misbehaves in every way: each becomes a text or a sentence, and none an exception."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from ssrfguard import Policy

from core.training.sources import extract, reading
from core.training.sources.addresses import LONGEST_SENT, POLICY
from core.training.sources.fetching import Web
from core.training.sources.reading import Page
from tests.servers.site import Site, drip, endless, page, redirect, silent

APP = "https://elsewhere.example/app"
TEXT = " ".join(f"Customers of kind {n} leave when prices rise by a tenth." for n in range(9))
HTML = f"<html><body><nav>Home</nav><article><p>{TEXT}</p></article></body></html>"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as served:
        yield served


def read(site: Site, *addresses: str, web: Web | None = None) -> list[Page]:
    return asyncio.run(reading.read(addresses, web=web or site.web(), app_url=APP))


def one(site: Site, path: str = "/page") -> Page:
    (found,) = read(site, f"http://pages.example{path}")
    return found


def zipped() -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"0" * 10_000_000)
    return packed.getvalue()


def test_a_page_becomes_markdown_with_its_hash_and_sends_no_secret(site: Site) -> None:
    site.pages["/page"] = page(HTML.encode())
    site.asked.clear()
    found = one(site)
    assert (found.text, found.is_cut, found.final_url, found.unread) == (TEXT, False, None, None)
    assert found.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    (head,) = site.asked
    sent = {line.partition(":")[0].lower() for line in head.strip().splitlines()[1:]}
    assert sent == {"host", "connection", "accept", "accept-encoding", "user-agent"}
    assert "accept-encoding: identity" in head.lower()


REFUSED = {
    "a PDF": (page(b"%PDF-1.7 ...", kind="application/pdf"), "no text but application/pdf"),
    "a PDF that calls itself a page": (page(b"%PDF-1.7 ..."), "whatever it says"),
    "a zip bomb": (page(zipped(), kind="application/zip"), "no text but application/zip"),
    "a zip bomb that calls itself text": (page(zipped(), kind="text/plain"), "whatever it says"),
    "a compression bomb": (
        page(gzip.compress(b"0" * 10_000_000), content_encoding="gzip"), "compressed, which was not asked for"
    ),
    "bytes": (page(b"a\0b", kind="text/plain"), "whatever it says"),
    "no kind": (page(b"x", kind=""), "does not say that it is text"),
    "an error": (page(b"<p>no</p>", status=503), "answers 503"),
    "nothing": (page(b""), "no text"),
    "markup alone": (page(b"<html><script>let x = 1</script></html>"), "no text"),
    "what goes on for ever": (endless, "more than 2 MB"),
    "what says that it is 1 GB": (page(b"x", kind="text/plain", content_length="1000000000"), "more than 2 MB"),
    "a redirect to itself": (redirect("/page"), "again and again"),
    "a redirect into a private network": (redirect("http://private.example/"), "private network"),
    "a redirect to this machine": (redirect("http://127.0.0.1/"), "an address of this app"),
    "a redirect to metadata": (redirect("http://169.254.169.254/latest"), "private network"),
    "a redirect to this app": (redirect("http://elsewhere.example/app"), "an address of this app"),
    "a redirect to a name that is both": (redirect("http://both.example/"), "private network"),
    "a redirect to another port": (redirect("http://pages.example:22/"), "names the port 22"),
    "a redirect to a file": (redirect("file:///etc/passwd"), "does not begin with https://"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_text_of_a_public_server_is_a_sentence(site: Site, case: str) -> None:
    site.pages["/page"], said = REFUSED[case]
    found = one(site)
    assert found.text is None
    assert said in str(found.unread)
    leads_away = any(word in str(found.unread) for word in ("what it leads to", "private network"))
    assert leads_away == ("Choose an upload" in str(found.unread))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://private.example/", "private network"),
        ("http://both.example/", "private network"),
        ("http://metadata.example/", "private network"),
        ("http://dead.example/", "can't be reached"),
        ("http://unknown.example/", "name can't be looked up"),
    ],
)
def test_a_name_is_followed_to_public_servers_alone(site: Site, address: str, said: str) -> None:
    site.asked.clear()
    (found,) = read(site, address)
    assert said in str(found.unread)
    assert site.asked == []


def test_a_redirect_with_an_endless_body_is_followed_without_reading_it(site: Site) -> None:
    async def endless_redirect(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Said\r\nlocation: /good\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    site.pages |= {"/page": endless_redirect, "/good": page(HTML.encode())}
    found = one(site)
    assert (found.text, found.final_url) == (TEXT, "http://pages.example/good")


def test_slow_pages_end_at_their_deadline_and_hold_up_no_other(
    site: Site,
) -> None:
    site.pages |= {"/drip": drip, "/silent": silent, "/good": page(HTML.encode())}
    hurried = replace(site.web(), page_s=0.5)
    paths = ("/drip", "/silent", "/good")
    found = read(site, *(f"http://pages.example{path}" for path in paths), web=hurried)
    assert [page.text for page in found] == [None, None, TEXT]
    assert all("did not come within" in str(page.unread) for page in found[:2])


def test_all_pages_together_have_a_deadline(site: Site) -> None:
    site.pages["/silent"] = silent
    (found,) = read(site, "http://pages.example/silent", web=replace(site.web(), all_s=0.3))
    assert "all pages together" in str(found.unread)


ENCODED = {
    "UTF-8 that says Latin-1": ("Größe für Ñandú".encode(), "text/plain; charset=iso-8859-1"),
    "Latin-1 that says UTF-8": ("Größe für Ñandú".encode("latin-1"), "text/plain; charset=latin-1"),
    "UTF-16 without a mark": ("Größe für Ñandú".encode("utf-16-le"), "text/plain; charset=utf-16le"),
    "UTF-8 that says UTF-16": ("Größe für Ñandú!".encode(), "text/plain; charset=utf-16"),
    "UTF-16": ("Größe für Ñandú".encode("utf-16"), "text/plain; charset=utf-16"),
    "what says what nobody knows": ("Größe für Ñandú".encode(), "text/plain; charset=klingon"),
    "what says what is no text": ("Größe für Ñandú".encode(), 'text/plain; charset="zip"'),
    "seven bits": ("会社".encode("iso-2022-jp"), "text/plain; charset=iso-2022-jp"),
}


@pytest.mark.parametrize("case", ENCODED)
def test_whatever_a_page_says_of_its_encoding_its_letters_are_read(site: Site, case: str) -> None:
    content, kind = ENCODED[case]
    site.pages["/page"] = page(content, kind=kind)
    assert (one(site).text or "").rstrip("!") == ("会社" if case == "seven bits" else "Größe für Ñandú")


def test_a_wrong_encoding_of_windows_is_told_by_its_bytes(site: Site) -> None:
    words = (
        "Клиенты уходят, когда растут цены. Они остаются, если платят меньше и получают больше услуг. " * 4
    )
    site.pages["/page"] = page(words.encode("cp1251"), kind="text/plain; charset=utf-8")
    assert "Клиенты уходят" in (one(site).text or "")


def test_of_a_long_page_the_beginning_is_kept(site: Site) -> None:
    site.pages["/page"] = page("ä".encode() * 900_000, kind="text/plain")
    found = one(site)
    assert (found.text, found.is_cut) == ("ä" * 20_000, True)


def test_what_no_database_keeps_is_left_out(site: Site) -> None:
    site.pages["/page"] = page(b"<p>" + b"half &#xD800; and nul &#0; &#x202e; here. " * 10 + b"</p>")
    text = one(site).text or ""
    assert "\0" not in text
    assert text.encode().decode() == text


def test_a_page_that_breaks_its_parser_is_a_sentence(site: Site) -> None:
    site.pages["/page"] = page(b"<div>" * 380_000 + b"deep")
    found = one(site)
    assert found.text is not None or "can't be told" in str(found.unread) or "no text" in str(found.unread)


def test_a_page_with_an_international_address_led_nowhere_else(site: Site) -> None:
    site.pages["/" + "%C3%A4" * 900] = page(HTML.encode())
    found = one(site, "/" + "ä" * 900)
    assert (found.text, found.final_url) == (TEXT, None)


def test_no_cookie_is_kept_from_one_answer_to_the_next(site: Site) -> None:
    site.pages |= {
        "/page": page(b"", status=302, location="/good", set_cookie="who=you; Path=/"),
        "/good": page(HTML.encode()),
    }
    site.asked.clear()
    assert one(site).text == TEXT
    assert len(site.asked) == 2
    assert "cookie" not in "".join(site.asked).lower()


ANSWERS_OF_NO_SERVER = {
    "HTTP/0.9": b"<html><p>Hello.</p></html>",
    "a head without an end": b"HTTP/1.1 200 Said\r\n" + b"x-more: " + b"y" * 300_000,
    "many heads": b"HTTP/1.1 200 Said\r\n" + b"".join(b"x-%d: y\r\n" % n for n in range(50_000)) + b"\r\n",
    "two lengths": b"HTTP/1.1 200 Said\r\ncontent-type: text/plain\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    "less than it says": b"HTTP/1.1 200 Said\r\ncontent-type: text/plain\r\ncontent-length: 99\r\n\r\nab",
    "chunks of rubbish": b"HTTP/1.1 200 Said\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    "nothing": b"",
    "bytes": bytes(range(256)) * 40,
    "TLS": b"\x15\x03\x01\x00\x02\x02\x46",
    "a redirect to nothing": b"HTTP/1.1 302 Said\r\nlocation: http://\r\ncontent-length: 0\r\n\r\n",
    "a redirect without a place": b"HTTP/1.1 302 Said\r\ncontent-length: 0\r\n\r\n",
    "a redirect with a password": b"HTTP/1.1 302 Said\r\nlocation: http://a:b@pages.example/\r\n\r\n",
    "a redirect of bytes": b"HTTP/1.1 302 Said\r\nlocation: /\xff\xfe\xe4\r\ncontent-length: 0\r\n\r\n",
    "a redirect to a host of digits": b"HTTP/1.1 302 Said\r\nlocation: http://0x7f.1/\r\ncontent-length: 0\r\n\r\n",
    "switching protocols": b"HTTP/1.1 101 Said\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n",
}


@pytest.mark.parametrize("case", ANSWERS_OF_NO_SERVER)
def test_what_no_server_should_answer_is_a_sentence(site: Site, case: str) -> None:
    async def said(writer: asyncio.StreamWriter) -> None:
        writer.write(ANSWERS_OF_NO_SERVER[case])

    site.pages["/page"] = said
    found = one(site)
    assert found.text is None
    told = str(found.unread)
    assert told.endswith(".") or "Choose an upload" in told
    assert "the log of the worker" not in told, "and it is known what it was"


def test_without_a_name_server_each_page_says_so(site: Site, tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").write_text("# none\n")
    (found,) = read(site, "http://pages.example/", web=Web(resolv_conf=tmp_path / "resolv.conf"))
    assert "names no server to look names up by" in str(found.unread)


def test_no_setting_opens_private_networks() -> None:
    assert Web().policy is POLICY
    assert Policy(max_url_length=LONGEST_SENT) == POLICY
    assert extract.MOST_CHARACTERS == 20_000
