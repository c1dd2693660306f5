"""The texts of the templates that come with the app, and what their ids are made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid5

from core.db.tables.generation.prompt_templates import PromptTemplateRow
from core.generation.templates import variables

NAMESPACE: Final = UUID("5a0c6a52-7a3b-5d0e-9f57-3f3d6c1f6b51")


@dataclass(frozen=True)
class Shipped:
    """A template as it ships. slug: names it for ever, whatever it is called."""

    slug: str
    name: str
    description: str
    system: str
    prompt: str
    variables: Sequence[Mapping[str, Any]]

    @property
    def family_id(self) -> UUID:
        return uuid5(NAMESPACE, self.slug)

    @property
    def id(self) -> UUID:
        """Of the version that has this very text."""
        text = json.dumps(
            [self.name, self.description, self.system, self.prompt, self.variables], sort_keys=True
        )
        return uuid5(self.family_id, hashlib.sha256(text.encode()).hexdigest())

    def row(self, *, version: int) -> PromptTemplateRow:
        return PromptTemplateRow(
            id=self.id,
            family_id=self.family_id,
            version=version,
            author_id=None,
            name=self.name,
            description=self.description,
            system=self.system,
            prompt=self.prompt,
            variables=[variable.to_json() for variable in variables.parse(self.variables)],
        )


_LENGTH: Final = {
    "name": "length",
    "kind": "choice",
    "options": ["short", "medium", "long"],
    "default": "medium",
    "description": "Short is 2 messages, medium 4 to 6, long 8 to 12.",
}
_LANGUAGE: Final = {
    "name": "language",
    "default": "English",
    "description": "The language in which both of them write.",
}
_HOW_LONG: Final = """\
{% if length == "short" %}
Write exactly 2 messages: what the first person asks, and one complete answer.
{% elif length == "long" %}
Write 8 to 12 messages. Let details come up one after another, as in a real conversation.
{% else %}
Write 4 to 6 messages.
{% endif %}
Write in this language: {{ language }}"""
_CRAFT: Final = """\
You write conversations that are used to train assistants, so what the assistant says in them must be worth imitating. \
It is correct, specific and kind, says plainly what it does not know, and never promises what it can't keep. People \
write the way people do: different lengths, an unfinished thought, a detail that matters later. Use no names of real \
people or companies, no e-mail addresses, phone numbers or order numbers, and no placeholders such as [Name]."""

