"""A setting that can't be used is one sentence with its cure, and shows no secret; a child is given what it needs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from core import settings
from core.queue import Pool
from core.settings import Settings, WrongSetting, parts, read
from core.settings.parts.e2b import E2BSettings
from core.settings.parts.predictions import DistributedScoringSettings

PROJECT = Path(__file__).resolve().parents[2]
SECRET = "kept-to-oneself"


def refusal(**given: object) -> str:
    with pytest.raises(WrongSetting) as refused:
        read(_env_file=None, **given)
    return refused.value.message


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"port": "99999"}, "PORT can't be used: input should be less than or equal to 65535, not '99999'."),
        ({"listen_address": "here"}, "it must be an IP address such as 127.0.0.1 or 0.0.0.0, not 'here'."),
        (
            {"oidc_issuer": "https://id.example"},
            "OIDC_CLIENT_ID can't be used: OIDC_ISSUER and OIDC_CLIENT_ID must be set together.",
        ),
        (
            {"storage_url": "s3://No_Bucket"},
            "it must name a bucket, such as s3://my-bucket or s3://my-bucket/folder.",
        ),
        ({"app_url": "desk.example.org"}, "such as https://desk.example.org, not 'desk.example.org'."),
        (
            {"e2b_domain": "https://e2b.app"},
            "it must be a name such as e2b.app, without https:// and without a path, not 'https://e2b.app'.",
        ),
    ],
)
def test_it_names_the_setting_what_is_wrong_and_what_was_given(
    given: dict[str, object], message: str
) -> None:
    assert refusal(**given).endswith(message)


@pytest.mark.parametrize("name", ["database_url", "user_database_url", "storage_url"])
def test_what_may_hold_a_secret_is_not_shown(name: str) -> None:
    assert SECRET not in refusal(**{name: f"ftp://me:{SECRET}@example.org"})


def test_a_key_from_a_file_is_taken_without_its_line_feed_and_one_that_no_header_holds_is_refused() -> None:
    config = settings.part(
        read(_env_file=None, e2b_api_key="e2b_1\n", e2b_domain="e2b.localhost:8443"), E2BSettings
    )
    assert config.e2b_api_key.get_secret_value() == "e2b_1"
    assert read(_env_file=None, e2b_api_key=" \n").e2b_api_key.get_secret_value() == ""
    for key in (f"{SECRET} two", f"{SECRET}\nX-Header: yes", f"{SECRET}\0", f"{SECRET}é"):
        assert SECRET not in refusal(e2b_api_key=key)


def test_a_key_without_what_it_belongs_to_is_named_and_not_shown() -> None:
    said = refusal(storage_url="supabase://", supabase_service_role_key=SECRET)
    assert "STORAGE_URL=supabase:// needs this key and SUPABASE_URL." in said
    assert SECRET not in said


def test_every_setting_belongs_to_one_room() -> None:
    named = [name for part in parts.found() for name in part.own_fields()]
    assert sorted(named) == sorted(Settings.model_fields)


def test_what_is_called_secret_is_a_setting() -> None:
    for part in parts.found():
        assert set(part.secrets) <= part.own_fields(), part
    hidden = {name for name in Settings.model_fields if settings.may_hold_secret(name)}
    assert hidden >= {name for name, field in Settings.model_fields.items() if field.annotation is SecretStr}
    assert hidden >= {"database_url", "user_database_url", "storage_url", "aws_access_key_id"}
    assert "port" not in hidden


def test_a_child_process_gets_the_settings_of_its_pool_and_no_other_secret() -> None:
    told = {
        "supabase_url": "https://project.supabase.co",
        "supabase_service_role_key": "role",
        "supabase_anon_key": SECRET,
        "oidc_issuer": "https://id.example",
        "oidc_client_id": "desk",
        "oidc_client_secret": SECRET,
        "user_database_url": f"postgresql://pages:{SECRET}@db/desk",
        "database_url": "postgresql://worker@db/desk",
        "large_file_mb": 7,
        "anthropic_api_key": SECRET,
    }
    config = read(_env_file=None, **told)
    scoring, training, generation = (config.environment(pools=[pool]) for pool in Pool)
    assert SECRET not in str(scoring)
    assert [name for name, value in training.items() if SECRET in value] == ["ANTHROPIC_API_KEY"]
    for given in (scoring, training):
        assert given["DATABASE_URL"] == "postgresql://worker@db/desk"
        assert given["SUPABASE_SERVICE_ROLE_KEY"] == "role"
        assert "PORT" not in given
    assert scoring["LARGE_FILE_MB"] == "7"
    assert "LARGE_FILE_MB" not in training
    assert generation["ANTHROPIC_API_KEY"] == SECRET
    for given in (generation, training):
        assert given.keys() - scoring.keys() >= {"ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"}
    assert config.environment(pools=list(Pool)).keys() == scoring.keys() | training.keys() | generation.keys()
    assert config.environment()["OIDC_CLIENT_SECRET"] == SECRET


def test_what_a_child_inherits_holds_no_setting() -> None:
    inherited = {"PATH": "/bin", "OIDC_CLIENT_SECRET": SECRET, "large_file_mb": "7", "AWS_PROFILE": "desk"}
    given = read(_env_file=None).environment(pools=[Pool.TRAINING], inherited=inherited)
    assert (given["PATH"], given["AWS_PROFILE"]) == ("/bin", "desk")
    assert SECRET not in str(given)
    assert "large_file_mb" not in given


def test_a_room_reads_its_own_part_by_its_type() -> None:
    config = read(_env_file=None, large_file_mb=7)
    assert settings.part(config, DistributedScoringSettings).large_file_mb == 7


NEW_PART = '''"""Tea."""
from pydantic import Field, SecretStr

from core.settings.part import Part


class TeaSettings(Part, pools=("training",), secrets=("tea_house",)):
    tea_house: str = Field(default="", description="Where tea is from.")
    tea_key: SecretStr = Field(default=SecretStr(""), description="Its key.")
'''
USE = """
from core import settings
from core.settings.parts.tea import TeaSettings
config = settings.read(tea_house="a", tea_key="b")
tea = settings.part(config, TeaSettings)
training, scoring = (config.environment(pools=[pool]) for pool in ("training", "scoring"))
print(tea.tea_house, tea.tea_key.get_secret_value(), training["TEA_KEY"], "TEA_KEY" in scoring)
print(settings.may_hold_secret("tea_house"), settings.may_hold_secret("tea_key"))
"""


def test_a_new_part_is_one_new_file(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "core", tmp_path / "core", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "core/settings/parts/tea.py").write_text(NEW_PART)
    ran = subprocess.run(
        [sys.executable, "-c", USE], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["a", "b", "b", "False", "True", "True"]


def test_paths_are_those_of_the_folder_in_which_they_were_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process of ours that starts in another folder finds the same files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    config = read(
        _env_file=None, data_dir="mine", database_url="sqlite:///desk.db", storage_url="file://files",
        dask_tls_ca="ca.pem",
    )  # fmt: skip
    monkeypatch.chdir(tmp_path / "elsewhere")
    for name, text in config.environment().items():
        monkeypatch.setenv(name, text)
    for found in (config, read(_env_file=None)):
        assert found.data_dir == tmp_path / "mine"
        assert found.database == f"sqlite:///{tmp_path / 'desk.db'}"
        assert found.files_dir == tmp_path / "files"
        assert found.dask_tls_ca == str(tmp_path / "ca.pem")


def test_paths_that_are_not_given_stay_so() -> None:
    config = read(_env_file=None, database_url="sqlite:///")
    assert (config.database_url, config.storage_url, config.dask_tls_key) == ("sqlite:///", "", "")
