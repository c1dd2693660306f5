"""The page of a live app: a form with a field for each column of the model, in plain HTML of our own."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from functools import partial
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import core
from core import db
from core.db.tables.deployments import DeploymentRow
from core.db.tables.models import ModelRow
from core.models import date_parts
from core.models.schema import Feature, Schema

TOP: Final = (
    "../../"  # the app's first page, seen from `/live/{id}/`: also where a proxy puts a prefix before it
)


def _font() -> str:
    """Where, seen from the page, the letters of the other pages are, which Streamlit brings along."""
    found = find_spec("streamlit")
    assert found is not None
    assert found.origin is not None
    below = Path(found.origin).parent / "static"
    upright = next(below.glob("static/media/SourceSansVF-Upright.*.woff2"), None)
    return f"{TOP}{upright.relative_to(below).as_posix()}" if upright else ""


HERE: Final = Path(__file__).parent
STYLE_ALONE: Final = (HERE / "page.css").read_text("utf-8")  # without our letters: the system's own are taken
STYLE: Final = STYLE_ALONE.replace("FONT", _font())
SCRIPT: Final = (HERE / "page.js").read_text("utf-8")
MARK: Final = Path(core.__file__).with_name("logo.svg").read_text("utf-8")


def policy(nonce: str, *, is_public: bool = False) -> str:
    """Our own script runs and asks where it came from; nothing else is loaded, sent or framed."""
    framed = "" if is_public else "; frame-ancestors 'none'"  # which a page can't say of itself
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        f"font-src 'self'; img-src data:; form-action 'none'; base-uri 'none'{framed}"
    )


@dataclass(frozen=True)
class Shown:
    """What the page is drawn from."""

    name: str
    version: int
    model_id: UUID
    training_job_id: UUID | None
    is_mine: bool
    schema: Schema
    status: dict[str, Any]
    is_public: bool = False

    @classmethod
    def of(cls, found: DeploymentRow, *, me: db.User) -> Shown:
        assert found.model.schema is not None
        return cls(
            name=found.model.name,
            version=found.model.version,
            model_id=found.model_id,
            training_job_id=found.training_job_id,
            is_mine=found.user_id == me.id,
            schema=Schema.from_json(found.model.schema),
            status=status(found),
        )


def status(found: DeploymentRow) -> dict[str, Any]:
    """What the page's script asks for every second while the app starts."""
    reason = found.reason
    return {
        "status": found.status,
        "url": found.url,
        "expires_at": found.expires_at.isoformat() if found.expires_at else None,
        "error": {"message": reason["message"], "hint": reason.get("hint", "")} if reason else None,
    }


def public_html(model: ModelRow, *, schema: Schema) -> str:
    """The page as it is served beside the model on another machine, where nobody is known and nothing of ours is."""
    alive = {"status": "live", "url": None, "expires_at": None, "error": None}
    shown = Shown(model.name, model.version, model.id, None, True, schema, alive, is_public=True)
    return html(shown, nonce=secrets.token_urlsafe(16))


