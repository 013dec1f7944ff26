"""Base class of all settings: frozen, without unknown keys."""

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator


class Strict(BaseModel):
    """A frozen pydantic model that refuses unknown keys instead of ignoring them."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @field_validator("*", mode="before")
    @classmethod
    def _a_number_is_no_boolean(cls, value: object, field: ValidationInfo) -> object:
        kind = cls.model_fields[str(field.field_name)].annotation
        if isinstance(value, bool) and kind in (int, float):
            raise ValueError(f"{str(value).lower()} is not a number; give a number")
        return value
