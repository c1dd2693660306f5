"""Why a file can't be scored on the Dask cluster, or no longer."""

from __future__ import annotations

from core.errors import Unavailable


class ClusterUnavailable(Unavailable):
    """The Dask cluster does not answer, or has no worker that can score."""

    code = "cluster_unavailable"
    message = "The Dask cluster at {address} could not be used: {problem}."
    hint = "{remedy}"
    address: str
    problem: str
    remedy: str


class RangeKilled(Unavailable):
    """Every process that scored a range died of it."""

    code = "range_killed"
    message = "{n_deaths:process|processes} of the Dask cluster died while scoring the rows after row {row}."
    hint = "They may need more memory. Check their logs, then retry."
    n_deaths: int
    row: int