def html(shown: Shown, *, nonce: str) -> str:
    """The whole page."""
    title = f"{escape(shown.name)} v{shown.version}"
    fields = "".join(_field(number, feature) for number, feature in enumerate(shown.schema.features))
    top = f'<nav aria-label="Model Desk"><a href="{TOP}">{MARK}<b>Model Desk</b></a>{_back(shown)}</nav>'
    style, ask, meta = STYLE, "predict", ""
    if shown.is_public:
        top, style, ask = f'<nav aria-label="Model Desk">{MARK}<b>Model Desk</b></nav>', STYLE_ALONE, "answer"
        meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(nonce, is_public=True)}">'
    found = escape(json.dumps(shown.status), quote=True)
    target = escape(shown.schema.target)
    others = (
        "" if shown.is_mine else "<p>This app is somebody else's. Only they can ask it for predictions.</p>"
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
{meta}<title>{title} · Live · Model Desk</title><style>{style}</style></head>
<body data-mine="{str(shown.is_mine).lower()}" data-ask="{ask}" data-found="{found}"><main>
{top}
<header><h1><bdi>{escape(shown.name)}</bdi> <span>v{shown.version}</span></h1>
<span class="state" id="state" role="status"></span></header>
<p>Predicts <b><bdi>{target}</bdi></b> of one row at a time.</p>
<div class="told" id="told" role="status" hidden><span id="sentence"></span>
<button id="start" type="button" class="first" hidden>Start it again</button></div>
<div class="layout">
<section class="box" aria-labelledby="asked"><h2 id="asked">One row</h2>
<p>The fields begin with a usual row of the training. What you leave empty counts as not known.</p>
<form id="row" autocomplete="off" novalidate>{fields}</form></section>
<aside class="box" aria-labelledby="said"><h2 id="said">{target}</h2>
<div class="actions"><button id="predict" form="row" class="first">Predict</button>
<button id="reset" form="row" type="reset">Reset</button></div>
<div id="refused" role="alert" hidden></div>
<div id="result" aria-live="polite" hidden><div class="answer" id="answer"></div><div id="shares"></div>
<p id="far" hidden></p><p id="stale" hidden>The row has changed since. Predict again.</p></div>
{others}</aside>
</div></main>
<script nonce="{nonce}">{SCRIPT}</script></body></html>"""


def _back(shown: Shown) -> str:
    if shown.training_job_id:
        return f'<a href="{TOP}training?id={shown.training_job_id}">How it was trained</a>'
    return f'<a href="{TOP}model?id={shown.model_id}">About the model</a>'


def _field(number: int, feature: Feature) -> str:
    """A field, filled in with what a usual row holds; what training saw stands below it, and what is wrong with it.

    It has no `name`: the form would have a property of that name then, in place of its own `addEventListener`.
    """
    key, name = f"field-{number}", _attribute(feature.name)
    label = f'<label for="{key}">{escape(feature.name)}</label>'
    error = f'<div class="error" id="{key}-error" hidden></div>'
    common = f'id="{key}" data-column="{name}" data-kind="{feature.kind}"'
    usual = feature.reference
    if feature.kind == "date":
        told = partial(date_parts.text, is_time=feature.is_time_of_day)
        value = "" if feature.median is None else told(feature.median)
        seen = f"{told(feature.minimum or 0.0)} to {told(feature.maximum or 0.0)} in training"
        box = f'<input {common} value="{value}" aria-describedby="{key}-hint {key}-error">'
        return f'<div>{label}{box}<p class="hint" id="{key}-hint">{seen}</p>{error}</div>'
    if feature.kind == "number":
        value = "" if usual is None else f"{usual:.10g}"
        described, bounds, hint = f"{key}-error", "", ""
        if feature.minimum is not None and feature.maximum is not None:
            described = f"{key}-hint {described}"
            bounds = f' data-least="{feature.minimum:.10g}" data-most="{feature.maximum:.10g}"'
            hint = f'<p class="hint" id="{key}-hint"></p>'
        keys = (
            "text" if feature.minimum is not None and feature.minimum < 0 else "decimal"
        )  # some lack the minus
        box = f'<input {common} inputmode="{keys}" value="{value}"{bounds} aria-describedby="{described}">'
        return f"<div>{label}{box}{hint}{error}</div>"
    options = "".join(
        f'<option value="{_attribute(text)}"{" selected" if text == usual else ""}>{escape(text)}</option>'
        for text in feature.categories
    )
    box = f'<select {common} aria-describedby="{key}-error"><option value="">Not known</option>{options}</select>'
    return f"<div>{label}{box}{error}</div>"


def _attribute(text: str) -> str:
    """A value that a script reads back letter by letter: a browser turns a plain CR into a line feed."""
    return escape(text, quote=True).replace("\r", "&#13;")
