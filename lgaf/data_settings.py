"""The block ``data`` of params.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from lgaf.data.settings import LfwOptions, OfficialOptions, OwnBenchmark
from lgaf.world.settings import WorldSettings

OwnName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+$", max_length=40)]


class DataSettings(OfficialOptions):
    """Where photos come from, and how official benchmarks are read."""

    source: Literal["world", "lfw", "official"] = "world"
    """``world``: the generated faces; ``lfw``: the photos of Labeled Faces in the Wild, to train and to test;
    ``official``: any training set and any benchmarks, as docs/datasets/ shows them."""
    root: Path | None = None
    """Folder that holds the data sets; LFW is fetched into it where source is ``lfw``, it is not there, and there is a
    network."""
    train: Path | None = None
    """Training set of ``official``, below ``root``: a folder with train.rec, a folder a person, a pack, or ``scface``,
    the 50 people that ``scface_test80`` leaves. Null where nothing is trained."""
    world: WorldSettings = WorldSettings()
    """What is generated."""
    lfw: LfwOptions = LfwOptions()
    """Who is tested of ``lfw``."""
    own: dict[OwnName, OwnBenchmark] = Field({}, max_length=100)
    """Benchmarks of the user's own photos, beside those of any source; ``benchmarks`` says which of them are run."""

    def official_options(self) -> dict[str, Any]:
        """The options of :func:`lgaf.data.official.readers.open_benchmark`."""
        return {name: getattr(self, name) for name in OfficialOptions.model_fields}

    @model_validator(mode="after")
    def what_the_source_needs(self) -> DataSettings:
        """Real photos lie somewhere, and only LFW is both trained on and tested."""
        if self.source != "world" and self.root is None:
            raise ValueError(f"source {self.source!r} needs data.root, the folder that holds (or shall hold) it")
        if self.source != "lfw" and self.lfw.fold is not None:
            raise ValueError(f"lfw.fold: source {self.source!r} leaves no one out of training; set it to null")
        return self
