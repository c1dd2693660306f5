"""What goes wrong with a sandbox as a thing; how code in it ends is no error but a `Reason`."""

from __future__ import annotations

from core import errors
from core.errors import AppError


class SandboxUnavailable(errors.Unavailable):
    """No sandbox can be had here, so no code runs here that somebody else wrote."""

    code = "sandbox_unavailable"
    message = "There is no sandbox on this machine: {problem}."
    hint = "{cure}"
    problem: str
    cure: str


class RemoteSandboxUnavailable(SandboxUnavailable):
    """The service that has the sandboxes gives none, or not as asked."""

    message = "E2B gives no sandbox: {problem}."


class SandboxLost(errors.Unavailable):
    """The sandbox is stopped or gone, with all that was in it."""

    code = "sandbox_lost"
    message = "The sandbox {ref} is gone."
    hint = "Start again: a new sandbox is made."
    ref: str


class SandboxUnreachable(errors.Unavailable):
    """Nobody could reach the sandbox for so long that nobody knows what became of it."""

    code = "lost_contact"
    message = "The sandbox {ref} could not be reached: {problem}."
    hint = "Check the network and the state of E2B, then start again: a new sandbox is made."
    ref: str
    problem: str


class SandboxDiskFull(errors.Unavailable):
    """The machine's disk has no room for what the sandbox is given."""

    code = "disk_full"
    message = "There is no space left in {place}, so the sandbox did not get its files."
    hint = "Delete what is no longer needed, or free some space there, then try again."
    place: str


class MachineDiskFull(SandboxDiskFull):
    """The code was stopped, as the machine's disk is full: not by what it wrote itself, which has a bound."""

    message = "There is no space left on the disk of {place}, so the code was stopped."


class FileRefused(AppError):
    """What the code has left under this name is not taken."""

    code = "sandbox_file_refused"
    message = "The code's file {name} is not taken: {problem}."
    hint = "Let the code write {name} as a plain file of its own."
    name: str
    problem: str


class FileMissing(FileRefused):
    """The code has left nothing under this name."""

    code = "sandbox_file_missing"
