"""Keys, tokens and passwords, by the forms that their makers give them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from core.generation.quality.findings import Code, Finding
from core.generation.quality.talk import Talk

_LONG: Final = re.compile(r"\S{16}")  # no key is shorter
_BEGIN: Final = "-----BEGIN "
LEAST_BITS: Final = 2.8  # of entropy per character of a password
_KEYS: Final = (
    ("an Anthropic key", re.compile(r"(?<![\w-])sk-ant-[\w-]{16,300}")),
    ("an OpenAI key", re.compile(r"(?<![\w-])sk-(?!ant-)(?=[\w-]{0,300}\d)[A-Za-z0-9][\w-]{19,300}")),
    ("an AWS key", re.compile(r"(?<!\w)(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}(?!\w)")),
    ("a GitHub token", re.compile(r"(?<!\w)gh[opusr]_[A-Za-z0-9]{30,300}|(?<!\w)github_pat_\w{40,300}")),
    ("a GitLab token", re.compile(r"(?<!\w)gl(?:pat|dt|rt|ptt)-[\w-]{20,300}")),
    ("a Slack token", re.compile(r"(?<!\w)xox[abeprs]-[A-Za-z0-9-]{10,300}|(?<!\w)xapp-[A-Za-z0-9-]{10,300}")),
    ("a Slack webhook", re.compile(r"hooks\.slack\.com/services/[A-Za-z0-9/]{20,100}")),
    ("a Stripe key", re.compile(r"(?<!\w)(?:[prs]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,300}")),
    ("a Google key", re.compile(r"(?<!\w)(?:AIza[\w-]{35}(?![\w-])|ya29\.[\w-]{20,300}|GOCSPX-[\w-]{20,100})")),
    ("a Hugging Face token", re.compile(r"(?<!\w)hf_[A-Za-z]{30,100}(?!\w)")),
    ("an npm token", re.compile(r"(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)")),
    ("a PyPI token", re.compile(r"(?<!\w)pypi-AgE[\w-]{30,400}")),
    ("a SendGrid key", re.compile(r"(?<!\w)SG\.[\w-]{16,64}\.[\w-]{16,100}")),
    ("a Twilio key", re.compile(r"(?<!\w)(?:SK|AC)[0-9a-f]{32}(?!\w)")),
    ("a Telegram token", re.compile(r"(?<!\w)\d{8,10}:AA[\w-]{33}(?![\w-])")),
    ("a DigitalOcean token", re.compile(r"(?<!\w)do[opr]_v1_[0-9a-f]{64}(?!\w)")),
    ("an Azure key", re.compile(r"\bAccountKey=[A-Za-z0-9+/]{60,100}={0,2}")),
    ("a Supabase key", re.compile(r"(?<!\w)sb_(?:secret|publishable)_[\w-]{16,100}|(?<!\w)sbp_[0-9a-f]{40}(?!\w)")),
    ("a JSON web token", re.compile(r"(?<![\w-])eyJ[\w-]{8,2000}\.eyJ[\w-]{8,4000}\.[\w-]{16,1000}")),
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")),
    (
        "an address with a password",
        re.compile(r"(?<![\w+.-])[a-z][a-z0-9+.-]{1,20}://[^\s:/@<>{}\[\]]{1,64}:[^\s:/@<>{}\[\]]{3,128}@[\w.-]{1,200}"),
    ),
)  # fmt: skip
_NAMED: Final = re.compile(
    r"(?<![A-Za-z])(?:password|passwd|passcode|passphrase|passwort|kennwort|contraseña|mot de passe|senha|wachtwoord|"
    r"api[ _-]?key|secret[ _-]?key|access[ _-]?key|auth[ _-]?token|access[ _-]?token|client[ _-]?secret|bearer)"
    r"[\"'`]?(?: (?:is|ist|est|es|lautet|was))?[ \t]{0,3}[:=]?[ \t]{0,3}[\"'`]?([^\s\"'`<>{}\[\]()]{6,200})",
    re.IGNORECASE,
)


def credentials(talk: Talk) -> Iterator[Finding]:
    """Each key, in code too. What it is a key of is told, and none of its letters."""
    for turn in talk.turns:
        taken: set[int] = set()
        may_hold = _LONG.search(turn.text) or "://" in turn.text or _BEGIN in turn.text
        for what, pattern in _KEYS if may_hold else ():
            for found in pattern.finditer(turn.text):
                if found.start() not in taken:
                    taken.update(range(*found.span()))
                    yield Finding(Code.CREDENTIAL, turn.idx, *found.span(), what)
        for found in _NAMED.finditer(turn.text):
            if found.start(1) not in taken and _is_secret(found[1].rstrip(".,;:!?")):
                yield Finding(Code.CREDENTIAL, turn.idx, found.start(1), found.end(1), "a password or key")


def _is_secret(value: str) -> bool:
    """Whether it looks made up by a machine or by somebody who has to: letters and digits, and no word among words."""
    kinds = sum(
        (
            any(map(str.islower, value)),
            any(map(str.isupper, value)),
            any(map(str.isdecimal, value)),
            any(not one.isalnum() for one in value),
        )
    )
    has_digit = any(map(str.isdecimal, value))
    return (
        has_digit and kinds >= 2 and len(value) >= 6 and _bits(value) >= LEAST_BITS - (len(value) < 10) * 0.5
    )


def _bits(value: str) -> float:
    """Shannon's entropy of a character."""
    n = len(value)
    return -sum(times / n * math.log2(times / n) for times in Counter(value).values())
