"""Which bucket of Supabase Storage a key lies in, and by which name there."""

from __future__ import annotations

import re
from urllib.parse import unquote

from core.storage.protocol import PLACES, clean

OTHER = "other"  # the bucket of keys that begin with no place of ours
BUCKETS = (*PLACES, OTHER)
_UNSAFE = re.compile(r"[^A-Za-z0-9_./-]")
_ENCODED = re.compile(r"((?:=[0-9A-F]{2})+)")


def place(key: str) -> tuple[str, str]:
    """Bucket and name. Raises BadKey."""
    bucket, _, name = clean(key).partition("/")
    return (bucket, encoded(name)) if bucket in PLACES and name else (OTHER, encoded(key))


def encoded(name: str) -> str:
    """In the letters that Supabase takes; of any other each byte becomes `=` and two digits: "ö" is "=C3=B6"."""
    return _UNSAFE.sub(lambda found: "".join(f"={byte:02X}" for byte in found[0].encode()), name)


def decoded(name: str) -> str:
    return _ENCODED.sub(lambda found: bytes.fromhex(found[1].replace("=", "")).decode(errors="replace"), name)


def named(disposition: str) -> str | bool:
    """The file name in a Content-Disposition header; True where it has none."""
    found = re.search(r"filename\*=UTF-8''([^;]+)", disposition)
    return unquote(found[1]) if found else True
