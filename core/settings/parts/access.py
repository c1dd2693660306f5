"""Who may come in, and for how long."""

from __future__ import annotations

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from core.settings.parts.supabase import SupabaseSettings
from core.settings.values import WebAddress


class AccessSettings(SupabaseSettings):
    allow_anonymous: bool = Field(
        default=False, description="Let everybody who can reach the app do everything, without sign-in."
    )
    oidc_issuer: WebAddress = Field(
        default="", description="The OpenID Connect provider that people sign in with."
    )
    oidc_client_id: str = Field(
        default="", validate_default=True, description="This app's name at that provider."
    )
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="And its secret there, if any.")
    oidc_vouches_for_email: bool = Field(
        default=False, description="The provider's addresses count without `email_verified` (Entra ID)."
    )
    supabase_anon_key: SecretStr = Field(
        default=SecretStr(""),
        description="The project's publishable (anon) key; with it, people sign in there.",
    )
    supabase_jwt_secret: SecretStr = Field(
        default=SecretStr(""), description="Only where the project still signs with a shared secret (HS256)."
    )
    admin_emails: str = Field(default="", description="Who is an admin from the first sign-in on, by commas.")
    allowed_emails: str = Field(
        default="",
        description="Who may sign in: addresses or @domains, by commas; empty = all whom it lets in.",
    )
    session_idle_hours: float = Field(
        default=8, gt=0, le=168, description="Hours without a click until one is signed out."
    )
    session_hours: float = Field(
        default=72, gt=0, le=720, description="Hours after which everybody signs in again."
    )

    @field_validator("oidc_client_id")
    @classmethod
    def _with_its_issuer(cls, client_id: str, info: ValidationInfo) -> str:
        if bool(client_id) != bool(info.data.get("oidc_issuer")):
            raise ValueError("OIDC_ISSUER and OIDC_CLIENT_ID are set together or not at all")
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
