"""Which addresses are taken, and what is said of the others before anything is fetched."""

from __future__ import annotations

import pytest

from core.db.tables.training_jobs import TrainingPageRow
from core.training.errors import ResourceRefused, TooManyResources
from core.training.sources import addresses, stage

APP = "https://desk.example.org/app"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1/", "this app"),
        ("http://[::1]/", "this app"),
        ("http://127.0.0.2/", "private network"),
        ("http://10.1.2.3/x", "private network"),
        ("http://169.254.169.254/latest/meta-data/", "private network"),
        ("http://[::ffff:127.0.0.1]/", "private network"),
        ("http://[64:ff9b::7f00:1]/", "private network"),
        ("http://2130706433/", "no web address"),
        ("http://0177.0.0.1/", "no web address"),
        ("http://localhost/", "this app"),
        ("http://LOCALHOST./", "this app"),
        ("http://desk.localhost/", "this app"),
        ("https://desk.example.org/live/1/", "this app"),
        ("https://DESK.EXAMPLE.ORG./", "this app"),
        ("https://pages.example:8080/", "port 8080"),
        ("https://user:secret@pages.example/", "password"),
        ("https://user@pages.example/", "password"),
        ("https://@pages.example/", "password"),
        ("https://pages.example\\@10.0.0.7/", "private network"),
        ("https://pages.example%40.10.0.0.7/", "no web address"),
        ("https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "this app"),
        ("http://①②⑦.0.0.1/", "this app"),
        ("http://①②⑦.0.0.2/", "private network"),
        ("https://ｄｅｓｋ.example.org/live/1/", "this app"),
        ("https://desk。example。org/", "this app"),
        ("http://127.1/", "no web address"),
        ("http://[::]/", "private network"),
        ("http://[fe80::1%25eth0]/", "private network"),
        ("http://[fd00::1]/", "private network"),
        ("http://[2002:7f00:1::]/", "private network"),
        ("http://[::127.0.0.1]/", "private network"),
        ("https://☃.example\u200d/", "nobody can see"),
        (f"https://{'a' * 64}.example/", "no web address"),
        ("https://a..example/", "no web address"),
        ("ftp://pages.example/", "https://"),
        ("file:///etc/passwd", "https://"),
        ("pages.example/terms", "https://"),
        ("javascript:alert(1)", "https://"),
        ("https://", "no web address"),
        ("https://pages.example/a b", "nobody can see"),
        ("https://pages.example/\u202egnp", "nobody can see"),
        ("https://pages.example/\0", "nobody can see"),
        ("https://pages.example/\ud800", "nobody can see"),
        ("https://pages.example:99999/", "no web address"),
        ("https://[pages.example/", "no web address"),
        (f"https://pages.example/{'x' * 2_000}", "2,000 at most"),
    ],
)
def test_what_is_no_public_page_is_refused_with_the_cure(address: str, said: str) -> None:
    with pytest.raises(ResourceRefused) as refused:
        addresses.tidied([address], app_url=APP)
    assert said in refused.value.message
    assert "choose an upload" in refused.value.hint


def test_an_app_with_an_international_name_knows_itself() -> None:
    for address in ("https://xn--bcher-kva.example/x", "https://BÜCHER.example/", "https://bücher.example./"):
        problem = addresses.refusal(address, app_url="https://bücher.example", policy=addresses.POLICY)
        assert problem == "is an address of this app"


def test_of_a_long_address_a_sentence_names_the_beginning() -> None:
    with pytest.raises(ResourceRefused) as refused:
        addresses.tidied([f"https://pages.example/{'x' * 1_000_000}"], app_url=APP)
    assert "https://pages.example/xxx" in refused.value.message
    assert len(refused.value.message) < 250
    row = TrainingPageRow(n=1, url=f"https://pages.example/{'x' * 1_900}", problem="it has more than 2 MB.")
    (warned,) = stage.warnings([row])
    assert warned.startswith("https://pages.example/xxx")
    assert warned.endswith("x… was not read: it has more than 2 MB.")
    assert len(warned) < 250


def test_an_address_that_grows_as_it_is_sent_is_taken() -> None:
    letters = f"https://pages.example/{'ä' * 1_900}"
    assert addresses.tidied([letters], app_url=APP) == (letters,)


def test_addresses_are_kept_once_and_without_blanks_and_no_more_than_ten() -> None:
    given = addresses.lines(" https://a.example/x \n\nhttps://bücher.example/\nhttps://a.example/x\n")
    assert addresses.tidied(given, app_url=APP) == ("https://a.example/x", "https://bücher.example/")
    assert addresses.tidied([f"https://a.example/{n % 10}" for n in range(11)], app_url=APP)
    with pytest.raises(TooManyResources, match="10 web pages at most; this one names 11 web pages"):
        addresses.tidied([f"https://a.example/{n}" for n in range(11)], app_url=APP)
