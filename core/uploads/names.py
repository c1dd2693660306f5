"""File names that are safe in any storage and still recognised by whoever chose them."""

from __future__ import annotations

import re
import unicodedata

MAX_BYTES = 120
_FALLBACK = "upload.csv"
_BLANKS = re.compile(r"\s+")
_UNSAFE = re.compile(r"[<>:\"|?*%#{}^`~\[\]]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}$")


def safe_filename(name: str) -> str:
    """The name's last part in NFC, without control characters and marks that file systems or links refuse.

    At most MAX_BYTES long in UTF-8. Letters of any script stay, so does the extension; a run of blanks becomes
    one "_". Never empty, never hidden, never a path, never a name that Windows reserves.
    """
    composed = unicodedata.normalize("NFC", name.encode("utf-8", "ignore").decode())
    last = re.split(r"[/\\]", composed)[-1]
    printable = "".join(character for character in last if _is_printable(character))
    plain = _UNSAFE.sub("_", _BLANKS.sub("_", printable)).strip("._- ")
    if not plain:
        return _FALLBACK
    if _RESERVED.fullmatch(plain):
        plain = f"file_{plain}"
    return _shortened(plain)


def _is_printable(character: str) -> bool:
    """No control, format, private, surrogate or unassigned character; tabs and line ends count as blanks."""
    category = unicodedata.category(character)
    return not category.startswith("C") or character in "\t\n\r"


def _shortened(name: str) -> str:
    encoded = name.encode()
    if len(encoded) <= MAX_BYTES:
        return name
    extension = match[0] if (match := _EXTENSION.search(name)) else ""
    stem = encoded[: MAX_BYTES - len(extension)].decode(errors="ignore")
    return stem.rstrip("._- ") + extension
