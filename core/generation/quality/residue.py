"""What a template or a model has left behind: placeholders, and words about being a model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from core.generation.quality.findings import Code, Finding
from core.generation.quality.talk import Talk, spans

# What stands in brackets where something was to be filled in.
_FILLED: Final = (
    r"your|insert|enter|placeholder|name|company|customer|client|agent|user|date|address|phone|e-?mail|number|product|"
    r"order|amount|price|city|country|link|url|website|title|team|department|id|reference|tracking|account|signature|"
    r"ihr|ihre|dein|deine|vorname|nachname|firma|kunde|kundenname|datum|adresse|telefonnummer|produkt|betrag|ort|"
    r"votre|nom|prénom|entreprise|numéro|montant|ville|tu|su|nombre|apellido|empresa|fecha|número|dirección|producto|"
    r"nome|cognome|azienda|data|numero|indirizzo|prodotto|seu|sua|endereço|uw|naam|bedrijf|datum|adres"
)
_PLACEHOLDERS: Final = (
    re.compile(r"\{\{[^{}\n]{0,80}\}\}"),
    re.compile(r"\{%[^{}\n]{0,80}%\}"),
    re.compile(r"\$\{[A-Za-z_][\w.]{0,60}\}"),
    re.compile(rf"(?<![\w/$={{])\{{(?:{_FILLED})\}}", re.IGNORECASE),
    re.compile(r"(?<![\w/$={])\{[A-Za-z]{2,20}(?:_[A-Za-z]{2,20}){1,3}\}"),
    re.compile(rf"\[(?:{_FILLED})(?=[\]\s_'’/:-])[^\[\]\n]{{0,50}}\](?!\()", re.IGNORECASE),
    re.compile(rf"\[[^\W\d_]{{1,20}}[ _'’-](?:[^\W\d_]{{1,20}}[ _'’-])?(?:{_FILLED})\](?!\()", re.IGNORECASE),
    re.compile(r"\[[XYZN]{1,4}\](?!\()"),
    re.compile(r"<(?:your|insert|enter|placeholder)[ _-][^<>\n]{1,50}>", re.IGNORECASE),
    re.compile(rf"<(?:[a-z]{{2,20}}[_ -])?(?:{_FILLED})(?:[_ -][a-z]{{2,20}}){{1,2}}>", re.IGNORECASE),
    re.compile(rf"<[a-z]{{2,20}}[_ -](?:{_FILLED})>", re.IGNORECASE),
    re.compile(rf"<(?:{_FILLED.upper()})>"),
    re.compile(r"</?variable\b[^<>\n]{0,120}>?"),
    re.compile(rf"(?<![\w%])%(?:{_FILLED})(?:_[a-z]{{1,20}})?%(?![\w%])", re.IGNORECASE),
    re.compile(rf"(?<!_)__(?:{_FILLED.upper()})(?:_[A-Z]{{1,20}})?__(?!_)"),
    re.compile(r"\blorem ipsum\b|\bdolor sit amet\b", re.IGNORECASE),
    re.compile(r"\b(?:TODO|FIXME|TBD):"),
    re.compile(r"(?<![\w-])X{4,12}(?:-X{2,12}){0,4}(?![\w-])"),
)
_ABOUT_ITSELF: Final = (
    re.compile(
        r"\bas an? (?:(?:ai |large )?language model|ai|artificial intelligence)\b(?! engineer| team| expert)"
        r"|\bi(?:['’]m| am) (?:just |only |merely )?an? (?:ai\b|artificial intelligence|large language|language model)"
        r"|\bas a (?:chatbot|virtual assistant|virtual ai)\b"
        r"|\bmy (?:training data|knowledge cut-?off|programming|training only)\b"
        r"|\bi (?:was|am) (?:trained|developed|created) by (?:openai|anthropic|google|meta|mistral)\b"
        r"|\bi(?:['’]m sorry,? but i)? (?:cannot|can['’]t|am unable to|['’]m unable to) "
        r"(?:fulfil+|comply with|assist with|help with) (?:this|that|your|the) request\b"
        r"|\b(?:here(?:['’]s| is)|below is) (?:the|a|an|your) (?:\w{1,20} ){0,3}(?:conversation|dialogue|dialog) "
        r"(?:between|about|as|that|you)\b"
        r"|\bi hope this (?:conversation|dialogue|dialog) (?:helps|meets|is)\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"\bals (?:eine? )?(?:ki|künstliche intelligenz|sprachmodell|ai)(?:\b|-)"
        r"|\bich bin (?:nur )?(?:eine? )?(?:ki\b|ki-|sprachmodell)"
        r"|\ben tant qu(?:e |['’]une? |['’])(?:ia\b|intelligence artificielle|modèle de lang|assistant virtuel)"
        r"|\bje suis une (?:ia\b|intelligence artificielle)"
        r"|\bcomo (?:una? |uma? )?(?:ia\b|intelig[eê]ncia artificial|modelo de (?:ia\b|lengua|lingua))"
        r"|\bsoy una (?:ia\b|inteligencia artificial)|\bsou uma (?:ia\b|inteligência artificial)"
        r"|\bcome (?:una |un['’]|un )?(?:ia\b|intelligenza artificiale|modello linguistico)"
        r"|\bsono un['’](?:ia\b|intelligenza)"
        r"|\bals (?:een )?(?:ai-|ai\b|taalmodel)|\bik ben (?:een )?(?:ai\b|ai-|taalmodel)",
        re.IGNORECASE,
    ),
)  # fmt: skip


def placeholders(talk: Talk) -> Iterator[Finding]:
    """Whatever was to be filled in and was not, outside of code."""
    for turn in talk.turns:
        taken: set[int] = set()
        for pattern in _PLACEHOLDERS:
            for start, end in spans(pattern, turn):
                if start not in taken:
                    taken.update(range(start, end))
                    yield Finding(Code.PLACEHOLDER, turn.idx, start, end, turn.text[start:end][:60])


def about_itself(talk: Talk) -> Iterator[Finding]:
    """The assistant as the model behind it: what it is, was trained on, refuses, or was asked to write."""
    for turn in talk.answers:
        for pattern in _ABOUT_ITSELF:
            for start, end in spans(pattern, turn):
                yield Finding(Code.ABOUT_ITSELF, turn.idx, start, end)
