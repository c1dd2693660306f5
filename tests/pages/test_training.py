"""Workspace and a training's page: triggered once, watched, and said in words when it can't be."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core import db, queue
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.db.types import now_plus
from core.queue import TaskState
from core.settings import Settings
from core.training import jobs, states
from core.training.deployments import deployments
from core.training.deployments import states as deployment_states
from core.training.deployments.states import Status as Live
from core.training.states import Status
from core.ui.training.workspace import trainings_list
from tests import journeys, made
from tests.pages.conftest import texts
from tests.servers.e2b import E2BServer
from tests.trainings import TINY, Bench, require_sandbox

OpenPage = Callable[..., AppTest]


@pytest.fixture
def bench(reader: db.User, settings: Settings) -> Bench:
    """The reader's own installation."""
    require_sandbox(settings.data_dir)
    return Bench(settings, reader)


def trainings(user: db.User) -> list[UUID]:
    return [job.id for job in journeys.ask(user, lambda session: jobs.page(session).items)]


def test_without_a_file_it_leads_to_one(open_page: OpenPage) -> None:
    app = open_page("workspace.py")
    assert not app.exception
    assert "Upload one first" in texts(app)
    app.button(key="upload_first").click().run()
    assert not app.exception


def test_trigger_makes_a_training_and_leads_to_its_page(open_page: OpenPage, bench: Bench) -> None:
    bench.upload()
    app = open_page("workspace.py")
    app.text_area(key="training_goal").set_value("Who leaves?")
    app.button(key="trigger").click().run()
    assert not app.exception
    (training_job_id,) = trainings(bench.user)
    assert bench.job(training_job_id).goal == "Who leaves?"
    assert "No worker is running" in texts(app)
    assert "Waiting" in texts(app)


def test_what_is_stated_of_rows_and_of_the_threshold_is_triggered_and_filled_in_again(
    open_page: OpenPage, bench: Bench
) -> None:
    bench.upload()
    app = open_page("workspace.py")
    upload_id = bench.upload().id
    app.selectbox(key=f"validation_{upload_id}").set_value("groups").run()
    assert app.button(key="trigger").disabled
    app.selectbox(key=f"group_column_{upload_id}").set_value("contract").run()
    app.multiselect(key=f"keep_{upload_id}").set_value(["contract"]).run()
    app.selectbox(key=f"stated_threshold_{upload_id}").set_value("by_hand").run()
    app.number_input(key=f"stated_probability_{upload_id}").set_value(0.3).run()
    app.button(key="trigger").click().run()
    assert not app.exception
    (training_job_id,) = trainings(bench.user)
    task = bench.job(training_job_id).task
    assert task is not None
    told = {name: task.payload[name] for name in ("validation", "keep", "threshold")}
    assert told == {"validation": {"group_column": "contract"}, "keep": ["contract"], "threshold": 0.3}
    again = open_page("workspace.py", like=training_job_id)
    key = f"{upload_id}_{training_job_id}"
    assert again.selectbox(key=f"group_column_{key}").value == "contract"
    assert again.multiselect(key=f"keep_{key}").value == ["contract"]
    assert again.number_input(key=f"stated_probability_{key}").value == 0.3


def test_what_can_not_be_learnt_is_said_before_the_click(open_page: OpenPage, bench: Bench) -> None:
    rows = "".join(f"{n},same\n" for n in range(80))
    bench.upload(f"n,churned\n{rows}".encode())
    app = open_page("workspace.py")
    app.selectbox[1].set_value("churned").run()
    assert app.button(key="trigger").disabled
    assert "Every row has the same value" in texts(app)


def test_a_column_of_hundreds_of_texts_is_refused_before_the_click(open_page: OpenPage, bench: Bench) -> None:
    rows = "".join(f"{n},remark number {n % 600} of many\n" for n in range(1200))
    bench.upload(f"n,remark\n{rows}".encode())
    app = open_page("workspace.py")
    app.selectbox[1].set_value("remark").run()
    assert app.button(key="trigger").disabled
    assert "has 600 different values; a model can learn at most 50" in texts(app).replace("\\", "")


