"""All tables: a module a resource, each table with its row-level rules in its class.

Whoever imports one has them all, so that `Base.metadata` is whole wherever it is used. A new table is a new file.
Ids are UUIDs unless said, times are aware UTC; a state's allowed moves live in its room.
"""

import pkgutil
from importlib import import_module

from core.db.tables.base import Base

__all__ = ["Base"]

for _module in pkgutil.walk_packages(__path__, f"{__name__}."):
    import_module(_module.name)
