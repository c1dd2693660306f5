from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from core.api.http import sockets


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A listener as Streamlit makes it: its protocol is left to the system."""
    with socket.socket(socket.AF_INET) as made:
        made.bind(("127.0.0.1", 0))
        made.listen()
        yield made


def _is_delayed(listening: socket.socket) -> bool:
    """Whether an answer on a new connection may be held back."""
    with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
        return accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0


def test_what_is_accepted_on_the_port_answers_at_once(listening: socket.socket) -> None:
    assert _is_delayed(listening)
    assert sockets.answer_at_once(listening.getsockname()[1]) == 1
    assert not _is_delayed(listening)


def test_other_listeners_are_left_alone(listening: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours:
        assert sockets.answer_at_once(ours.getsockname()[1]) == 1
    assert _is_delayed(listening)


def test_the_listener_stays_open(listening: socket.socket) -> None:
    sockets.answer_at_once(listening.getsockname()[1])
    socket.create_connection(listening.getsockname()).close()
