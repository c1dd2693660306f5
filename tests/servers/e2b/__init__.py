"""A server of ours that speaks like E2B, for the real SDK: what runs in its sandboxes runs in this machine's own."""

from tests.servers.e2b.server import E2BServer

__all__ = ["E2BServer"]
