"""A setting that can't be used is one sentence with its cure, and shows no secret."""

from __future__ import annotations

import pytest

from core.settings import WrongSetting, read

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
            "OIDC_CLIENT_ID can't be used: OIDC_ISSUER and OIDC_CLIENT_ID are set together or not at all.",
        ),
        (
            {"storage_url": "s3://No_Bucket"},
            "it must name a bucket, as s3://my-bucket or s3://my-bucket/folder.",
        ),
        ({"app_url": "desk.example.org"}, "such as https://desk.example.org, not 'desk.example.org'."),
    ],
)
def test_it_names_the_setting_what_is_wrong_and_what_was_given(
    given: dict[str, object], message: str
) -> None:
    assert refusal(**given).endswith(message)


@pytest.mark.parametrize("name", ["database_url", "user_database_url", "storage_url"])
def test_what_may_hold_a_secret_is_not_shown(name: str) -> None:
    assert SECRET not in refusal(**{name: f"ftp://me:{SECRET}@example.org"})


def test_a_key_without_what_it_belongs_to_is_named_and_not_shown() -> None:
    said = refusal(storage_url="supabase://", supabase_service_role_key=SECRET)
    assert "STORAGE_URL=supabase:// needs it, and SUPABASE_URL." in said
    assert SECRET not in said
