"""The page of one batch job, in each of its states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core import access, db, queue
from core.db.tables.generation.batch_jobs import BatchCallRow, BatchItemRow, BatchJobRow
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.users import UserRow
from core.errors import AppError
from core.generation import errors
from core.generation.conversations import conversations
from core.generation.conversations.conversations import Filter
from core.generation.conversations.states import Status
from core.generation.templates import shipped
from core.settings import Settings
from core.ui.jobs import items as job_items
from core.ui.jobs import progress
from tests import enrichments
from tests.batches import Bench, with_provider
from tests.journeys import ask
from tests.pages import scored
from tests.pages.conftest import abandon, attempt, confirm, keyed, texts
from tests.servers.claude import Answer, ClaudeServer, message

OpenPage = Callable[..., AppTest]
BAD = Answer(body=message('{"messages": [\n "oh"'))
REFUSAL = Answer(body=message("", stop_reason="refusal"))


@pytest.fixture
def claude() -> Iterator[ClaudeServer]:
    """A fresh server."""
    with ClaudeServer() as server:
        yield server


@pytest.fixture
def bench(reader: db.User, settings: Settings) -> Bench:
    """The reader's jobs are written by the offline generator."""
    return Bench(settings, reader)


@pytest.fixture
def paid(reader: db.User, settings: Settings, claude: ClaudeServer, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The reader's jobs are paid for."""
    config = with_provider(settings, claude.url)
    for name, value in config.environment().items():
        monkeypatch.setenv(name, value)
    return Bench(config, reader)


def offline(bench: Bench, n_items: int = 3) -> UUID:
    return bench.create(n_items, max_cost_usd=None)


def paused(job_id: UUID, reason: AppError) -> None:
    """Have the job be paused as its worker would leave it."""
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(
            sa.update(BatchJobRow)
            .where(BatchJobRow.id == job_id)
            .values(status="paused", reason=queue.Reason.of(reason).to_json())
        )


def test_a_job_that_is_not_there_is_said_with_the_way_to_the_list(open_page: OpenPage) -> None:
    app = open_page("job.py", id=uuid4())
    assert not app.exception
    assert app.title[0].value == "Batch job not found"
    assert "There is no batch job with the id" in app.error[0].value
    app.button(key="view_all").click().run()
    assert app.title[0].value == "Batch jobs"


def test_without_a_worker_one_item_is_done_by_hand(
    open_page: OpenPage, bench: Bench, done_by_hand: list[UUID]
) -> None:
    job_id = offline(bench)
    app = open_page("job.py", id=job_id)
    assert "**No worker is running.** :gray[· 3\u00a0items waiting]" in texts(app)
    app.button(key="one_by_hand").click().run()
    assert done_by_hand == [bench.job(job_id).task_id]
    attempt(bench, job_id)
    assert bench.states(job_id) == ["completed", "queued", "queued"]
    assert "1 of 3" in texts(open_page("job.py", id=job_id))


def test_without_a_worker_all_items_are_done_by_hand(
    open_page: OpenPage, bench: Bench, done_by_hand: list[UUID]
) -> None:
    job_id = offline(bench)
    app = open_page("job.py", id=job_id)
    app.button(key="all_by_hand").click().run()
    assert done_by_hand == [bench.job(job_id).task_id]
    attempt(bench, job_id)
    assert bench.states(job_id) == ["completed"] * 3


def test_what_its_worker_left_half_done_can_be_done_by_hand(open_page: OpenPage, bench: Bench) -> None:
    job_id = offline(bench)
    abandon(bench.job(job_id).task_id)
    assert open_page("job.py", id=job_id).button(key="all_by_hand").label == "Do all 3"


def test_by_hand_without_a_runner_is_refused_with_its_cure(open_page: OpenPage, bench: Bench) -> None:
    app = open_page("job.py", id=offline(bench))
    app.button(key="all_by_hand").click().run()
    assert not app.exception
    assert "This process can't run tasks right now" in app.error[0].value


def test_it_looks_again_while_it_is_pending_and_stops_once_it_is_settled(
    open_page: OpenPage, bench: Bench, intervals: list[float | None]
) -> None:
    job_id = offline(bench)
    app = open_page("job.py", id=job_id)
    assert intervals == [progress.REFRESH_S, job_items.REFRESH_S]
    attempt(bench, job_id)
    app.run()
    assert intervals[-1] is None
    assert "3 of 3" in texts(app)


def test_what_the_offline_generator_wrote_says_so(open_page: OpenPage, bench: Bench) -> None:
    job_id = offline(bench)
    attempt(bench, job_id)
    said = texts(open_page("job.py", id=job_id))
    assert "OFFLINE" in said
    assert "Completed" in said


def test_its_log_is_linked_and_not_drawn(open_page: OpenPage, bench: Bench) -> None:
    job_id = offline(bench)
    app = open_page("job.py", id=job_id)
    (link,) = (link for link in app.get("link_button") if link.proto.label == "Log")
    assert link.proto.url == f"/api/batch-jobs/{job_id}/log"


def test_failures_are_grouped_by_their_reason_and_can_be_retried(
    open_page: OpenPage, paid: Bench, claude: ClaudeServer
) -> None:
    job_id = paid.create(6)
    claude.next.extend([REFUSAL] * 2)
    attempt(paid, job_id)
    app = open_page("job.py", id=job_id)
    assert "**2\u00a0items** · The provider refused to write this" in texts(app)
    app.button(key="retry_failed").click().run()
    assert paid.job(job_id).status == "queued"
    assert sorted(paid.states(job_id)) == ["completed"] * 4 + ["queued"] * 2


def test_what_a_reply_lacked_is_said_with_its_place(
    open_page: OpenPage, paid: Bench, claude: ClaudeServer
) -> None:
    job_id = paid.create(1)
    claude.next.extend([BAD] * 3)
    attempt(paid, job_id)
    app = open_page("job.py", id=job_id)
    assert "it is no valid JSON, line 2" in texts(app).replace("\\", "")
    assert "Not one of 1" in app.error[0].value


def test_requests_that_may_be_paid_twice_are_told(open_page: OpenPage, paid: Bench) -> None:
    job_id = paid.create(2)
    attempt(paid, job_id)
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(
            sa.update(BatchCallRow)
            .where(BatchCallRow.batch_job_id == job_id, BatchCallRow.item_idx == 0)
            .values(is_repeated=True, cost=20_000_000)
        )
    assert "Possibly paid twice: \\$0\\.02 (1\u00a0request)" in texts(open_page("job.py", id=job_id))


def test_a_job_is_paused_and_goes_on(open_page: OpenPage, bench: Bench) -> None:
    job_id = offline(bench)
    app = open_page("job.py", id=job_id)
    app.button(key="pause").click().run()
    assert bench.job(job_id).status == "paused"
    assert "You paused this batch job." in texts(app).replace("\\", "")
    app.button(key="resume").click().run()
    assert bench.job(job_id).status == "queued"


def test_at_its_limit_it_is_resumed_with_a_higher_one(open_page: OpenPage, paid: Bench) -> None:
    job_id = paid.create(2, max_cost_usd=0.5)
    paused(job_id, errors.CapReached(spent="$0.49", cap="$0.50", worst="$0.02"))
    app = open_page("job.py", id=job_id)
    app.button(key="resume").click().run()
    app.number_input(key="new_cap").set_value(2.0)
    app.button(key="resume").click()
    app.button(key="resume_higher").click().run()
    job = paid.job(job_id)
    assert (job.status, job.max_cost) == ("queued", 2_000_000_000)


def test_a_limit_below_what_is_spent_is_refused_in_the_dialog(open_page: OpenPage, paid: Bench) -> None:
    job_id = paid.create(2, max_cost_usd=0.5)
    attempt(paid, job_id)
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(
            sa.update(BatchCallRow).where(BatchCallRow.batch_job_id == job_id).values(cost=300_000_000)
        )
    paused(job_id, errors.CapReached(spent="$0.60", cap="$0.50", worst="$0.02"))
    app = open_page("job.py", id=job_id)
    app.button(key="resume").click().run()
    app.number_input(key="new_cap").set_value(0.55)
    app.button(key="resume").click()
    app.button(key="resume_higher").click().run()
    assert "are spent already" in app.error[0].value.replace("\\", "")
    assert paid.job(job_id).status == "paused"


def test_a_silent_provider_is_said_while_the_job_goes_on(open_page: OpenPage, paid: Bench) -> None:
    job_id = paid.create(2)
    paid.claim(job_id)
    silent = queue.Reason.of(errors.NothingAnswers(provider="Claude", since="12:04 UTC"))
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(
            sa.update(BatchJobRow).where(BatchJobRow.id == job_id).values(reason=silent.to_json())
        )
    app = open_page("job.py", id=job_id)
    assert "Claude has not answered since 12:04 UTC" in app.warning[0].value.replace("\\", "")


def test_a_cancellation_is_confirmed_first(open_page: OpenPage, bench: Bench) -> None:
    job_id = offline(bench)
    app = open_page("job.py", id=job_id)
    app.button(key="cancel").click().run()
    assert "would never be asked for" in texts(app)
    assert bench.job(job_id).status == "queued"
    confirm(app, key="cancel")
    assert bench.job(job_id).status == "cancelled"


def conversations_of(job_id: UUID) -> int:
    """How many anybody is shown."""
    return ask(access.local_user(), partial(conversations.counts, asked=Filter(batch_job_id=job_id)))[
        Status.PENDING
    ]


def test_a_deletion_is_confirmed_first_leads_to_the_list_and_can_be_undone(
    open_page: OpenPage, bench: Bench
) -> None:
    job_id = offline(bench)
    attempt(bench, job_id)
    app = open_page("job.py", id=job_id)
    app.button(key="delete").click().run()
    assert "Its 3\u00a0conversations stay" in texts(app)
    confirm(app, key="delete")
    assert not app.exception
    assert app.title[0].value == "Batch jobs"
    assert "Talks" not in {button.label for button in app.button}
    assert conversations_of(job_id) == 3
    assert "Deleted **Talks**." in texts(app)
    keyed(app.button, "undo_deletion").click().run()
    assert not app.exception
    assert app.toast[0].value == "Restored."
    assert "Deleted **Talks**" not in texts(app)
    assert not [button for button in app.button if (button.key or "").startswith("undo_deletion")]
    assert open_page("job.py", id=job_id).title[0].value == "Talks"


def test_its_conversations_go_with_it_only_where_that_is_ticked_and_approved_ones_where_it_is_typed(
    open_page: OpenPage, bench: Bench
) -> None:
    job_id = offline(bench)
    attempt(bench, job_id)
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(
            sa.update(ConversationRow).where(ConversationRow.idx == 0).values(status=Status.APPROVED)
        )
    app = open_page("job.py", id=job_id)
    app.button(key="delete").click()
    app.run()
    app.button(key="delete").click()
    app.checkbox(key="with_conversations").check().run()
    assert keyed(app.button, "confirm_delete").label == "Delete batch job and 2\u00a0conversations"
    app.button(key="delete").click()
    app.text_input(key="type_approved").input("delete 1 approved").run()
    assert keyed(app.button, "confirm_delete").label == "Delete batch job and 3\u00a0conversations"
    app.button(key="delete").click()
    keyed(app.button, "confirm_delete_3").click().run()
    assert not app.exception
    assert "Deleted **Talks** and 3\u00a0conversations." in texts(app)
    assert conversations_of(job_id) == 0


def test_items_are_shown_by_state_and_page_as_the_address_says(bench: Bench) -> None:
    job_id = offline(bench, 120)
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(
            sa.update(BatchItemRow)
            .where(BatchItemRow.batch_job_id == job_id, BatchItemRow.idx >= 60)
            .values(state="failed", error=queue.Reason.of(errors.ContextFull()).to_json())
        )
    app = scored.open_page("job.py", id=str(job_id), state="failed", page="2")
    shown = app.dataframe[0].value
    assert list(shown["#"]) == list(range(111, 121))
    assert set(shown["Problem "]) == {errors.ContextFull().message}
    assert "51–60 of 60\u00a0items" in texts(app)


def test_words_of_users_are_drawn_as_text(open_page: OpenPage, bench: Bench) -> None:
    job_id = bench.create(1, max_cost_usd=None, name="**bold** :red[x] <b>y</b>")
    app = open_page("job.py", id=job_id)
    assert app.title[0].value == "\\*\\*bold\\*\\* \\:red\\[x\\] \\<b\\>y\\</b\\>"


def test_somebody_elses_job_can_be_looked_at_by_an_admin_and_no_more(
    open_page: OpenPage, bench: Bench
) -> None:
    job_id = offline(bench)
    mallory = uuid4()
    with db.session_scope(db.WORKER, write=True) as session:
        session.add(UserRow(id=mallory, name="Mallory", issuer="https://id.example", subject="m"))
        session.flush()
        session.execute(sa.update(BatchJobRow).where(BatchJobRow.id == job_id).values(user_id=mallory))
    app = open_page("job.py", id=job_id)
    assert "You are viewing the work of **Mallory**" in app.info[0].value
    assert not {"pause", "cancel", "delete", "all_by_hand"} & {button.key for button in app.button}


def test_conversations_are_enriched_by_a_button_that_tells_the_price_first(
    open_page: OpenPage, paid: Bench, claude: ClaudeServer
) -> None:
    shipped.ensure()
    job_id = paid.create(3)
    attempt(paid, job_id)
    app = open_page("job.py", id=job_id)
    app.button(key="enrich").click().run()
    assert "**3\u00a0conversations**" in texts(app)
    assert "It will cost" in texts(app)
    app.button(key="enrich").click()
    app.button(key="enrich_start").click().run()
    assert not app.exception
    (made,) = enrichments_of(paid)
    assert (made.kind, made.n_items, made.name, made.max_cost is not None) == (
        "enrich", 3, "Enrich Talks", True,
    )  # fmt: skip
    claude.always = enrichments.reply({**enrichments.FOUND, "topics": [":red[no] **markup**"]})
    attempt(paid, made.id)
    app = open_page("job.py", id=made.id)
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table["Topics"]) == [":red[no] **markup**"] * 3
    assert list(table["Begins with"]) == ["Hello."] * 3
    assert "review" not in {one.key for one in app.button}
    assert "enrich" not in {one.key for one in open_page("job.py", id=job_id).button}, (
        "nothing is left to enrich"
    )


def test_an_enrichment_that_followed_by_itself_is_one_click_from_its_job(
    open_page: OpenPage, bench: Bench
) -> None:
    shipped.ensure()
    job_id = bench.create(2, max_cost_usd=None, auto_enrich=True)
    attempt(bench, job_id)
    (made,) = enrichments_of(bench)
    app = open_page("job.py", id=job_id)
    assert not app.exception
    assert "enrich" not in {one.key for one in app.button}, "it is under way"
    assert "Its enrichment" in [link.proto.label for link in app.get("page_link")]
    back = open_page("job.py", id=made.id)
    assert not back.exception
    assert "Its conversations' job" in [link.proto.label for link in back.get("page_link")]


def enrichments_of(bench: Bench) -> list[BatchJobRow]:
    with db.session_scope(bench.user) as scope:
        rows = sa.select(BatchJobRow).where(BatchJobRow.kind == "enrich")
        found = list(scope.execute(rows).scalars())
        scope.expunge_all()
        return found
