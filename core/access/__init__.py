"""Who there is and who is asking."""

from core.access.users import local_user, settle_local_user

__all__ = ["local_user", "settle_local_user"]
