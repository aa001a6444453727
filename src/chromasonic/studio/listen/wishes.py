"""What the form of the Listen page sends."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from chromasonic.errors import UsageError

QUESTION = "Which of the two do you like better?"
ONE_HOUSE = 5
ONE_ROOM = 1_000

Reference = Annotated[str, Field(min_length=1, max_length=400)]
VersionName = Annotated[str, Field(min_length=1, max_length=120)]


class Asked(BaseModel):
    """What holds for every listening test."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=120)
    question: str = Field(QUESTION, min_length=3, max_length=200)
    notes: str = Field("", max_length=600)
    trials: int = Field(10, ge=1, le=40)
    repeats: int = Field(2, ge=0, le=10)
    max_votes: int = Field(2_000, ge=10, le=100_000)
    is_one_room: bool = False
    is_lossless: bool = False

    def params(self) -> dict[str, Any]:
        """What every job is given."""
        title = " ".join(self.title.split())
        question = " ".join(self.question.split())
        if not title or not question:
            raise UsageError("The title and the question are empty; give each a few words.")
        return {
            "title": title,
            "question": question,
            "notes": self.notes.strip(),
            "trials": self.trials,
            "repeats": self.repeats,
            "max_votes": self.max_votes,
            "per_address": ONE_ROOM if self.is_one_room else ONE_HOUSE,
            "is_lossless": self.is_lossless,
        }


class FromVersions(Asked):
    """Two versions or more that make the clips themselves."""

    PAIRING: ClassVar[tuple[str, ...]] = ()
    """What is asked of the pairs."""

    models: list[Reference] = Field(min_length=2, max_length=6)
    names: list[VersionName] = Field(min_length=2, max_length=6)
    items: int = Field(12, ge=1, le=40)
    seed: int = Field(1, ge=0, le=2**31 - 1)
    has_anchor: bool = False

    def params(self) -> dict[str, Any]:
        if len(self.models) != len(self.names):
            raise UsageError(f"{len(self.models)} versions have {len(self.names)} names.")
        asked = ("items", "seed", "is_lossless", *self.PAIRING)
        return {
            **super().params(),
            "models": self.models,
            "names": self.names,
            "has_anchor": self.has_anchor,
            "anchors": 2,
            "pairing": {name: getattr(self, name) for name in asked},
        }


class FromModels(FromVersions):
    """Models that write tunes."""

    PAIRING = ("bars", "key", "metre", "temperature", "program")

    items: int = Field(12, ge=1, le=60)
    bars: int = Field(8, ge=2, le=32)
    key: str | None = Field(None, min_length=1, max_length=30)
    metre: str | None = Field(None, min_length=1, max_length=10)
    temperature: float = Field(1.0, gt=0, le=3)
    program: int = Field(73, ge=0, le=127)


class FromAgents(FromVersions):
    """Agents that set the same chorale tunes for four voices."""

    PAIRING = ("program",)

    program: int = Field(19, ge=0, le=127)


class FromDrummers(FromVersions):
    """Drummers that strike the same hits."""

    PAIRING = ("bars", "looseness")

    bars: Literal[2, 4] = 4
    looseness: float = Field(0.0, ge=0, le=4)


class Recording(BaseModel):
    """One sound that was sent before."""

    model_config = ConfigDict(extra="forbid")

    upload: str = Field(max_length=40)
    name: str = Field(min_length=1, max_length=200)


class OwnVersion(BaseModel):
    """A version that is a set of recordings."""

    model_config = ConfigDict(extra="forbid")

    name: VersionName
    recordings: list[Recording] = Field(min_length=1, max_length=60)


class FromSounds(Asked):
    """Recordings of the owner's; those of the same name make a pair."""

    versions: list[OwnVersion] = Field(min_length=2, max_length=6)
    longest_s: float = Field(20.0, ge=2, le=60)
