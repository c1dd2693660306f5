"""What a model is to learn of a target: the question with its reason, the outcome looked for, rare classes.

All of it is proposed from the target's values and can be changed before the click; what can't work is said there too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import streamlit as st

from core.db.tables.uploads import UploadRow
from core.errors import AppError
from core.models import labels as one_label
from core.models.fitting import target_columns, targets
from core.models.fitting.questions import RARE_CLASSES, RareClasses, TargetChoices
from core.models.requests import proposals
from core.models.requests.proposals import Proposal
from core.models.schema import Task
from core.ui import formatting, links, session
from core.ui.models.labels import TASKS
from core.ui.uploads.receipt import KINDS
from core.uploads.report.profile import ColumnProfile

_RARE: Final[dict[RareClasses, str]] = {
    "fewer_folds": "Keep them, and compare on fewer folds",
    "leave_out": "Leave their rows out",
    "other": "Put them together as one class",
}
_SHOWN: Final = 6


@dataclass(frozen=True)
class StatedTarget:
    """What was chosen. refusal: why no model can be trained so."""

    target: str | None
    choices: TargetChoices = field(default_factory=TargetChoices)
    refusal: AppError | None = None


def column(
    upload: UploadRow, columns: Sequence[ColumnProfile], *, before: str | None, key: str
) -> tuple[str | None, AppError | None]:
    """The box for the column to predict, and why the chosen one can't be. before: what it begins with."""
    by_name = {one.name: one for one in columns}
    refusals = {name: target_columns.refusal(one, n_rows=upload.n_rows) for name, one in by_name.items()}
    guessed = before if before in by_name else target_columns.guess(columns, n_rows=upload.n_rows)
    names = list(by_name)
    target = st.selectbox(
        "Column to predict",
        names,
        index=names.index(guessed) if guessed in names else None,
        format_func=lambda name: _named(by_name[name], refusals[name]),
        placeholder="Choose a column",
        key=key,
        help="The outcome that the model learns to predict from the other columns.",
    )
    if target is None:
        return None, refusals[names[-1]] if all(refusals.values()) else None
    return target, refusals[target]


def _named(one: ColumnProfile, refusal: AppError | None) -> str:
    kind = KINDS[one.kind].lower()
    return f"{one.name}  ·  {kind}" if refusal is None else f"{one.name}  ·  {kind}  ·  can't be predicted"


def show(
    upload: UploadRow,
    columns: Sequence[ColumnProfile],
    *,
    before: str | None,
    stated: Mapping[str, Any] | None,
    key: str,
    target_key: str,
    has_folds: bool = True,
) -> StatedTarget:
    """The whole of it. before: the target to begin with. stated: what the training before was told, if there is one.
    key: of what the answers are about. has_folds: rows are held out fold by fold, not once, so rare classes can stay.
    """
    target, refusal = column(upload, columns, before=before, key=target_key)
    if target is None or refusal is not None:
        return StatedTarget(target, refusal=refusal)
    old = TargetChoices.from_json(stated) if stated and target == before else TargetChoices()
    key = f"{key}_{target}"
    try:
        found = _proposal(upload, target)
        merge_words = True
        if found is not None and found.merged_words:
            merge_words = _merge_words(found, old, key=key)
            found = found if merge_words else _proposal(upload, target, merge_words=False)
    except AppError as refused:
        return StatedTarget(target, refusal=refused)
    if found is None:
        st.caption(
            f"The file has more than {formatting.size(proposals.MOST_BYTES)}, so its values decide only in training "
            "whether this is a yes/no question, one of several classes, or a number."
        )
        return StatedTarget(target, old)
    choices = replace(old, merge_words=merge_words, task=_task(found, old, key=key))
    positive = _positive(found, old, key=key) if choices.task == "binary" else None
    rare: RareClasses = "fewer_folds"
    if choices.task != "regression" and found.rare:
        rare = _rare(found, old, RARE_CLASSES if has_folds else RARE_CLASSES[1:], key=key)
    choices = replace(choices, positive_label=positive, rare_classes=rare)
    return StatedTarget(target, choices, _impossible(target, found, choices))


def _impossible(target: str, found: Proposal, choices: TargetChoices) -> AppError | None:
    """Why nothing can be learnt so."""
    if choices.task == "regression":
        return None
    try:
        targets.kept_classes(target, found.sizes, choices)
    except AppError as refused:
        return refused
    return None


def _task(found: Proposal, old: TargetChoices, *, key: str) -> Task:
    """What is asked, and why; to be chosen where there is a choice."""
    question = found.question
    begins = old.task if old.task in question.possible else question.task
    chosen: Task | None = begins
    if len(question.possible) > 1:
        chosen = st.segmented_control(
            "What to learn",
            question.possible,
            default=begins,
            format_func=TASKS.__getitem__,
            key=f"task_{key}",
            required=True,
        )
        st.caption(f"Proposed: {TASKS[question.task].lower()}. {links.escape(question.reason)}")
    else:
        st.caption(f"**{TASKS[begins]}**. {links.escape(question.reason)}")
    if found.notes and chosen != "regression":
        st.caption(f":material/merge: {links.escape(' '.join(found.notes[:_SHOWN]))}")
    return chosen or begins


def _merge_words(found: Proposal, old: TargetChoices, *, key: str) -> bool:
    words = ", ".join(links.escape(repr(word)) for word in found.merged_words[:_SHOWN])
    return st.checkbox(
        f"Words that mean the same are one class ({words})", value=old.merge_words, key=f"merge_words_{key}"
    )


def _positive(found: Proposal, old: TargetChoices, *, key: str) -> str:
    """The outcome whose probability is asked for."""
    classes = sorted(found.sizes)
    place = None if old.positive_label is None else one_label.lookup(classes)(old.positive_label)
    assert found.positive_label is not None
    begins = classes.index(found.positive_label) if place is None else place
    return st.selectbox(
        "Positive outcome",
        classes,
        index=begins,
        format_func=lambda label: f"{label}  ·  {formatting.count(found.sizes[label], 'row')}",
        key=f"positive_{key}",
        help="The result shows the probability of this outcome.",
    )


def _rare(found: Proposal, old: TargetChoices, possible: Sequence[RareClasses], *, key: str) -> RareClasses:
    rare = sorted(found.rare.items())
    named = ", ".join(f"{links.escape(label)} ({size})" for label, size in rare[:_SHOWN])
    more = f" and {len(rare) - _SHOWN} more" if len(rare) > _SHOWN else ""
    return st.selectbox(
        f"Classes of fewer than five rows: {named}{more}",
        possible,
        index=possible.index(old.rare_classes) if old.rare_classes in possible else 0,
        format_func=_RARE.__getitem__,
        key=f"rare_{key}",
        help="A class of one row is left out in any case.",
    )


def _proposal(upload: UploadRow, target: str, *, merge_words: bool = True) -> Proposal | None:
    user = session.user()
    read = repr(upload.receipt["dialect"])  # an overruled guess is another question
    return _read(str(user.id), upload.id, read, target, merge_words)


@st.cache_data(ttl=600, max_entries=64, show_spinner="Looking at its values…")
def _read(user_id: str, upload_id: int, read: str, target: str, merge_words: bool) -> Proposal | None:
    """user_id, read: what the answer depends on beside the others."""
    del user_id, read
    return proposals.of_upload(
        session.user(), storage=session.files(), upload_id=upload_id, target=target, merge_words=merge_words
    )
