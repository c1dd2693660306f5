"""Why something is not deleted, or can't be taken back."""

from __future__ import annotations

from core.errors import Clash


class NothingToDelete(Clash):
    """Not one conversation would be deleted. why: a sentence."""

    code = "nothing_to_delete"
    message = "There is nothing to delete: {why}"
    hint = "Choose other conversations."
    why: str


class CountChanged(Clash):
    """More or fewer would be deleted than was confirmed."""

    code = "count_changed"
    message = (
        "This would delete {n_found:conversation}, and {n_confirmed} were confirmed. Nothing was deleted."
    )
    hint = "Look again, then confirm {n_found}."
    n_found: int
    n_confirmed: int


class TooLateToUndo(Clash):
    """The task has begun to remove what was deleted."""

    code = "too_late_to_undo"
    message = "This can't be undone any more: it is being removed, or is gone."
    hint = "A backup may still hold it."
