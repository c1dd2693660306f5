"""Scoring: what is scored while somebody waits, and what is shared out over a Dask cluster."""

from __future__ import annotations

from pydantic import Field, ValidationInfo, field_validator

from core.settings.part import Part
from core.settings.values import FilePath, SchedulerAddress


class PredictionSettings(Part):
    sync_max_mb: int = Field(
        default=50, ge=1, description="Largest file, in MB, that is scored while you wait."
    )


class DistributedScoringSettings(Part, pools=("scoring",)):
    dask_scheduler_address: SchedulerAddress = Field(
        default="", description="Dask cluster that scores large files, such as tls://host:8786; empty = none."
    )
    large_file_mb: int = Field(
        default=200, ge=1, description="Files larger than this, in MB, are scored on the Dask cluster."
    )
    dask_tls_ca: FilePath = Field(default="", description="Path of the CA certificate that Dask trusts.")
    dask_tls_cert: FilePath = Field(default="", description="Path of this process's certificate for Dask.")
    dask_tls_key: FilePath = Field(
        default="", validate_default=True, description="Path of that certificate's key."
    )

    @field_validator("dask_tls_key")
    @classmethod
    def _with_its_certificates(cls, key: str, info: ValidationInfo) -> str:
        needed = str(info.data.get("dask_scheduler_address")).startswith("tls://")
        if needed and not (key and info.data.get("dask_tls_ca") and info.data.get("dask_tls_cert")):
            raise ValueError(
                "a tls:// DASK_SCHEDULER_ADDRESS needs DASK_TLS_CA, DASK_TLS_CERT and DASK_TLS_KEY"
            )
        return key
