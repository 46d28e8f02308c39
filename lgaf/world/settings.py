"""How large the generated world is."""

from __future__ import annotations

from pydantic import Field, model_validator

from lgaf.strict import Strict


class WorldSettings(Strict):
    """Numbers of people, images and pairs; the defaults are the embedded default, about 7,800 images."""

    frame: int = Field(250, ge=250, le=1000)
    """Width and height of a photograph in pixels, as in LFW; the face is somewhere in it."""

    train_people: int = Field(500, ge=2)
    """People to train on; nobody of them is in a benchmark."""

    train_images: int = Field(10, ge=2)
    """Images of each person to train on. More people with fewer images teach more about people unseen."""

    pair_people: int = Field(70, ge=3)
    """People in each of the benchmarks of pairs: lfw, cfp_fp, cplfw, calfw, agedb."""

    pair_images: int = Field(5, ge=2)
    """Images of each person in a benchmark of pairs."""

    pairs: int = Field(300, ge=10)
    """Pairs of one person in each benchmark of pairs, and as many pairs of two people."""

    search_people: int = Field(80, ge=2)
    """People searched for in tinyface: one image in the gallery, two probes."""

    distractors: int = Field(150, ge=0)
    """People in tinyface's gallery of whom there is no probe."""

    mugshot_people: int = Field(40, ge=2)
    """People in scface: one mugshot, five cameras at each of three distances."""

    @model_validator(mode="after")
    def enough_pairs(self) -> WorldSettings:
        """Refuse more pairs than the images give; half of a person's images are of either kind (frontal, profile)."""
        near = self.pair_images // 2
        most = self.pair_people * near * (self.pair_images - near)
        if self.pairs > most:
            raise ValueError(
                f"pairs: {self.pairs} are too many: pair_people {self.pair_people} with pair_images "
                f"{self.pair_images} give at most {most}"
            )
        return self
