"""The stored file of a result: whether it is still what scoring left."""

from __future__ import annotations

from core.db.tables.predictions import PredictionRow
from core.predictions.errors import ResultDamaged, ResultGone
from core.storage import NotStored, Storage


def require_stored(files: Storage, prediction: PredictionRow) -> None:
    """Look, without reading, whether a result is there. Raises ResultGone, ResultDamaged."""
    file_name = prediction.upload.file_name
    try:
        size_bytes = files.stat(str(prediction.output_key)).size_bytes
    except NotStored as error:
        raise ResultGone(file_name=file_name) from error
    if size_bytes != prediction.output_bytes:
        raise ResultDamaged(file_name=file_name)
