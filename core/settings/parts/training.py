"""Trainings in a sandbox and live apps: how long, and how many."""

from __future__ import annotations

from pydantic import Field

from core.settings.part import Part


class TrainingSettings(Part, pools=("training",)):
    training_limit_s: float = Field(
        default=900.0, ge=10, le=86_400, description="Seconds that training code may run in its sandbox."
    )


class DeploymentSettings(Part):
    deployment_idle_s: float = Field(
        default=900.0, ge=10, description="Seconds without a request after which a live app is paused."
    )
    deployment_ttl_s: float = Field(
        default=86_400.0, ge=60, description="Seconds without a request after which a live app expires."
    )
    deployments_max: int = Field(
        default=5, ge=1, le=100, description="Live apps awake at a time; the least recently used is paused."
    )
