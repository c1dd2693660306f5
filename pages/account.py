"""One's own account: tokens for programs, and the browsers one is signed in with."""

from core import db
from core.access import sessions, tokens
from core.ui import links, page_frame, session
from core.ui.account import sessions as account_sessions
from core.ui.account import tokens as account_tokens

user = session.user()
with db.session_scope(user) as scope:
    made = tokens.alive(scope, now=session.now())
    open_ones = sessions.alive(scope, settings=session.config(), now=session.now())

about = f"{links.escape(user.email)} · {user.role}" if user.email else user.role.capitalize()
page_frame.heading("Account", about)
account_tokens.show(made)
if session.config().has_sign_in:
    account_sessions.show(open_ones)
