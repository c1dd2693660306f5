"""What a room's own settings are made of."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from pydantic import BaseModel, SecretStr

EVERY_POOL = ("*",)


class Part(BaseModel):
    """The settings of one room, and what follows from them: a subclass in a file of its own under `parts/`.

    Each field has a default, with which the product runs embedded, and a description, which the README repeats.

        class GenerationSettings(Part, pools=("generation",)):
            batch_size: int = Field(default=20, ge=1, description="Items that one request asks for.")

    pools: whose child processes get these settings; none, unless said. secrets: fields, beside those of the type
    SecretStr, whose values may hold a secret and so are never shown.
    """

    pools: ClassVar[tuple[str, ...]]
    secrets: ClassVar[tuple[str, ...]]

    def __init_subclass__(
        cls, *, pools: tuple[str, ...] = (), secrets: tuple[str, ...] = (), **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        cls.pools, cls.secrets = pools, secrets

    @classmethod
    def own_fields(cls) -> set[str]:
        """The names of the settings that this part itself adds."""
        return {name for name in vars(cls)["__annotations__"] if name in cls.model_fields}

    @classmethod
    def may_hold_secret(cls, name: str) -> bool:
        """Whether it is one of this part's settings, and its value is never shown."""
        return name in cls.own_fields() and (
            name in cls.secrets or cls.model_fields[name].annotation is SecretStr
        )

    @classmethod
    def is_for(cls, pools: Collection[str]) -> bool:
        """Whether child processes of any of these pools get these settings."""
        return cls.pools == EVERY_POOL or not set(cls.pools).isdisjoint(pools)
