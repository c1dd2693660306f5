"""The main job in a real browser: from a file to a downloaded result, with a worker and by hand."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import wait_for_a_model
from tests.servers import app as servers
from tests.servers.app import App
from tests.servers.postgres import Cluster
from tests.servers.waiting import wait_for

pytestmark = pytest.mark.browser


def upload(page: Page, app: App, path: Path) -> None:
    """Drop a file on the New prediction page and wait until it is shown."""
    page.goto(f"{app.url}/uploads")
    page.locator(".st-key-uploader input[type=file]").set_input_files(str(path))
    page.wait_for_url("**/uploads?upload=*")


def listed(app: App, path: str) -> bytes:
    with urllib.request.urlopen(f"{app.url}/api/{path}") as answer:
        return bytes(answer.read())


def expect_completed(page: Page) -> None:
    expect(page.get_by_text("Completed").first).to_be_visible()


def downloaded(page: Page) -> bytes:
    with page.expect_download() as download:
        page.locator(".st-key-download_csv a:visible").click()
    return Path(download.value.path()).read_bytes()


def expect_result_of(result: bytes, given: bytes) -> None:
    """The result is the file's own lines with three cells more."""
    before, after = given.splitlines(), result.splitlines()
    assert after[0] == before[0] + b",prediction,probability,caution"
    assert all(new.startswith(old + b",") for old, new in zip(before, after, strict=True))


def test_the_first_prediction_is_one_button_away(sample_app: App, page: Page) -> None:
    page.goto(sample_app.url)
    page.locator(".st-key-score_sample button:enabled").click()
    page.wait_for_url("**/prediction?id=*")
    expect_completed(page)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.get_by_text("ROC-AUC").first).to_be_visible()
    assert downloaded(page).count(b"\n") == 5_001


@pytest.mark.postgres
def test_the_same_on_postgres(postgres: Cluster, page: Page, tmp_path: Path) -> None:
    url = postgres.create(f"browser_{uuid4().hex}")
    with servers.running(tmp_path, SAMPLE="true", DATABASE_URL=url) as app:
        page.goto(app.url)
        page.locator(".st-key-score_sample button:enabled").click()
        page.wait_for_url("**/prediction?id=*")
        expect_completed(page)
        for path in ("", "predictions", "models", "uploads", "system"):
            page.goto(f"{app.url}/{path}")
            expect(page.get_by_role("heading").first).to_be_visible()
        expect(page.get_by_text("Everything works")).to_be_visible()
        assert "Traceback" not in app.log()


def test_a_file_is_uploaded_queued_completed_charted_and_downloaded(
    sample_app: App, page: Page, customers: Path
) -> None:
    wait_for_a_model(sample_app)
    upload(page, sample_app, customers)
    expect(page.get_by_text("600", exact=False).first).to_be_visible()
    page.locator(".st-key-queue_it button:enabled").click()
    page.wait_for_url("**/prediction?id=*")
    expect_completed(page)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect_result_of(downloaded(page), customers.read_bytes())


def test_a_file_with_renamed_columns_is_mapped_scored_and_mapped_alike_the_next_time(
    sample_app: App, page: Page, customers: Path
) -> None:
    wait_for_a_model(sample_app)
    given = (
        customers.read_bytes()
        .replace(b"tenure_months", b"Tenure (months)", 1)
        .replace(b"contract", b"Vertrag", 1)
    )
    customers.write_bytes(given)
    upload(page, sample_app, customers)
    expect(page.locator(".st-key-queue_it button")).to_be_disabled()
    expect(page.get_by_text("Guess", exact=True)).to_have_count(1)
    page.get_by_role("combobox", name="contract").click()
    page.get_by_role("option", name="Vertrag", exact=True).click()
    page.locator(".st-key-queue_it button:enabled").click()
    page.wait_for_url("**/prediction?id=*")
    expect_completed(page)
    expect_result_of(downloaded(page), given)
    page.get_by_role("tab", name="Receipt").click()
    expect(page.get_by_text("contract ← Vertrag")).to_be_visible()
    customers.write_bytes(given.rpartition(b"C")[0])  # without its last row
    upload(page, sample_app, customers)
    expect(page.get_by_text("Filled in from your prediction")).to_be_visible()
    expect(page.locator(".st-key-score_now button:enabled")).to_be_visible()


def test_without_a_worker_the_page_says_so_and_does_it_by_hand(
    app_without_worker: App, page: Page, customers: Path
) -> None:
    app = app_without_worker
    page.goto(app.url)
    page.locator(".st-key-by_hand button, .st-key-train_by_hand button").first.click()  # the sample's model
    wait_for_a_model(app)
    upload(page, app, customers)
    page.locator(".st-key-queue_it button:enabled").click()
    page.wait_for_url("**/prediction?id=*")
    expect(page.get_by_text("No worker is running.").first).to_be_visible()
    page.locator(".st-key-by_hand button").click()
    expect_completed(page)
    expect_result_of(downloaded(page), customers.read_bytes())


