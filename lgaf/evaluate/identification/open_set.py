"""Open-set identification, in NIST's terms (Grother, Ngan and Hanaoka, NISTIR 8271; ISO/IEC 19795-1:2021, 3.22).

A search is mated where the probe's person is in the gallery, else non-mated. FPIR(T): share of the non-mated searches
with a candidate above T. FNIR(N, R, T) with R = 1: share of the mated searches whose mate is not the first candidate or
not above T; 1 - FNIR is the detection and identification rate (Phillips, Grother and Micheals, Handbook of Face
Recognition, 2011) and the TPIR of IJB-B and IJB-C. Ties within 1e-6 count against the system, as in the closed set.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import pyarrow as pa

from lgaf.evaluate.bootstrap import RESAMPLES_A_CHUNK, Estimate, Seed, draws
from lgaf.evaluate.identification.search import TIE
from lgaf.evaluate.operating_point import Trials, share_accepted, threshold, trials_of, with_nobody

FPIRS = (1e-1, 1e-2)
"""False positive identification rates that are reported."""


def shown_fpirs(nonmated: int) -> list[float]:
    """Those of FPIRS that ``nonmated`` searches can show."""
    return [fpir for fpir in FPIRS if fpir * nonmated >= 1]


def fnir(mated: Trials, nonmated: Trials, fpir: float, weights: np.ndarray) -> np.ndarray:
    """(R,) FNIR at a FPIR, where people count (U + 1, R) ``weights`` times.

    mated: searches with the cosine of the mate, -inf where it is not the first candidate; nonmated: with the first
    candidate's. NaN where the searches of a kind have no weight at all.
    """
    return 1 - share_accepted(mated, threshold(nonmated, fpir, weights) + TIE, weights)


def estimate_fnir(
    trials: pa.Table, probe_set: str, fpirs: Sequence[float], seed: Seed, replicates: int
) -> list[Estimate]:
    """FNIR of one probe set at each of ``fpirs``; thresholds are set anew in each resample, the gallery is held fixed.

    The people of all searches, mated or not, are drawn together.
    """
    names = ("set", "identity", "dropped", "nonmated", "rank", "mate", "other")
    sets, people, dropped, outside, rank, mate, other = (trials[key].to_numpy() for key in names)
    mated, outside = (sets == probe_set) & ~dropped, (sets == probe_set) & outside
    known, index = np.unique(people[mated | outside], return_inverse=True)
    person = np.empty(len(people), np.int64)
    person[mated | outside] = index
    first = np.where(rank == 0, mate, -np.inf)

    def searches(kept: np.ndarray, scores: np.ndarray) -> Trials:
        return trials_of(scores[kept], person[kept], person[kept], len(known))

    if not fpirs:
        return []
    hits, alarms = searches(mated, first), searches(outside, other)
    drawn = chain([np.ones((len(known), 1))], draws(len(known), replicates, seed, RESAMPLES_A_CHUNK))
    rates = np.concatenate([[fnir(hits, alarms, fpir, with_nobody(it)) for fpir in fpirs] for it in drawn], axis=1)
    count, units = len(hits.scores), len(np.unique(hits.one))
    return [Estimate(float(own[0]), count, units, own[1:]) for own in rates]
