"""What the text of one setting may be; each type says what is wrong with it."""

from __future__ import annotations

import re
from decimal import Decimal
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

POSTGRES = ("postgresql://", "postgresql+psycopg://", "postgres://")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PRICES = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)/([0-9]{1,6}(?:\.[0-9]{1,6})?)")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def split(listed: str) -> list[str]:
    """What a setting lists with commas between."""
    return [one.strip() for one in listed.split(",") if one.strip()]


def _absolute(path: Path) -> Path:
    """Settled when it is read: processes of ours that start in another folder would find another file."""
    return path.expanduser().resolve()


def _path(path: str) -> str:
    return str(_absolute(Path(path))) if path else ""


def _database(url: str) -> str:
    if url.startswith("sqlite:///"):
        return f"sqlite:///{_path(url.removeprefix('sqlite:///'))}"
    if url and not url.startswith(("sqlite:///", *POSTGRES)):
        raise ValueError("it must start with sqlite:/// or postgresql://")
    return url


def _postgres(url: str) -> str:
    if url and not url.startswith(POSTGRES):
        raise ValueError("it and DATABASE_URL must both start with postgresql://")
    return url


def _storage(url: str) -> str:
    if url.startswith("s3://"):
        if not _BUCKET.fullmatch(urlsplit(url).netloc):
            raise ValueError("it must name a bucket, such as s3://my-bucket or s3://my-bucket/folder")
    elif url.startswith("supabase://"):
        if url != "supabase://":
            raise ValueError("it must be exactly supabase://, without a bucket")
    elif url.startswith("file://"):
        return f"file://{_path(url.removeprefix('file://'))}"
    elif url:
        raise ValueError("it must start with file://, s3:// or supabase://")
    return url


def _ip_address(address: str) -> str:
    try:
        return str(ip_address(address))
    except ValueError as error:
        raise ValueError("it must be an IP address such as 127.0.0.1 or 0.0.0.0") from error


def _networks(listed: str) -> str:
    try:
        return ",".join(str(ip_network(network)) for network in split(listed))
    except ValueError as error:
        raise ValueError("it must list addresses or networks, such as 10.0.0.0/8") from error


def _web_address(url: str) -> str:
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise ValueError("it must be an address such as https://desk.example.org")
    return url


def _host_name(name: str) -> str:
    if not _HOST.fullmatch(name):
        raise ValueError("it must be a name such as e2b.app, without https:// and without a path")
    return name


def price_list(listed: str) -> dict[str, tuple[Decimal, Decimal]]:
    """Dollars per million tokens (input, output) by model, of "my-model=0.25/1.25, other=2/10". Raises ValueError."""
    prices = {}
    for one in split(listed):
        name, _, pair = (part.strip() for part in one.rpartition("="))
        if not name or not (found := _PRICES.fullmatch(pair)):
            raise ValueError("it must list models as name=input/output, such as my-model=0.25/1.25")
        if name in prices:
            raise ValueError(f"it names {name} twice")
        prices[name] = (Decimal(found[1]), Decimal(found[2]))
    return prices


def _model_prices(listed: str) -> str:
    price_list(listed)
    return listed


def _queue(url: str) -> str:
    if url.endswith(".fifo"):
        raise ValueError("it must be the address of a standard queue")
    if url and not urlsplit(url).path.strip("/"):
        raise ValueError("it must name a queue, such as https://sqs.eu-central-1.amazonaws.com/123/my-queue")
    return url


def _scheduler(address: str) -> str:
    parts = urlsplit(address)
    if address and (parts.scheme not in ("tcp", "tls") or not parts.hostname or not parts.port):
        raise ValueError("it must be an address such as tls://scheduler:8786")
    if parts.scheme == "tcp" and parts.hostname not in LOOPBACK:
        raise ValueError(
            "anyone who reaches Dask can run code on it, so beyond this machine it must be tls://"
        )
    return address


Folder = Annotated[Path, AfterValidator(_absolute)]
FilePath = Annotated[str, AfterValidator(_path)]
DatabaseUrl = Annotated[str, AfterValidator(_database)]
PostgresUrl = Annotated[str, AfterValidator(_postgres)]
StorageUrl = Annotated[str, AfterValidator(_storage)]
IpAddress = Annotated[str, AfterValidator(_ip_address)]
Networks = Annotated[str, AfterValidator(_networks)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
HostName = Annotated[str, AfterValidator(_host_name)]
ModelPrices = Annotated[str, AfterValidator(_model_prices)]
QueueUrl = Annotated[str, AfterValidator(_web_address), AfterValidator(_queue)]
SchedulerAddress = Annotated[str, AfterValidator(_scheduler)]
