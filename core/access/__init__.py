"""Who there is, who is asking, what they may do, and what they did."""

from core.access.users import local_user, settle_local_user

__all__ = ["local_user", "settle_local_user"]
