"""The text of a page, in a process of its own that may be killed: a parser of strangers' HTML may hang, swell or crash.

It is started by its path and imports nothing of the app. Standard input holds a line of JSON, {"is_html", "charset"},
and then the page's bytes; standard output gets {"text"}, without what no database keeps.
"""

import json
import re
import resource
import sys

MOST_CHARACTERS = 20_000
MEMORY_BYTES, CPU_S = 1 << 30, 8
META = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)


def decoded(content: bytes, charset: str) -> str:
    """As UTF-8 where it is that, else by what the page says of itself, where that is true, else by its bytes' look.

    What a page says is often not so, and nothing but UTF-8 looks like UTF-8; but for encodings of seven bits.
    """
    named = META.search(content[:2_000])
    said = [charset, named[1].decode("ascii", "replace") if named else ""]
    first = [one for one in said if one.lower().startswith("iso-2022")]
    for encoding in [*first, "utf-8-sig", *said]:
        try:
            return content.decode(encoding or "utf-8")
        except (LookupError, UnicodeError, ValueError):
            continue
    from trafilatura.utils import decode_file

    return str(decode_file(content))


def markdown(page: str) -> str:
    """What of an HTML page people read: its main text, else all of it."""
    import trafilatura

    found = trafilatura.extract(page, output_format="markdown", include_links=False, include_images=False)
    return found or trafilatura.html2txt(page) or ""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    about = json.loads(sys.stdin.buffer.readline())
    page = decoded(sys.stdin.buffer.read(), about["charset"])
    text = markdown(page) if about["is_html"] else page
    text = text.replace("\0", "").encode("utf-8", "replace").decode().strip()
    said = {"text": text[:MOST_CHARACTERS], "is_cut": len(text) > MOST_CHARACTERS}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()