def test_a_training_that_ended_shows_its_figures_and_its_live_app(open_page: OpenPage, bench: Bench) -> None:
    job = bench.attempt(bench.trigger(code=TINY))
    assert job.status == "succeeded", job.reason
    app = open_page("training.py", id=job.id, open="")
    assert not app.exception
    assert "Starting" in texts(app)  # its app, which nobody keeps here
    for tab in ("curves", "log", "code", "data", "environment"):
        app = open_page("training.py", id=job.id, tab=tab)
        assert not app.exception
    app = open_page("model.py", id=job.model_id)
    assert not app.exception
    assert "ROC-AUC" in {metric.label for metric in app.metric}
    assert "across resamples of unseen rows" in texts(app)
    assert "folds" not in texts(app)
    assert len(app.get("plotly_chart")) == 1, "of columns that nobody weighed there is no chart"
    assert not open_page("models.py").exception
    assert not open_page("home.py").exception


def test_a_failure_has_its_reason_its_last_lines_and_a_retry(open_page: OpenPage, bench: Bench) -> None:
    code = "import sys\nprint('going down')\nprint('Nobody left.', file=sys.stderr)\nraise SystemExit(3)"
    job = bench.attempt(bench.trigger(code=code))
    app = open_page("training.py", id=job.id)
    assert r"ended with exit code 3\: Nobody left\." in texts(app)
    assert "going down" in next(code.value for code in app.code)
    assert "The last 3 lines that were printed" in texts(app)
    assert texts(app).count("exit code 3") == 1, "no finding is said twice"
    app.button(key="retry").click().run()
    assert not app.exception
    assert len(trainings(bench.user)) == 2


def test_a_failure_whose_file_is_gone_is_not_offered_again_as_it_was(
    open_page: OpenPage, bench: Bench
) -> None:
    training_job_id = bench.trigger()
    bench.settle(bench.claim(training_job_id), TaskState.FAILED, reason=queue.Reason(code="x", message="No."))
    bench.change(training_job_id, upload_id=None)
    app = open_page("training.py", id=training_job_id)
    assert {button.key for button in app.button} >= {"like"}
    assert "retry" not in {button.key for button in app.button}


def test_a_training_that_was_cancelled_is_no_error(open_page: OpenPage, bench: Bench) -> None:
    training_job_id = bench.trigger()
    with db.session_scope(bench.user, write=True) as session:
        jobs.cancel(session, training_job_id=training_job_id)
    app = open_page("training.py", id=training_job_id)
    assert "This training was cancelled" in texts(app)
    assert not app.error


def test_the_code_is_compared_with_the_version_before(open_page: OpenPage, bench: Bench) -> None:
    for code in (TINY, TINY, TINY.replace('print("made")', 'print("made anew")')):
        job = bench.attempt(bench.trigger(code=code, name="Who leaves"))
        assert job.status == "succeeded", job.reason
    first, second, third = reversed(trainings(bench.user))

    def shown(training_job_id: UUID) -> str:
        return texts(open_page("training.py", id=training_job_id, tab="code"))

    assert "since v" not in shown(first)
    assert "Same code as v1" in shown(second)
    app = open_page("training.py", id=third, tab="code")
    assert "1 line added and 1 removed since v2" in texts(app).replace("\u00a0", " ")
    (whole,) = [code.value for code in app.code if code.language == "python"]
    assert 'print("made anew")' in whole
    app.segmented_control(key="code_shown").set_value("Changes").run()
    (changes,) = [code.value for code in app.code if code.language == "diff"]
    assert '-print("made")\n+print("made anew")' in changes
    assert "def load" not in changes, "only what is around a change"


def test_data_and_environment_are_told_in_words(open_page: OpenPage, bench: Bench) -> None:
    job = bench.attempt(bench.trigger(code=TINY, goal="To call them first."))
    app = open_page("training.py", id=job.id, tab="data")
    facts = dict(app.table[0].value.values.tolist())
    assert facts["Rows learnt from"] == "320"
    assert facts["Rows held out"].startswith("80 ")
    assert job.data_sha256 in [code.value for code in app.code]
    assert facts["Goal"] == r"To call them first\."
    assert "tenure_months" in app.dataframe[0].value["Column"].tolist()
    app = open_page("training.py", id=job.id, tab="environment")
    facts = dict(app.table[0].value.values.tolist())
    assert list(facts)[:5] == ["Time", "Processor time", "Most memory at a time", "Printed", "Python"]
    assert facts["Most memory at a time"].endswith("MB")
    assert "bubblewrap" in texts(app)
    assert not app.json