ALL: Final[Sequence[Shipped]] = (
    Shipped(
        slug="support-question",
        name="Support: product question",
        description="A customer asks how something works, and a support agent helps them get it done.",
        system=f"{_CRAFT}\n\nThe user is a customer; the assistant is a support agent of the company that makes the "
        "product.",
        prompt=f"""\
Write a support conversation about a question.

Product: {{{{ product }}}}
What the customer wants to know: {{{{ question }}}}
How the agent sounds: {{{{ tone }}}}
{{% if level == "new" %}}
The customer is new to the product. The agent explains each term it uses and gives one step at a time.
{{% elif level == "expert" %}}
The customer knows the product well. The agent is brief and goes straight to the point.
{{% endif %}}

The agent first makes sure that it has understood, asks at most one question at a time, and gives steps that can \
be followed as written. At the end the customer can do what they came for, or knows exactly what happens next.

{_HOW_LONG}""",
        variables=(
            {"name": "product", "description": "What it is about, such as: a photo app for phones."},
            {"name": "question", "description": "What the customer wants to know or do."},
            {
                "name": "tone",
                "kind": "choice",
                "options": ["friendly", "neutral", "formal"],
                "default": "friendly",
                "description": "How the agent sounds.",
            },
            {
                "name": "level",
                "kind": "choice",
                "options": ["new", "familiar", "expert"],
                "default": "familiar",
                "description": "How well the customer knows the product.",
            },
            _LENGTH,
            _LANGUAGE,
        ),
    ),
    Shipped(
        slug="support-complaint",
        name="Support: complaint",
        description="Something went wrong, and a support agent makes it right without empty apologies.",
        system=f"{_CRAFT}\n\nThe user is a customer with a complaint; the assistant is a support agent who may act "
        "only within what the prompt allows.",
        prompt=f"""\
Write a support conversation about a complaint.

Product: {{{{ product }}}}
What went wrong: {{{{ complaint }}}}
The customer's mood at the start: {{{{ mood }}}}
{{% if remedy %}}
What the agent may offer: {{{{ remedy }}}}
{{% else %}}
The agent may offer no money and no replacement, only to find out what happened and to see that it is dealt with.
{{% endif %}}

The agent says once, in its own words, what it has understood and that it is sorry; then it acts. It asks only \
for what it needs, says what it will do and by when, and does not blame the customer or anybody else. The \
customer's mood changes only if there is a reason for it.

{_HOW_LONG}""",
        variables=(
            {"name": "product", "description": "What was bought, such as: a washing machine."},
            {"name": "complaint", "description": "What went wrong, from the customer's side."},
            {
                "name": "mood",
                "kind": "choice",
                "options": ["calm", "disappointed", "angry", "worried"],
                "default": "disappointed",
                "description": "How the customer feels at the start.",
            },
            {
                "name": "remedy",
                "required": False,
                "description": "What the agent may offer, such as: a refund within 30 days.",
            },
            _LENGTH,
            _LANGUAGE,
        ),
    ),
    Shipped(
        slug="sales-discovery",
        name="Sales: first conversation",
        description="Somebody looks for a solution; a seller finds out what they need before offering anything.",
        system=f"{_CRAFT}\n\nThe user may want to buy; the assistant sells, and would rather lose a sale than sell "
        "what does not fit.",
        prompt=f"""\
Write a first sales conversation.

What is sold: {{{{ product }}}}
Who asks: {{{{ buyer }}}}
What they need: {{{{ need }}}}
{{% if budget %}}
What they can spend: {{{{ budget }}}}
{{% endif %}}

The seller asks about the situation before it speaks of the product, one question at a time, and takes up what \
was answered. It then says in two or three sentences how the product helps with exactly that, and where it does \
not. No superlatives, no pressure, no made-up figures. The conversation ends with one small next step that both \
agree on.

{_HOW_LONG}""",
        variables=(
            {"name": "product", "description": "What is sold, such as: scheduling software for clinics."},
            {"name": "buyer", "description": "Who asks, such as: the head of a small clinic."},
            {"name": "need", "description": "What they need, in their words."},
            {"name": "budget", "required": False, "description": "What they can spend, if they say so."},
            _LENGTH,
            _LANGUAGE,
        ),
    ),
    Shipped(
        slug="sales-objection",
        name="Sales: objection",
        description="A buyer hesitates for a reason; a seller takes the reason seriously and answers it.",
        system=f"{_CRAFT}\n\nThe user is a buyer who hesitates; the assistant sells, and takes every doubt seriously.",
        prompt=f"""\
Write a sales conversation in which a buyer has a doubt.

What is sold: {{{{ product }}}}
The buyer's doubt: {{{{ objection }}}}
{{% if facts %}}
What the seller may say about it: {{{{ facts }}}}
{{% else %}}
The seller knows no figures about it and names none; it offers to find out, or a way to see for oneself.
{{% endif %}}
How the buyer comes across: {{{{ attitude }}}}

The seller asks what is behind the doubt, admits what is true of it, and answers with facts or a trial rather \
than with praise. The buyer may stay unconvinced: then the seller says so kindly and leaves the door open.

{_HOW_LONG}""",
        variables=(
            {"name": "product", "description": "What is sold."},
            {
                "name": "objection",
                "description": "The doubt, such as: it is too expensive for a team of five.",
            },
            {
                "name": "facts",
                "required": False,
                "description": "What is true about it and may be said, such as prices or terms.",
            },
            {
                "name": "attitude",
                "kind": "choice",
                "options": ["curious", "sceptical", "in a hurry"],
                "default": "sceptical",
                "description": "How the buyer comes across.",
            },
            _LENGTH,
            _LANGUAGE,
        ),
    ),
    Shipped(
        slug="coaching-goal",
        name="Coaching: reaching a goal",
        description="Somebody wants to get somewhere; a coach helps them find a first step of their own.",
        system=f"{_CRAFT}\n\nThe user is being coached; the assistant is a coach, who asks more than it advises. It "
        "gives no medical, legal or financial advice, and says where somebody else is needed.",
        prompt=f"""\
Write a coaching conversation about a goal.

The goal: {{{{ goal }}}}
{{% if obstacle %}}
What is in the way: {{{{ obstacle }}}}
{{% endif %}}
How the coach works: {{{{ style }}}}

The coach finds out why the goal matters, what was tried already, and what the person can change themselves. It \
says in its own words what it has heard, asks open questions, and offers an idea only after asking. At the end \
the person has chosen one step, with a day for it.

{_HOW_LONG}""",
        variables=(
            {"name": "goal", "description": "What the person wants to reach."},
            {"name": "obstacle", "required": False, "description": "What is in the way."},
            {
                "name": "style",
                "kind": "choice",
                "options": ["warm", "direct", "playful"],
                "default": "warm",
                "description": "How the coach works.",
            },
            _LENGTH,
            _LANGUAGE,
        ),
    ),
    Shipped(
        slug="coaching-conversation",
        name="Coaching: a difficult conversation",
        description="Somebody has to say something hard to another person, and prepares for it with a coach.",
        system=f"{_CRAFT}\n\nThe user prepares for a difficult conversation; the assistant is a coach, on nobody's "
        "side but fair to whoever is not there.",
        prompt=f"""\
Write a coaching conversation that prepares for another one.

What it is about: {{{{ situation }}}}
With whom: {{{{ counterpart }}}}
{{% if fear %}}
What the person is afraid of: {{{{ fear }}}}
{{% endif %}}

The coach first lets the person tell what happened, and parts what they saw from what they make of it. Together \
they find what the person wants to come of it, and how the other may see things. They try out an opening \
sentence, and the coach says honestly how it sounds. At the end the person has two or three sentences of their \
own to begin with.

{_HOW_LONG}""",
        variables=(
            {"name": "situation", "description": "What has to be talked about."},
            {
                "name": "counterpart",
                "kind": "choice",
                "options": ["an employee", "a manager", "a colleague", "a customer", "a friend"],
                "default": "a colleague",
                "description": "Who the other person is.",
            },
            {"name": "fear", "required": False, "description": "What the person is afraid might happen."},
            _LENGTH,
            _LANGUAGE,
        ),
    ),
)
