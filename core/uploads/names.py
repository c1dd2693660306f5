"""File names: as people are shown them, and as any storage can hold them."""

from __future__ import annotations

import re
import unicodedata

MAX_BYTES = 120
MAX_SHOWN_BYTES = 255
_FALLBACK = "upload.csv"
_BLANKS = re.compile(r"\s+")
_UNSAFE = re.compile(r"[<>:\"|?*%#{}^`~\[\]]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}$")


def shown_filename(name: str) -> str:
    """The name as its owner wrote it, on one line: its last part in NFC, without control characters.

    At most MAX_SHOWN_BYTES long in UTF-8, the extension kept; a run of blanks becomes one. Never empty, never a path.
    """
    composed = unicodedata.normalize("NFC", name.encode("utf-8", "ignore").decode())
    last = re.split(r"[/\\]", composed)[-1]
    printable = "".join(character for character in last if _is_printable(character))
    shown = _shortened(_BLANKS.sub(" ", printable).strip(), MAX_SHOWN_BYTES)
    return shown if shown.strip("._- ") else _FALLBACK


def safe_filename(name: str) -> str:
    """The shown name without marks that file systems or links refuse.

    At most MAX_BYTES long in UTF-8. Letters of any script stay, so does the extension; a blank becomes
    "_". Never empty, never hidden, never a path, never a name that Windows reserves.
    """
    plain = _UNSAFE.sub("_", _BLANKS.sub("_", shown_filename(name))).strip("._- ")
    if not plain:
        return _FALLBACK
    if _RESERVED.fullmatch(plain):
        plain = f"file_{plain}"
    return _shortened(plain, MAX_BYTES)


def _is_printable(character: str) -> bool:
    """No control, format, private, surrogate or unassigned character; tabs and line ends count as blanks."""
    category = unicodedata.category(character)
    return not category.startswith("C") or character in "\t\n\r"


def _shortened(name: str, max_bytes: int) -> str:
    encoded = name.encode()
    if len(encoded) <= max_bytes:
        return name
    extension = match[0] if (match := _EXTENSION.search(name)) else ""
    stem = encoded[: max_bytes - len(extension)].decode(errors="ignore")
    return stem.rstrip("._- ") + extension
