"""Who we are to Amazon, or to a server that speaks like S3 or SQS."""

from __future__ import annotations

from pydantic import Field, SecretStr

from core.settings.part import EVERY_POOL, Part


class AwsSettings(Part, pools=EVERY_POOL, secrets=("aws_access_key_id",)):
    aws_region: str = Field(
        default="", description="AWS region; empty = from AWS's own files or the machine."
    )
    aws_access_key_id: str = Field(
        default="", description="AWS access key; empty = from AWS's own files or the machine's role."
    )
    aws_secret_access_key: SecretStr = Field(
        default=SecretStr(""), description="The secret of that access key."
    )

    @property
    def aws_identity(self) -> dict[str, str | None]:
        """As boto3 takes it; None where it looks for itself, as for a machine's role."""
        return {
            "region_name": self.aws_region or None,
            "aws_access_key_id": self.aws_access_key_id or None,
            "aws_secret_access_key": self.aws_secret_access_key.get_secret_value() or None,
        }
