"""Who may come in, and for how long."""

from __future__ import annotations

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from core.settings.parts.supabase import SupabaseSettings
from core.settings.values import WebAddress


class AccessSettings(SupabaseSettings):
    allow_anonymous: bool = Field(
        default=False, description="Let everyone who can reach the app do everything, without signing in."
    )
    oidc_issuer: WebAddress = Field(
        default="", description="The OpenID Connect provider that people sign in with."
    )
    oidc_client_id: str = Field(
        default="", validate_default=True, description="This app's client ID at that provider."
    )
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""), description="This app's client secret there, if it has one."
    )
    oidc_vouches_for_email: bool = Field(
        default=False,
        description="Trust the provider's e-mail addresses without `email_verified` (Entra ID).",
    )
    supabase_anon_key: SecretStr = Field(
        default=SecretStr(""),
        description="The Supabase project's publishable (anon) key; turns on sign-in with Supabase.",
    )
    supabase_jwt_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Only if the Supabase project still signs with a shared secret (HS256).",
    )
    admin_emails: str = Field(
        default="",
        description="E-mail addresses that become admins at their first sign-in, separated by commas.",
    )
    allowed_emails: str = Field(
        default="",
        description="Who may sign in: addresses or @domains, separated by commas; empty = everyone.",
    )
    session_idle_hours: float = Field(
        default=8, gt=0, le=168, description="Hours without a click after which people are signed out."
    )
    session_hours: float = Field(
        default=72, gt=0, le=720, description="Hours after which people have to sign in again."
    )

    @field_validator("oidc_client_id")
    @classmethod
    def _with_its_issuer(cls, client_id: str, info: ValidationInfo) -> str:
        if bool(client_id) != bool(info.data.get("oidc_issuer")):
            raise ValueError("OIDC_ISSUER and OIDC_CLIENT_ID must be set together")
        return client_id

    @property
    def has_oidc(self) -> bool:
        """Whether people sign in with an OpenID Connect provider."""
        return bool(self.oidc_issuer and self.oidc_client_id)

    @property
    def has_supabase_auth(self) -> bool:
        """Whether people sign in with an e-mail address and password at Supabase."""
        return bool(self.supabase_url and self.supabase_anon_key.get_secret_value())

    @property
    def has_sign_in(self) -> bool:
        """Whether anybody has to sign in; otherwise whoever asks is the local user."""
        return self.has_oidc or self.has_supabase_auth
