"""The base of every block of parameters."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Unknown keys, NaN and infinity are errors; values cannot be changed after they were checked."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
