"""A desk with a model and a scored file, which the fixture `desk` makes; and the way to open a page of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.testing.v1 import AppTest

from core import db
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.predictions import predictions
from core.settings import Settings
from tests import journeys
from tests.servers.waiting import PATIENCE_S

NAVIGATION = Path(__file__).resolve().parents[2] / "pages" / "navigation.py"


@dataclass(frozen=True)
class Desk:
    """The local user's things. scored_id: a COMPLETED prediction."""

    user: db.User
    settings: Settings
    upload: UploadRow
    model: ModelRow
    scored_id: UUID

    def queue(self) -> UUID:
        """The id of a new QUEUED prediction; no worker is there to take it."""
        return journeys.queue_prediction(self.user, self.upload, self.model)

    def status(self, prediction_id: UUID) -> str:
        return journeys.ask(
            self.user, lambda session: predictions.get(session, prediction_id=prediction_id)
        ).status


def open_page(name: str, **query: str) -> AppTest:
    """The page as a first visitor sees it who follows its own link, through the router."""
    app = AppTest.from_file(NAVIGATION, default_timeout=PATIENCE_S)
    app._bidi_component_manager = _components()
    for key, value in query.items():
        app.query_params[key] = value
    app.switch_page(name)
    return app.run()


@cache
def _components() -> BidiComponentManager:
    """What Streamlit finds in the installed packages: the same for each AppTest, and half of what one costs."""
    found = BidiComponentManager()
    found.discover_and_register_components(start_file_watching=False)
    return found


def texts(app: AppTest) -> str:
    """Everything that is written on the page."""
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.error, app.warning, app.success)
    return "\n".join(element.value for kind in kinds for element in kind)
