"""Why a file can't be shared out, or not any longer."""

from __future__ import annotations

from core.errors import Unavailable


class ClusterUnavailable(Unavailable):
    """The Dask cluster does not answer, or has nobody who may score."""

    code = "cluster_unavailable"
    message = "The Dask cluster at {address} could not be used: {problem}."
    hint = "{remedy}"
    address: str
    problem: str
    remedy: str


class RangeKilled(Unavailable):
    """Every process that scored a range died of it."""

    code = "range_killed"
    message = "{n_deaths:process} of the Dask cluster died while they scored the rows behind row {row}."
    hint = "They may need more memory: look at their logs, then retry."
    n_deaths: int
    row: int
