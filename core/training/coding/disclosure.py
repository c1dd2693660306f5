"""What will be sent to Claude and what it may cost, said before anybody has clicked; by the code that sends it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from core import llm
from core.db.tables.uploads import UploadRow
from core.errors import counted
from core.llm import ProviderKind, tokens
from core.llm.prices import usd
from core.settings import Settings, part
from core.settings.parts.training import TrainingSettings
from core.training.coding import prompts
from core.training.coding.outline import Outline
from core.training.coding.rounds import AFTER_RUN
from core.training.sources.extract import MOST_CHARACTERS
from core.uploads import uploads
from core.uploads.report.profile import ColumnProfile

NOT_READ: Final = f"(What the page says, at most {MOST_CHARACTERS:,} characters of it.)"
NOT_SET_UP: Final = "Claude is not set up here."
TOKENS_OF_A_FAILURE: Final = (
    prompts.MAX_TOKENS + 25_000
)  # the code that failed, and 40 lines of what it printed


def is_by_claude(config: Settings) -> bool:
    """Whether Claude is asked for code here."""
    return llm.provider(config).kind is ProviderKind.ANTHROPIC


def who(config: Settings) -> str:
    """Who is asked, as a sentence names it: with the address of a gateway."""
    return llm.provider(config).label


def columns(upload: UploadRow) -> Sequence[ColumnProfile]:
    """Those that are described. upload: with its receipt."""
    return uploads.examination_of(upload).columns


def question(
    upload: UploadRow, *, target: str, goal: str, with_values: bool, resources: Sequence[str] = ()
) -> str:
    """The very text that is sent first, with NOT_READ in place of what the pages say."""
    table = Outline.of(upload, target=target).text(with_values=with_values)
    pages = [prompts.Known(address, NOT_READ) for address in resources]
    return prompts.question(goal=goal.strip(), table=table, pages=pages)


def cost(config: Settings, asked: str, *, n_pages: int) -> str:
    """What it may cost, as a sentence. asked: what `question` returns."""
    provider = llm.provider(config)
    model, now = provider.default_model, datetime.now(UTC)
    longest = asked + "x" * (n_pages * MOST_CHARACTERS)
    request = prompts.request(longest, model=model, limit_s=part(config, TrainingSettings).training_limit_s)
    n_input = tokens.rough_count(request).n
    try:
        dearest = sum(
            provider.prices.worst_case(model, n_input + more, request.max_tokens, now)
            for more in (0, 0, TOKENS_OF_A_FAILURE)
        )
    except llm.UnknownPrice as unknown:
        return f"{unknown.message} The built-in template will be used."
    return f"{model} is asked up to {counted(AFTER_RUN, 'time')}: about {usd(dearest)} if all are needed."