def test_before_its_sandbox_a_training_has_neither_code_nor_environment(
    open_page: OpenPage, bench: Bench
) -> None:
    training_job_id = bench.trigger()
    bench.settle(bench.claim(training_job_id), TaskState.FAILED, reason=queue.Reason(code="x", message="No."))
    for tab, said in {
        "curves": "The code reported no curve",
        "code": "There is no code yet",
        "data": "is known once the model is there",
        "environment": "No sandbox was started",
    }.items():
        assert said in texts(open_page("training.py", id=training_job_id, tab=tab))


def test_attempts_are_told_apart_and_say_of_each_stage_what_came_of_it(
    open_page: OpenPage, bench: Bench
) -> None:
    training_job_id = bench.trigger()
    task = bench.claim(training_job_id)
    with db.session_scope(db.WORKER, write=True) as session:
        move = partial(states.move, session, training_job_id=training_job_id, attempt=1)
        move(to=Status.PROVISIONING, outcome="The built-in template is used.")
        move(to=Status.TRAINING)
    app = open_page("training.py", id=training_job_id)
    assert "Attempt" not in texts(app)
    told = [str(element.value) for element in app.main if element.type in ("markdown", "caption")]
    code = next(text for text in told if " Code" in text)
    assert code.endswith(r"Code :small[:gray[· The built\-in template is used\.]]"), (
        "on the line of its stage"
    )
    with db.session_scope(db.WORKER, write=True) as session:
        queue.release(session, task_id=task.id, attempt=task.attempt)
    bench.settle(bench.claim(training_job_id), TaskState.FAILED, reason=queue.Reason(code="x", message="No."))
    shown = texts(open_page("training.py", id=training_job_id))
    assert "**Attempt 1**" in shown
    assert "**Attempt 2**" in shown
    assert "in all" in shown


def test_a_training_that_waits_is_cancelled_by_a_button(open_page: OpenPage, bench: Bench) -> None:
    training_job_id = bench.trigger()
    app = open_page("training.py", id=training_job_id)
    app.button(key="cancel").click().run()
    assert bench.job(training_job_id).status == "cancelled"
    assert not app.exception


def test_a_training_that_failed_is_asked_for_again_with_the_same_answers(
    open_page: OpenPage, bench: Bench
) -> None:
    wanted = {"name": "Who leaves", "goal": "To call them first."}
    training_job_id = bench.trigger(target="contract", **wanted)
    bench.settle(bench.claim(training_job_id), TaskState.FAILED, reason=queue.Reason(code="x", message="No."))
    app = open_page("training.py", id=training_job_id)
    app.button(key="like").click().run()
    assert not app.exception
    assert "Train again" in [heading.value for heading in app.subheader]
    answers = [*(box.value for box in app.selectbox), app.text_input[0].value, app.text_area[0].value]
    assert answers == [bench.upload().id, "contract", "found", *wanted.values()]
    assert "Training not found" in texts(open_page("workspace.py", like=uuid4()))


def test_the_list_says_how_good_each_model_is_and_whether_its_app_is_up(
    open_page: OpenPage, bench: Bench
) -> None:
    job = bench.attempt(bench.trigger(code=TINY, name="Who leaves"))
    assert job.status == "succeeded", job.reason
    shown = texts(open_page("workspace.py"))
    assert "ROC-AUC\u00a00.500" in shown
    assert "Starting" in shown
    assert "Succeeded" not in shown
    shown = texts(open_page("models.py"))
    assert "Starting" in shown
    assert "Code in a sandbox" in shown


def test_a_long_name_is_cut_before_its_version_so_that_two_versions_can_be_told_apart(
    open_page: OpenPage, bench: Bench
) -> None:
    name = "Who leaves within the next ninety days"
    for goal in ("To call them.", "To write to them."):
        bench.trigger(name=name, goal=goal)
    links = [link for link in open_page("workspace.py").get("page_link") if " v" in link.label]
    assert [link.label for link in links] == [
        "Who leaves within the next… v2",
        "Who leaves within the next… v1",
    ]
    assert all(name in link.help for link in links)


