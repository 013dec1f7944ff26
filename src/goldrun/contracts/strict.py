"""The base of every setting: frozen, and refusing keys it does not know."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A frozen pydantic model that refuses unknown keys instead of ignoring them."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
