"""Signed claims: signature, expiry, issuer and audience, all four, without asking the provider about this one."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core.access import jwt_claims
from core.access.errors import NotSignedIn, ProviderUnavailable
from core.settings import Settings
from core.settings import read as read_settings
from tests.servers.ports import spare_port

ISSUER, AUDIENCE = "https://id.example", "desk"
SHARED = "a secret of at least thirty-two characters"
OURS, THEIRS = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)


class Quiet(SimpleHTTPRequestHandler):
    """Python's own file server, without its log."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the provider serves: its public keys."""
    served = tmp_path_factory.mktemp("provider")
    elliptic = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(OURS.public_key()))
    modulus = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(RSA.public_key()))
    keys = [elliptic | {"kid": "one", "alg": "ES256"}, modulus | {"kid": "two", "alg": "RS256"}]
    for path in ("keys.json", "auth/v1/.well-known/jwks.json"):
        (served / path).parent.mkdir(parents=True, exist_ok=True)
        (served / path).write_text(json.dumps({"keys": keys}))
    return served


@pytest.fixture(scope="module")
def provider(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0),
        lambda *given: Quiet(*given, directory=str(folder)),  # type: ignore[arg-type]
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def said(**changed: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    whole = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + timedelta(minutes=5)}
    return {name: value for name, value in (whole | changed).items() if value is not None}


def signed(key: Any = OURS, *, algorithm: str = "ES256", kid: str | None = "one", **changed: Any) -> str:
    headers = {"kid": kid} if kid else {}
    return jwt.encode(said(**changed), key, algorithm=algorithm, headers=headers)


def unsigned(algorithm: str) -> str:
    head, body = ({"alg": algorithm, "kid": "one"}, said(iat=1, exp=4_000_000_000))
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, body)
    ]
    return f"{parts[0]}.{parts[1]}."


def check(text: str, provider: str, *, shared_secret: str = "") -> dict[str, Any]:
    return jwt_claims.verified(
        text, issuer=ISSUER, audience=AUDIENCE, keys_url=f"{provider}/keys.json", shared_secret=shared_secret
    )


@pytest.mark.parametrize("make", [signed, lambda: signed(RSA, algorithm="RS256", kid="two")])
def test_claims_signed_by_one_of_the_providers_keys_are_believed(
    provider: str, make: Callable[[], str]
) -> None:
    assert check(make(), provider)["sub"] == "ada"


PUBLIC_PEM = OURS.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def signed_with_the_public_key() -> str:
    """HS256 with a key that everybody can read, as an attacker would who hopes for one check for both."""
    hmac_key = base64.urlsafe_b64encode(PUBLIC_PEM).decode()
    return jwt.encode(said(), hmac_key, algorithm="HS256", headers={"kid": "one"})


WRONG: dict[str, Callable[[], str]] = {
    "another's key": lambda: signed(THEIRS),
    "expired": lambda: signed(exp=datetime.now(UTC) - timedelta(minutes=2)),
    "not yet valid": lambda: signed(nbf=datetime.now(UTC) + timedelta(minutes=5)),
    "for another audience": lambda: signed(aud="another-app"),
    "of another issuer": lambda: signed(iss="https://id.evil.example"),
    "without an expiry": lambda: signed(exp=None),
    "without an audience": lambda: signed(aud=None),
    "without an issuer": lambda: signed(iss=None),
    "without a subject": lambda: signed(sub=None),
    "with a number for a subject": lambda: signed(sub=7),
    "of an unknown key": lambda: signed(kid="three"),
    "alg none": lambda: unsigned("none"),
    "alg None": lambda: unsigned("None"),
    "no signature": lambda: unsigned("ES256"),
    "the public key as a secret": signed_with_the_public_key,
    "a guessed secret": lambda: signed(SHARED, algorithm="HS256", kid=None),
    "changed": lambda: signed()[:-8] + "AAAAAAAA",
    "half": lambda: signed().rpartition(".")[0],
    "garbage": lambda: "a.b.c",
    "empty": lambda: "",
    "not ASCII": lambda: "é.é.é",
}


@pytest.mark.parametrize("what", WRONG)
def test_whatever_is_wrong_is_refused_in_the_same_words_and_logged(
    provider: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NotSignedIn) as refused:
        check(WRONG[what](), provider)
    assert str(refused.value) == str(NotSignedIn())
    assert "claims refused" in "".join(capsys.readouterr())


def test_a_shared_secret_verifies_only_what_was_signed_with_it(provider: str) -> None:
    ours = signed(SHARED, algorithm="HS256", kid=None)
    assert check(ours, provider, shared_secret=SHARED)["sub"] == "ada"
    for wrong in (
        signed("another secret of thirty-two letters", algorithm="HS256", kid=None),
        unsigned("none"),
    ):
        with pytest.raises(NotSignedIn):
            check(wrong, provider, shared_secret=SHARED)
    assert check(signed(), provider, shared_secret=SHARED)["sub"] == "ada"


def test_a_provider_that_is_away_is_no_reason_to_call_somebody_unknown() -> None:
    with pytest.raises(ProviderUnavailable):
        check(signed(), f"http://127.0.0.1:{spare_port()}")


def of_supabase(provider: str, **changed: Any) -> dict[str, Any]:
    settings: Settings = read_settings(_env_file=None, supabase_url=provider)
    person = {"sub": str(uuid4()), "role": "authenticated", "aud": "authenticated", "is_anonymous": False}
    return jwt_claims.of_supabase(
        signed(**(person | {"iss": f"{provider}/auth/v1"} | changed)), settings=settings
    )


def test_a_persons_access_token_is_believed(provider: str) -> None:
    assert of_supabase(provider)["role"] == "authenticated"


@pytest.mark.parametrize(
    "changed",
    [{"role": "service_role"}, {"role": "anon"}, {"role": None}, {"is_anonymous": True}, {"sub": "ada"},
     {"aud": "anon"}, {"iss": "https://another.supabase.co/auth/v1"}],
)  # fmt: skip
def test_a_key_of_the_project_or_an_anonymous_visitor_is_no_person(
    provider: str, changed: dict[str, Any]
) -> None:
    with pytest.raises(NotSignedIn):
        of_supabase(provider, **changed)