def test_the_form_comes_before_the_list_for_whoever_trains_again(open_page: OpenPage, bench: Bench) -> None:
    job_id = bench.trigger(name="Who leaves")
    sections = [one.value for one in open_page("workspace.py").subheader]
    assert sections == ["Trainings", "New training"]
    sections = [one.value for one in open_page("workspace.py", like=job_id).subheader]
    assert sections == ["Train again", "Trainings"]


def test_a_live_app_says_what_its_state_means_and_what_can_be_done(open_page: OpenPage, bench: Bench) -> None:
    job = bench.attempt(bench.trigger(code=TINY, name="Who leaves"))
    url = "http://localhost:8501/live/x/"

    def become(to: Live, **values: object) -> None:
        found = journeys.ask(bench.user, lambda session: deployments.of_model(session, model_id=job.model_id))
        assert found is not None
        with db.session_scope(db.WORKER, write=True) as session:
            assert deployment_states.move(session, deployment_id=found.id, to=to, **values)

    become(Live.CHECKING)
    become(Live.LIVE, url=url, expires_at=now_plus(86_000))
    app = open_page("models.py")
    assert "Live" in texts(app)
    assert [button.url.startswith("/live/") for button in app.get("link_button")] == [True]
    for page, id_ in (("training.py", job.id), ("model.py", job.model_id)):
        shown = texts(open_page(page, id=id_)).replace("\u00a0", " ")
        assert "Expires in 23 h 53 min unless somebody uses it." in shown
    of_model = open_page("model.py", id=job.model_id)
    assert of_model.button(key="delete").disabled
    assert of_model.button(key="delete").help == "Its live app is awake. Stop the app first."
    become(Live.PAUSED)
    assert "Asleep" in texts(open_page("workspace.py"))
    of_model = open_page("model.py", id=job.model_id)
    assert not of_model.button(key="delete").disabled
    become(Live.STARTING)  # somebody asks it for a prediction meanwhile
    of_model.button(key="delete").click().run()
    assert of_model.button(key="delete").disabled
    assert not [button for button in of_model.button if button.key == "confirm_delete"]
    become(Live.PAUSED)
    app = open_page("training.py", id=job.id)
    assert "The next prediction wakes it up. Expires in 23\u00a0h 53\u00a0min" in texts(app)
    app.button(key="extend_app").click().run()
    left = texts(app).partition("Expires in ")[2].partition(" unless")[0]
    assert left in ("1\u00a0d", "24\u00a0h", "23\u00a0h 59\u00a0min")
    app.button(key="stop_app").click().run()
    assert "Restart it to use it again." in texts(app)
    assert not [button for button in app.get("link_button") if button.label == "Open app"]
    app.button(key="restart_app").click().run()
    assert "It starts. This takes a few seconds." in texts(app)
    of_model = open_page("model.py", id=job.model_id)
    assert of_model.button(key="restart_app").disabled, "a second click must not meet another in its place"
    assert not [button for button in of_model.button if button.key == "extend_app"]
    promise = "You are taken to the live app as soon as it is up."
    assert promise not in texts(app)
    assert promise in texts(open_page("training.py", id=job.id, open=1))


def test_trainings_that_do_not_fit_on_the_page_are_behind_a_link(
    open_page: OpenPage, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainings_list, "SHOWN", 1)
    for name in ("Older", "Newer"):
        bench.trigger(name=name)
    app = open_page("workspace.py")
    assert [link.label for link in app.get("page_link") if "v1" in link.label] == ["Newer v1"]
    older = next(link for link in app.get("page_link") if link.label == "Older trainings")
    app = open_page("workspace.py", after=dict(parse_qsl(older.query_string))["after"])
    assert [link.label for link in app.get("page_link") if "v1" in link.label] == ["Older v1"]
    assert "doesn't exist" in texts(open_page("workspace.py", after="nonsense"))


