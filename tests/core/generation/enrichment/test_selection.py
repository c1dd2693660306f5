"""Which conversations are enriched: one's own, each once; and what is said of the others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from core import db, llm
from core.generation.conversations.conversations import Filter
from core.generation.conversations.errors import NothingNamed, TooManyNamed
from core.generation.conversations.states import Status
from core.generation.enrichment import drafts, selection
from core.generation.enrichment.drafts import Wanted
from core.generation.enrichment.errors import NothingToEnrich
from core.generation.errors import CapMissing, CapTooLow, NoBatches
from core.generation.jobs import drafts as job_drafts
from core.generation.jobs import jobs
from core.generation.templates import choice, shipped, templates
from core.generation.templates.enrichment_text import ENRICHMENT
from core.generation.templates.errors import NotForWriting, NotItsAuthor
from core.settings import Settings
from tests import enrichments, generation
from tests.batches import Bench
from tests.principals import as_role
from tests.servers.claude import ClaudeServer


def test_each_that_is_not_taken_says_why(bench: Bench, claude: ClaudeServer, stranger: db.User) -> None:
    claude.always = enrichments.reply()
    new, enriched, open_one = generation.conversations(bench.user, 3)
    theirs, gone = generation.conversation(stranger), uuid4()
    bench.attempt(enrichments.create(bench, [enriched]))
    enrichments.create(bench, [open_one])
    for user, of_theirs in ((bench.user, "not_found"), (as_role(bench.user, "reviewer"), "owned_by_another")):
        with db.session_scope(user) as session:
            found = selection.select(session, ids=[new, enriched, open_one, theirs, gone, new])
            again = selection.select(session, ids=[new, enriched, open_one], again=True)
            by_filter = selection.select(session, asked=Filter())
        assert [row_id for row_id, _ in found.taken] == [row_id for row_id, _ in by_filter.taken] == [new]
        assert {row_id: error.code for row_id, error in found.refused.items()} == {
            enriched: "already_enriched", open_one: "being_enriched", theirs: of_theirs, gone: "not_found",
        }  # fmt: skip
        assert [row_id for row_id, _ in again.taken] == [new, enriched]
        others = {"owned_by_another": 1} if user.role == "reviewer" else {}
        assert by_filter.left_out == {"already_enriched": 1, "being_enriched": 1, **others}


def test_a_filter_that_finds_none_and_what_is_named_twice_or_too_often(
    small_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = generation.conversations(small_bench.user, 3)
    with db.session_scope(small_bench.user) as session:
        assert selection.select(session, asked=Filter(statuses=(Status.APPROVED,))).taken == []
        for both in ({}, {"ids": ids, "asked": Filter()}):
            with pytest.raises(NothingNamed):
                selection.select(session, **both)  # type: ignore[arg-type]
        with pytest.raises(TooManyNamed):
            selection.select(session, ids=[uuid4() for _ in range(selection.MOST_IDS + 1)])
        monkeypatch.setattr(selection, "MOST_ITEMS", 2)  # the limit, not a function of ours
        found = selection.select(session, asked=Filter())
    assert ([row_id for row_id, _ in found.taken], found.left_out) == (ids[:2], {"over_the_limit": 1})


def test_two_clicks_at_once_make_one_job(bench: Bench) -> None:
    ids = tuple(generation.conversations(bench.user, 4))
    shipped.ensure()
    provider = llm.provider(bench.settings)
    made = [
        drafts.draft(bench.user, provider=provider, wanted=Wanted(ids=ids, max_cost=10**9)).draft
        for _ in range(2)
    ]

    def click(draft: job_drafts.Draft | None) -> bool:
        assert draft is not None
        try:
            with db.session_scope(bench.user, write=True) as session:
                drafts.create(session, draft, estimate={})
        except NothingToEnrich:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(click, made)) == [False, True]


def test_a_cap_is_asked_for_where_money_flows_and_must_do_for_one(
    small_bench: Bench, settings: Settings
) -> None:
    ids = generation.conversations(small_bench.user, 1)
    with pytest.raises(CapMissing):
        enrichments.create(small_bench, ids, max_cost_usd=None)
    with pytest.raises(CapTooLow):
        enrichments.create(small_bench, ids, max_cost_usd=0.0000001)
    with pytest.raises(NoBatches):
        enrichments.create(Bench(settings, small_bench.user), ids, mode="batches")


def test_its_prompt_is_read_and_writes_no_conversation_and_is_nobodys_to_change(
    sqlite_database: db.Database, user: db.User
) -> None:
    shipped.ensure()
    admin = as_role(user, "admin")
    with db.session_scope(admin, write=True) as session:
        row = templates.get(session, template_id=ENRICHMENT.id)
        assert (row.name, row.version, row.author_id) == ("Enrichment", 1, None)
        listed = templates.listing(session, limit=50).items
        assert {one.template.id for one in listed} == {one.id for one in shipped.ALL}
        assert choice.choose(session, template_id=None, names=["product", "question"]).template.id != row.id
        with pytest.raises(NotForWriting):
            choice.choose(session, template_id=ENRICHMENT.id, names=["conversation"])
        with pytest.raises(NotItsAuthor):
            templates.add(
                session,
                name="Mine",
                prompt="{{ conversation }}",
                described=[{"name": "conversation"}],
                family_id=row.family_id,
            )


@pytest.mark.postgres
def test_anothers_enrichment_is_seen_by_nobody_but_admins_and_changed_by_nobody(
    postgres_database: db.Database, settings: Settings, user: db.User, stranger: db.User
) -> None:
    bench = Bench(settings, stranger)
    job_id = enrichments.create(bench, generation.conversations(stranger, 2), max_cost_usd=None)
    seen = {}
    for who in (user, as_role(user, "reviewer"), as_role(user, "admin")):
        with db.session_scope(who) as session:
            seen[who.role] = len(jobs.items(session, batch_job_id=job_id))
    assert seen == {"analyst": 0, "reviewer": 0, "admin": 2}
