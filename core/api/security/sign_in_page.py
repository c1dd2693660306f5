"""The page on which people sign in: plain HTML of our own, without a script, served before anything else is."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import core
from core.settings import Settings

POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_MARK = (Path(core.__file__).with_name("logo.svg")).read_text("utf-8")
_STYLE = """
:root { color-scheme: light dark; --line: light-dark(#e2e5ea, #2b2f37); --soft: light-dark(#f6f7f9, #1b1e24);
        --dim: light-dark(#596070, #a6adba); --ink: light-dark(#1b1d22, #e8eaee); --accent: #3757d6;
        --bad: light-dark(#fdecec, #3a1d1f); --badline: light-dark(#f0b8b8, #7c3237) }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem 1rem; color: var(--ink);
       font: 15px/1.5 "Source Sans 3", "Source Sans Pro", "Segoe UI", "Helvetica Neue", Arial, sans-serif;
       background: light-dark(#fff, #111317) }
main { width: 100%; max-width: 22rem }
header { display: flex; align-items: center; gap: .6rem; margin-bottom: 1.4rem; font-size: 1.2rem; font-weight: 650 }
header svg { width: 2rem; height: 2rem }
h1 { font-size: 1.35rem; font-weight: 650; margin: 0 0 .2rem } p { margin: 0 0 1rem; color: var(--dim) }
label { display: block; font-weight: 600; margin: .9rem 0 .25rem }
input { width: 100%; padding: .55rem .7rem; font: inherit; color: inherit; background: var(--soft);
        border: 1px solid var(--line); border-radius: 8px }
button, a.button { display: block; width: 100%; margin-top: 1.2rem; padding: .6rem .9rem; font: inherit;
        font-weight: 600; text-align: center; text-decoration: none; cursor: pointer; color: #fff;
        background: var(--accent); border: 1px solid var(--accent); border-radius: 8px }
a.second { color: var(--ink); background: transparent; border-color: var(--line) }
:is(input, button, a):focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
.refused { padding: .7rem .9rem; margin: 0 0 1rem; color: var(--ink); background: var(--bad);
           border: 1px solid var(--badline); border-radius: 8px }
.after { margin: 1.2rem 0 0 } .after a { color: inherit }
.or { display: flex; align-items: center; gap: .8rem; color: var(--dim); margin: 1.2rem 0 0 }
.or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line) }
"""


def sign_in(
    settings: Settings,
    *,
    next_path: str,
    notice: str = "",
    refused: str = "",
    email: str = "",
    sign_out_url: str | None = None,
) -> str:
    """The whole page. next_path: a path of ours. notice, refused: sentences about what just happened.

    sign_out_url: where to sign out of the provider, for who has signed out here.
    """
    parts = ["<h1>Sign in</h1>", f"<p>{escape(notice or 'To see your files, models and predictions.')}</p>"]
    if refused:
        parts.append(f'<div class="refused" role="alert">{escape(refused)}</div>')
    if settings.has_supabase_auth:
        parts.append(_form(next_path, email))
    if settings.has_oidc:
        if settings.has_supabase_auth:
            parts.append('<div class="or">or</div>')
        second = " second" if settings.has_supabase_auth else ""
        host, link = (
            urlsplit(settings.oidc_issuer).hostname or "",
            f"/login/oidc?next={quote(next_path, safe='')}",
        )
        parts.append(f'<a class="button{second}" id="oidc" href="{link}">Continue with {escape(host)}</a>')
        if sign_out_url is not None:
            link = f'<a id="out" href="{escape(sign_out_url)}" rel="noreferrer">Sign out there too</a>'
            parts.append(f'<p class="after">You are still signed in at {escape(host)}. {link}</p>')
    return _page("".join(parts))


def sign_out() -> str:
    """Asks whether to sign out: for who came by a link of another site."""
    return _page(
        '<h1>Sign out</h1><p>Work in progress continues.</p><form method="post" action="/logout">'
        "<button>Sign out</button></form>"
    )


def refusal(message: str, hint: str) -> str:
    """Says why no page is shown, to whoever asked for one."""
    return _page(
        f'<h1>No access</h1><div class="refused" role="alert">{escape(message)}</div><p>{escape(hint)}</p>'
    )


def _form(next_path: str, email: str) -> str:
    return (
        '<form method="post" action="/login">'
        f'<input type="hidden" name="next" value="{escape(next_path)}">'
        '<label for="email">E-mail</label>'
        f'<input id="email" name="email" type="email" autocomplete="username" required value="{escape(email)}">'
        '<label for="password">Password</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" required>'
        "<button>Sign in</button></form>"
    )


def _page(inner: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Model Desk</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><main><header>{_MARK}<span>Model Desk</span></header>{inner}</main></body></html>"
    )
