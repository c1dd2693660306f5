"""An authority of our own and a certificate from it, for servers on loopback that ask for TLS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificates(folder: Path, *, names: tuple[str, ...] = ("127.0.0.1",)) -> dict[str, str]:
    """The settings of Dask's certificates, made in `folder`. names: what the certificate is good for."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _signed(
        "Model Desk's tests", authority_key, "Model Desk's tests", authority_key, is_authority=True
    )
    own = _signed(names[0], key, "Model Desk's tests", authority_key, is_authority=False, good_for=names)
    contents = {
        "dask_tls_ca": authority.public_bytes(serialization.Encoding.PEM),
        "dask_tls_cert": own.public_bytes(serialization.Encoding.PEM),
        "dask_tls_key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    }
    for name, content in contents.items():
        (folder / f"{name}.pem").write_bytes(content)
    return {name: str(folder / f"{name}.pem") for name in contents}


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    by: str,
    by_key: ec.EllipticCurvePrivateKey,
    *,
    is_authority: bool,
    good_for: tuple[str, ...] = (),
) -> x509.Certificate:
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if not is_authority:
        named = [
            x509.IPAddress(ip_address(one)) if one[0].isdigit() else x509.DNSName(one) for one in good_for
        ]
        made = made.add_extension(x509.SubjectAlternativeName(named), critical=False)
    return made.sign(by_key, hashes.SHA256())
