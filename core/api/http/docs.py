"""`/api/docs`: the OpenAPI description as one page of our own, which loads nothing from anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

# No script at all: a page on our origin could ask the API for anything.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

_STYLE = """
:root { color-scheme: light dark; --line: light-dark(#d9dee5, #343b45); --soft: light-dark(#f4f6f8, #1d222a);
        --dim: light-dark(#5b6673, #9aa5b1); --ink: light-dark(#17202a, #e6eaef); --link: light-dark(#1456c4, #7fb0ff) }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1rem 4rem; font: 16px/1.5 system-ui, sans-serif;
       color: var(--ink); background: light-dark(#fff, #13171d) }
a { color: var(--link) } code { font: .9em ui-monospace, monospace } p { margin: .3rem 0 .8rem }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; overflow-x: auto }
summary { padding: .6rem .9rem; cursor: pointer; background: var(--soft) } summary span { color: var(--dim) }
details > div { padding: .4rem .9rem .8rem } b.method { display: inline-block; min-width: 4.5rem }
table { border-collapse: collapse; width: 100%; margin: .3rem 0 1rem } h3 { margin: 1rem 0 .2rem; font-size: 1rem }
td { border-top: 1px solid var(--line); padding: .35rem .8rem .35rem 0; vertical-align: top }
td:first-child { white-space: nowrap } .dim { color: var(--dim) }
@media (max-width: 40rem) {
  tr { display: block; border-top: 1px solid var(--line); padding: .3rem 0 }
  td { display: block; border: 0; padding: 0 }
}
"""

Json = Mapping[str, Any]


def page(schema: Json) -> str:
    """The whole page. schema: what OpenAPI says of the API; its paths are below the server's address."""
    info, server = schema["info"], next((s["url"] for s in schema.get("servers", [])), "")
    calls = [
        _call(method, server + path, operation)
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    ]
    shapes = [_shape(name, shape) for name, shape in sorted(schema["components"]["schemas"].items())]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])} API</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>{escape(info['title'])} API <small class='dim'>{escape(info['version'])}</small></h1>"
        f"<p>{_prose(info['description'])}</p>"
        f"<p>For programs: <a href='{escape(server)}/openapi.json'>openapi.json</a></p>"
        f"<h2>Calls</h2>{''.join(calls)}<h2>Shapes</h2>{''.join(shapes)}</body></html>"
    )


def _call(method: str, path: str, operation: Json) -> str:
    given = [
        (
            f"{_code(parameter['name'])} <span class='dim'>{escape(parameter['in'])}</span>",
            _type(parameter["schema"]),
            _prose(parameter.get("description") or parameter["schema"].get("description", "")),
        )
        for parameter in operation.get("parameters", [])
    ]
    body = operation.get("requestBody", {}).get("content", {})
    answers = [
        (_code(status), _contents(answer), _prose(answer["description"].replace("Successful Response", "")))
        for status, answer in operation["responses"].items()
    ]
    message = _prose(operation.get("description", ""))
    return (
        f"<details><summary><b class='method'>{method.upper()}</b> {_code(path)} <span>{message}</span></summary>"
        f"<div>{_table('Parameters', given)}{''.join(_body(kind, content) for kind, content in body.items())}"
        f"{_table('Answers', answers)}</div></details>"
    )


def _body(media_type: str, content: Json) -> str:
    shape = content["schema"]
    title = f"Body, {media_type}"
    if "properties" in shape:
        return _table(title, _fields(shape))
    return f"<h3>{escape(title)}</h3><p>{_type(shape)}</p>"


def _contents(answer: Json) -> str:
    return ", ".join(
        _type(content["schema"]) if content.get("schema") else escape(media_type)
        for media_type, content in answer.get("content", {}).items()
    )


def _shape(name: str, shape: Json) -> str:
    message = _prose(shape.get("description", ""))
    inside = _table("", _fields(shape)) if "properties" in shape else f"<p>{_type(shape)}</p>"
    summary = f"<summary>{_code(name)} <span>{message}</span></summary>"
    return f"<details id='{escape(name)}' open>{summary}<div>{inside}</div></details>"


def _fields(shape: Json) -> list[tuple[str, str, str]]:
    required = shape.get("required", [])
    return [
        (
            _code(name) + ("" if name in required else " <span class='dim'>optional</span>"),
            _type(field),
            _prose(field.get("description", "")),
        )
        for name, field in shape["properties"].items()
    ]


def _type(shape: Json) -> str:
    if "$ref" in shape:
        name = escape(shape["$ref"].rsplit("/", 1)[1])
        return f"<a href='#{name}'>{name}</a>"
    if "anyOf" in shape:
        return " or ".join(_type(choice) for choice in shape["anyOf"])
    if "enum" in shape:
        return " | ".join(_code(str(choice)) for choice in shape["enum"])
    if "const" in shape:
        return _code(str(shape["const"]))
    if "prefixItems" in shape:
        return f"[{', '.join(_type(item) for item in shape['prefixItems'])}]"
    if shape.get("type") == "array":
        return f"list of {_type(shape['items'])}"
    if isinstance(shape.get("additionalProperties"), dict):
        return f"by name, {_type(shape['additionalProperties'])}"
    kind = str(shape.get("format", shape.get("type", "anything")))
    bounds = [f"{name} {shape[name]}" for name in ("minimum", "maximum", "maxLength") if name in shape]
    return escape(" ".join([kind, *bounds]))


def _table(title: str, cells: Iterable[tuple[str, ...]]) -> str:
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in cells)
    heading = f"<h3>{escape(title)}</h3>" if title else ""
    return f"{heading}<table>{rows}</table>" if rows else ""


def _prose(text: str) -> str:
    """The first paragraph, what stands in backticks set as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text.split("\n")[0]))


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"
