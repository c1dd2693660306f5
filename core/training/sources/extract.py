"""The texts of pages, in a process of its own that may be killed: a parser of strangers' HTML may hang, swell or crash.

It is started by its path and imports nothing of the app. Once the parser is loaded it prints a line, {}. For each page
standard input holds a line of JSON, {"is_html", "charset", "n_bytes"}, and then so many bytes; standard output gets a
line, {"text", "is_cut"}. Whatever goes wrong ends it.
"""

import json
import re
import resource
import sys

MOST_CHARACTERS = 20_000
MEMORY_BYTES, CPU_S = (
    1 << 30,
    10,
)  # of all pages together, and of each: more than the app waits, should it have died
TELLING = (("iso-2022", b"\x1b"), ("utf-16", b"\0"), ("utf-32", b"\0"))
META = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)


def decoded(content: bytes, charset: str) -> str:
    """As UTF-8 where it is that, else by what the page says of itself, where that is true, else by its bytes' look.

    What a page says is often not so, and nothing but UTF-8 looks like UTF-8; but for encodings that switch by ESC, and
    for those of two or four bytes a letter, whose Latin letters hold NUL.
    """
    named = META.search(content[:2_000])
    said = [charset, named[1].decode("ascii", "replace") if named else ""]
    first = [
        one for one in said for name, sign in TELLING if one.lower().startswith(name) and sign in content
    ]
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


def answer(about: dict[str, object], content: bytes) -> str:
    """What is said of one page, as a line."""
    page = decoded(content, str(about["charset"]))
    text = (markdown(page) if about["is_html"] else page).strip("\0 \t\r\n\ufeff")
    return json.dumps({"text": text[:MOST_CHARACTERS], "is_cut": len(text) > MOST_CHARACTERS}) + "\n"


def give_time() -> None:
    """From now on so much of the processor, for the next page."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + CPU_S, hard))


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import trafilatura  # noqa: F401  # now, as that takes the time of several pages

    sys.stdout.write("{}\n")
    sys.stdout.flush()
    while line := sys.stdin.buffer.readline():
        give_time()
        about = json.loads(line)
        sys.stdout.write(answer(about, sys.stdin.buffer.read(about["n_bytes"])))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
