"""Scoring: what is scored while somebody waits, and what is shared out over a Dask cluster."""

from __future__ import annotations

from pydantic import Field, ValidationInfo, field_validator

from core.settings.part import Part
from core.settings.values import SchedulerAddress


class PredictionSettings(Part):
    sync_max_mb: int = Field(default=50, ge=1, description="Largest file that is scored while one waits.")


class DistributedScoringSettings(Part, pools=("scoring",)):
    dask_scheduler_address: SchedulerAddress = Field(
        default="", description="Dask cluster that shares out large files, as tls://host:8786; empty = none."
    )
    large_file_mb: int = Field(
        default=200, ge=1, description="Predictions of larger files are shared out over the Dask cluster."
    )
    dask_tls_ca: str = Field(default="", description="File of the authority whose certificates Dask trusts.")
    dask_tls_cert: str = Field(default="", description="File of this process's certificate for Dask.")
    dask_tls_key: str = Field(
        default="", validate_default=True, description="File of the key of that certificate."
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
