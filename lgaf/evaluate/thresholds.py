"""Thresholds to run a network at: the cosine at each false match rate, what it costs, and what it does to groups.

FMR(T): share of the non-mated comparisons above T; FNMR(T): share of the mated ones that are not (ISO/IEC 19795-1).
A group's rates are those of the comparisons of two images of the group at the threshold of all, as NIST prints them
(Grother, Ngan and Hanaoka, NISTIR 8280).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lgaf.evaluate.bootstrap import Estimate, Seed, draws, unit_ids
from lgaf.evaluate.operating_point import Trials, share_accepted, threshold, trials_of, with_nobody

if TYPE_CHECKING:
    from lgaf.evaluate.settings import EvaluateSettings
    from lgaf.formats.embeddings import Embeddings

FMRS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""False match rates at which a threshold is told, as far as the comparisons can show it."""
FEWEST_ERRORS = 10
"""Non-mated comparisons that a rate must let through to be told, of all and of a group: of ten, chance alone moves a
rate by some 60 %."""
FEWEST_PEOPLE = 10
"""People of a group of whom rates are told."""


def shown_fmrs(nonmated: int) -> list[float]:
    """Those of FMRS that ``nonmated`` comparisons can show."""
    return [fmr for fmr in FMRS if fmr * nonmated >= FEWEST_ERRORS]


def image_thresholds(
    trials: pa.Table,
    embeddings: Embeddings,
    groups: Mapping[str, np.ndarray],
    settings: EvaluateSettings,
    seed: Seed,
) -> dict[str, Any]:
    """:func:`score_thresholds` of a table of pairs of images, with the columns left, right, identity_left,
    identity_right, same, score, and of its groups, as :func:`lgaf.evaluate.groups.groupings` has them."""
    left, right = unit_ids(trials["identity_left"].to_numpy(), trials["identity_right"].to_numpy())
    people, index = np.unique(np.concatenate([left, right]), return_inverse=True)
    owners = index.reshape(2, -1)
    pairs = trials_of(trials["score"].to_numpy(), owners[0], owners[1], len(people))
    members = members_of(trials, embeddings, groups)
    return score_thresholds(pairs, trials["same"].to_numpy(), len(people), members, settings, seed)


def score_thresholds(
    pairs: Trials,
    same: np.ndarray,
    people: int,
    members: Mapping[tuple[str, str], np.ndarray],
    settings: EvaluateSettings,
    seed: Seed,
) -> dict[str, Any]:
    """Thresholds and FNMR of N comparisons of cosines, (N,) bool ``same``, among ``people``, and of groups of them.

    members: (grouping, group) -> places of its comparisons. Returns the block of a summary: ``mated`` and ``nonmated``,
    how many; ``points``, one a rate: ``fmr``, ``threshold`` {value, low, high}, a cosine above which a pair is
    accepted, ``fnmr`` {value, low, high}, and ``groups`` [{by, group, people, mated, nonmated, fmr, fnmr}], of which a
    rate is None where the group's comparisons cannot show it; ``few`` [{by, group, people}], groups of too few people.
    """
    mated, nonmated = np.flatnonzero(same), pairs.chosen(~same)
    (drawn,) = draws(people, settings.replicates, seed, settings.replicates)
    weights = with_nobody(np.hstack([np.ones((people, 1)), drawn]))

    def rate(kept: np.ndarray, above: np.ndarray, missed: bool = False) -> dict[str, float] | None:
        """The share of comparisons ``kept`` that is accepted, or missed."""
        if not len(kept):
            return None
        share = share_accepted(pairs.chosen(kept), above, weights)
        share = 1 - share if missed else share
        units = len(np.union1d(pairs.one[kept], pairs.other[kept]))
        low, high = Estimate(float(share[0]), len(kept), units, share[1:]).interval(settings.confidence)
        return {"value": float(share[0]), "low": low, "high": high}

    known = {key: len(people_of(pairs.chosen(rows), people)) for key, rows in members.items()}
    points = []
    for fmr in shown_fmrs(len(nonmated.scores)):
        above = threshold(nonmated, fmr, weights)
        low, high = np.nanquantile(above[1:], [(1 - settings.confidence) / 2, (1 + settings.confidence) / 2])
        own = []
        for (by, group), rows in members.items():
            if known[by, group] < FEWEST_PEOPLE:
                continue
            alike, apart = rows[same[rows]], rows[~same[rows]]
            own.append(
                {
                    "by": by,
                    "group": group,
                    "people": known[by, group],
                    "mated": len(alike),
                    "nonmated": len(apart),
                    "fmr": rate(apart, above) if fmr * len(apart) >= FEWEST_ERRORS else None,
                    "fnmr": rate(alike, above, missed=True),
                }
            )
        cosine = {"value": float(above[0]), "low": float(low), "high": float(high)}
        fnmr = rate(mated, above, missed=True)
        points.append({"fmr": fmr, "threshold": cosine, "fnmr": fnmr, "groups": own})
    few = [{"by": by, "group": group, "people": n} for (by, group), n in known.items() if n < FEWEST_PEOPLE]
    return {"mated": len(mated), "nonmated": len(nonmated.scores), "points": points, "few": few}


def people_of(pairs: Trials, nobody: int) -> np.ndarray:
    """Everyone who is in one of the comparisons."""
    return np.setdiff1d(np.union1d(pairs.one, pairs.other), nobody)


def members_of(
    trials: pa.Table, embeddings: Embeddings, groups: Mapping[str, np.ndarray]
) -> dict[tuple[str, str], np.ndarray]:
    """(grouping, group) -> places of the comparisons of two images of that group, in order of name."""
    names = pa.array(embeddings.names, pa.string())
    left, right = (pc.index_in(trials[side], value_set=names).to_numpy() for side in ("left", "right"))
    found = {}
    for by, group in groups.items():
        numbers = {name: number for number, name in enumerate(sorted({*group.tolist()} - {""}), start=1)}
        of_image = np.array([numbers.get(name, 0) for name in group.tolist()])
        one, other = of_image[left], of_image[right]
        for name, number in numbers.items():
            found[by, name] = np.flatnonzero((one == number) & (other == number))
    return found