@pytest.mark.parametrize("has_begun", [False, True])
def test_a_model_in_a_sandbox_says_so_while_it_trains_and_leads_to_its_training(
    open_page: OpenPage, bench: Bench, has_begun: bool
) -> None:
    training_job_id = bench.trigger(name="Who leaves")
    if has_begun:
        bench.claim(training_job_id)
    for app in (open_page("model.py", id=bench.job(training_job_id).model_id), open_page("models.py")):
        assert not app.exception
        assert "code in a sandbox" in texts(app).lower()
        (link,) = [link for link in app.get("page_link") if link.page == "training"]
        assert str(training_job_id) in link.query_string
        shown = texts(app) + "".join(bar.proto.text for bar in app.get("progress"))
        assert ("Preparing the code" if has_begun else "In the queue") in shown


def test_a_model_in_a_sandbox_that_failed_leads_to_its_training_and_to_another_with_its_answers(
    open_page: OpenPage, bench: Bench
) -> None:
    training_job_id = bench.trigger(name="Who leaves")
    reason = queue.Reason(code="one_class_only", message="Every row has the same value.")
    bench.settle(bench.claim(training_job_id), TaskState.FAILED, reason=reason)
    app = open_page("model.py", id=bench.job(training_job_id).model_id)
    assert [link.label for link in app.get("page_link") if link.page == "training"] == ["How it was trained"]
    app.button(key="retrain").click().run()
    assert app.title[0].value == "Workspace"
    assert app.text_input[0].value == "Who leaves"


def test_a_training_of_nobody_is_said_in_our_own_words(open_page: OpenPage) -> None:
    for query in ({"id": uuid4()}, {"id": "nothing"}, {}):
        assert "Training not found" in texts(open_page("training.py", **query))


def test_a_ready_model_of_the_built_in_recipes_is_deployed_by_a_button(
    open_page: OpenPage,
    customers: object,
    take_in: Callable[..., UploadRow],
    request_training: Callable[..., ModelRow],
    finish: Callable[..., None],
    settings: Settings,
    reader: db.User,
) -> None:
    require_sandbox(settings.data_dir)
    model = request_training(take_in(customers, "customers.csv"), name="Who leaves")
    finish(model)
    app = open_page("model.py", id=model.id)
    assert "Gives the model a live app" in texts(app)
    app.button(key="deploy").click().run()
    assert not app.exception
    assert "Starting" in texts(app)
    assert "the check of this live app waits" in texts(app), "it would start for ever without a worker"
    assert app.button(key="check_now").label == "Check it now"
    found = journeys.ask(reader, lambda session: deployments.of_model(session, model_id=model.id))
    assert found is not None
    assert found.task_id is not None


def test_with_a_key_of_e2b_what_leaves_this_machine_is_said_before_the_click(
    open_page: OpenPage, bench: Bench, e2b: E2BServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = bench.upload(made.CSV, name="small.csv")
    model = made.ready_model(bench.user, upload)
    bench.upload()
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.update(ModelRow).values(format="bytes"))
    assert "without network" in texts(open_page("workspace.py"))
    assert "leave this machine" not in texts(open_page("uploads.py", upload=upload.id))
    for name, value in e2b.settings.items():
        monkeypatch.setenv(name.upper(), value)
    app = open_page("workspace.py")
    assert not app.exception
    assert "the rows of customers\\.csv leave this machine." in texts(app)
    assert "open to whoever has it" in texts(app)
    app = open_page("uploads.py", upload=upload.id, model=model.id)
    assert not app.exception
    assert "the rows of small\\.csv leave this machine." in texts(app)
    e2b.faults.key_works = False
    monkeypatch.setenv("E2B_TEMPLATE", "another")  # whether the key is good was asked a moment ago
    app = open_page("workspace.py")
    assert app.button(key="trigger").disabled
    assert "E2B refuses the key" in texts(app)


def test_lost_contact_is_said_with_its_time(open_page: OpenPage, bench: Bench) -> None:
    training_job_id = bench.trigger()
    bench.claim(training_job_id)
    bench.change(training_job_id, unreachable_since=now_plus(-120), backend="e2b", sandbox_ref="i1")
    app = open_page("training.py", id=str(training_job_id))
    assert not app.exception
    assert "No contact with its sandbox at E2B since" in texts(app)
    assert "2\u00a0min ago" in texts(app)
