"""The state of the installation: what is broken with its cure, then each part, then what failed lately."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from core import db, queue
from core.errors import AppError
from core.system import checks
from core.system.checks import Check, Failure, State
from core.ui import formatting, links, page_frame, session

MARKS: Final = {
    State.OK: ":green[:material/check_circle:]",
    State.WARN: ":orange[:material/warning:]",
    State.BROKEN: ":red[:material/error:]",
}
ICONS: Final = {
    "Database": ":material/database:",
    "Storage": ":material/folder:",
    "Queue": ":material/stacks:",
    "SQS": ":material/mail:",
    "Workers": ":material/precision_manufacturing:",
    "Sandboxes": ":material/deployed_code:",
    "Generation": ":material/forum:",
    "Sign-in": ":material/passkey:",
    "Keys": ":material/key:",
    "Python": ":material/code:",
}
OTHER_PART: Final = ":material/build_circle:"
N_SHOWN: Final = 10


def show_verdict(found: Sequence[Check]) -> None:
    """One sentence, and a line with its cure for everything that is not well."""
    unwell = sorted((check for check in found if check.state is not State.OK), key=lambda c: c.state)
    if not unwell:
        with st.container(border=True, key="all_well"):
            counted = formatting.exact(len(found), "check")
            st.markdown(f"{MARKS[State.OK]} **Everything works** :gray[· {counted} passed]")
    for check in unwell:
        text = f"**{check.part}** · {links.escape(check.message)}"
        hint = f"\n\n{with_commands(check.hint)}" if check.hint else ""
        if check.state is State.BROKEN:
            st.error(text + hint, icon=":material/error:")
        else:
            st.warning(text + hint, icon=":material/warning:")


def with_commands(hint: str) -> str:
    """A hint as markdown, of which only what stands between backticks is code."""
    parts = hint.split("`")
    return "".join(f"`{part}`" if at % 2 else links.escape(part) for at, part in enumerate(parts))


def show_parts(found: Sequence[Check]) -> None:
    """A card a part, its checks in it."""
    named = dict.fromkeys(check.part for check in found)
    parts = [*(part for part in ICONS if part in named), *(part for part in named if part not in ICONS)]
    with st.grid(2, min_column_width=330, gap="small", key="parts"):
        for part in parts:
            lines = [check for check in found if check.part == part]
            with st.container(border=True, height="stretch", gap="xsmall", key=f"part_{part.lower()}"):
                st.markdown(f":gray[{ICONS.get(part, OTHER_PART)}] **{part}** {MARKS[checks.worst(lines)]}")
                for check in lines:
                    mark = f"{MARKS[check.state]} " if check.state is not State.OK else ""
                    st.markdown(
                        f":small[{mark}:gray[{links.escape(check.name)}]  \n{links.escape(check.message)}]"
                    )


def show_failures(failures: Sequence[Failure]) -> None:
    """The newest failed tasks, each with its traceback where there is one."""
    page_frame.section("Recent errors", "Work that failed, newest first.")
    if not failures:
        page_frame.empty("No errors", "Nothing has failed.", icon=":material/verified:")
    now, zone = session.now(), session.zone()
    for failure in failures[:N_SHOWN]:
        when = formatting.ago(failure.at, now=now)
        label = f"{queue.kind_label(failure.kind)} · {when} · {links.escape(failure.message)}"
        with st.expander(label, icon=":material/error:", key=f"failure_{failure.task_id}"):
            st.caption(f"{formatting.exact_moment(failure.at, zone=zone)} · task {failure.task_id}")
            if failure.traceback:
                st.code(failure.traceback, language="python", wrap_lines=True)
            else:
                st.markdown(links.escape(failure.message))
                st.caption("Caused by the input, so there is no traceback.")
    if len(failures) > N_SHOWN:
        st.caption(f"Showing the {N_SHOWN} newest of {len(failures)}.")


with page_frame.heading("System", "The health of this installation, and how to fix what is broken."):
    st.button("Check again", key="check_again", icon=":material/refresh:")

principal = session.principal()
checked = checks.run(session.config(), principal=principal)
show_verdict(checked)
show_parts(checked)
if isinstance(principal, db.User):
    try:
        show_failures(checks.failures(principal=principal))
    except AppError as error:
        page_frame.show_error(error)
with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="shell"):
    at = formatting.moment(session.now(), now=session.now(), zone=session.zone())
    st.caption(f"Checked at {at}. Run the same checks from a shell: `python -m core.system`")