def test_a_refused_file_says_line_and_cure_in_place_and_stores_nothing(
    sample_app: App, page: Page, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("a,b\n1,2\n3,4,5\n")
    page.goto(f"{sample_app.url}/uploads")
    page.locator(".st-key-uploader input[type=file]").set_input_files(str(broken))
    expect(page.get_by_text("line 3", exact=False).first).to_be_visible()
    assert b"sample_customers.csv" in listed(sample_app, "uploads")
    assert b"broken.csv" not in listed(sample_app, "uploads")


def test_a_refused_file_is_chosen_anew_once_corrected_and_retried_only_where_that_may_help(
    sample_app: App, page: Page, tmp_path: Path
) -> None:
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("a,b\n1,2\n3,4,5\n")
    page.goto(f"{sample_app.url}/uploads")
    page.locator(".st-key-uploader input[type=file]").set_input_files(str(ragged))
    again = page.get_by_role("button", name="Choose the corrected file")
    expect(again).to_be_visible()
    expect(page.get_by_role("button", name="Retry")).to_have_count(0)
    ragged.write_text("a,b\n1,2\n3,4\n")
    with page.expect_file_chooser() as chooser:
        again.click()
    page.route("**/api/csv", lambda route: (ragged.write_text("a,b\n" * 9), route.abort()))
    chooser.value.set_files(str(ragged))
    expect(page.get_by_text("ragged.csv changed since you chose it.", exact=True)).to_be_visible()
    page.unroute("**/api/csv")
    ragged.write_text("a,b\n1,2\n3,4\n")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose it again").click()
    chooser.value.set_files(str(ragged))
    page.wait_for_url("**/uploads?upload=*")


def test_of_several_files_each_is_told_and_opened(sample_app: App, page: Page, tmp_path: Path) -> None:
    for name, text in (
        ("one", "x,y\n1,2\n"),
        ("two", "x,z\n1,2\n"),
        ("bad", "x\n"),
        ("worse", ""),
        ("json", "{}"),
    ):
        (tmp_path / f"{name}.csv").write_text(text)
    page.goto(f"{sample_app.url}/uploads")
    files = sorted(str(path) for path in tmp_path.iterdir())
    page.locator(".st-key-uploader input[type=file]").set_input_files(files)
    expect(page.get_by_text("2 of 5 uploaded")).to_be_visible()
    expect(page.get_by_text("3 files were not stored")).to_be_visible()
    page.wait_for_url("**/uploads?upload=*")
    for name in ("one.csv", "two.csv"):
        page.get_by_role("button", name=f"Open {name}").click()
        expect(page.get_by_role("heading", name=name)).to_be_visible()


def test_a_second_click_on_queue_it_makes_no_second_prediction(
    sample_app: App, page: Page, customers: Path
) -> None:
    wait_for_a_model(sample_app)
    upload(page, sample_app, customers)
    upload_id = page.url.split("upload=")[1].split("&")[0]
    page.locator(".st-key-queue_it button:enabled").dblclick()
    page.wait_for_url("**/prediction?id=*")
    expect_completed(page)
    assert listed(sample_app, f"predictions?upload_id={upload_id}").count(b'"upload_id"') == 1


def test_what_was_uploaded_is_announced_with_its_number_of_rows(
    sample_app: App, page: Page, tmp_path: Path
) -> None:
    path = tmp_path / "single.csv"
    path.write_text("a,b,c\n1,2,3\n")
    upload(page, sample_app, path)
    expect(page.locator(".st-key-uploader .spoken")).to_have_text("single.csv was uploaded: 1 row.")


def test_a_file_whose_encoding_is_unclear_is_read_in_the_one_that_is_chosen_at_last(
    sample_app: App, page: Page, tmp_path: Path
) -> None:
    path = tmp_path / "cities.csv"
    path.write_bytes("id,city\n1,Alma\n2,in Győr\n".encode("cp1250"))
    page.goto(f"{sample_app.url}/uploads")
    page.locator(".st-key-uploader input[type=file]").set_input_files(str(path))
    choice = page.get_by_label("Encoding of cities.csv")
    choice.select_option("utf-8")
    expect(page.get_by_text("has bytes that are not valid in it").first).to_be_visible()
    choice.select_option("cp1250")
    page.wait_for_url("**/uploads?upload=*")
    expect(page.get_by_text("Windows-1250", exact=False).first).to_be_visible()
    upload_id = page.url.partition("upload=")[2]
    assert listed(sample_app, f"uploads/{upload_id}/file") == path.read_bytes()


def test_a_reload_in_mid_upload_asks_first_and_leaves_nothing_behind(
    sample_app: App, page: Page, tmp_path: Path
) -> None:
    large = tmp_path / "large.csv"
    large.write_bytes(b"a,b\n" + b"1,2\n" * 2_000_000)
    page.goto(f"{sample_app.url}/uploads")
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 500_000},
    )
    page.locator(".st-key-uploader input[type=file]").set_input_files(str(large))
    staging = sample_app.data_dir / "staging"
    wait_for(lambda: any(file.stat().st_size for file in staging.iterdir()), what="bytes to arrive")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    wait_for(lambda: not any(staging.iterdir()), what="the half of a file to go")
    assert asked == ["beforeunload"]
    assert b"large.csv" not in listed(sample_app, "uploads")
