"""A browser without a screen: opens pages of a running app over its websocket and times what the server does."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

LONGEST_MESSAGE = 64 << 20
ENDS_S = 60.0


class Visitor:
    """One session. Times are seconds from a request to the message that says that its script has ended."""

    def __init__(self, port: int) -> None:
        self._url = f"ws://localhost:{port}/_stcore/stream"
        self._origin = f"http://localhost:{port}"
        self._open: ClientConnection | None = None
        self.fragment_ids: list[str] = []
        self.said = ""
        """The last script's messages as text."""

    def __enter__(self) -> Self:
        self._open = connect(
            self._url, origin=self._origin, subprotocols=["streamlit"],  # type: ignore[arg-type,list-item]  # plain texts will do
            max_size=LONGEST_MESSAGE, compression=None, proxy=None,
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._open is not None
        self._open.close()

    def visit(self, page: str, query: str = "") -> float:
        """Open a page by its name in the address; "" is the first."""
        self.fragment_ids = []
        return self._ask(ClientState(page_name=page, query_string=query))

    def refresh(self, page: str, query: str = "", *, at: int = -1) -> float:
        """Run one of the page's polled fragments again, as its timer does; the last unless another is named."""
        fragment_id = self.fragment_ids[at]
        return self._ask(
            ClientState(page_name=page, query_string=query, fragment_id=fragment_id, is_auto_rerun=True)
        )

    def _ask(self, state: ClientState) -> float:
        assert self._open is not None
        began = time.perf_counter()
        self._open.send(BackMsg(rerun_script=state).SerializeToString())
        said = []
        while True:
            message = ForwardMsg()
            message.ParseFromString(self._open.recv(ENDS_S, decode=False))
            kind = message.WhichOneof("type")
            if kind == "auto_rerun":
                self.fragment_ids.append(message.auto_rerun.fragment_id)
            elif kind == "delta":
                said.append(message.delta)
            elif kind == "script_finished":
                break
        took_s = time.perf_counter() - began
        self.said = "\n".join(map(str, said))  # only now: it takes as long as a script
        return took_s
