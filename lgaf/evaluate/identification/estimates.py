"""Rank-k rates of probes, by name and with their bootstrap replicates."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from lgaf.errors import DataError, SettingsError
from lgaf.evaluate.bootstrap import Estimate, Seed, draws

RANK = re.compile(r"(?:(?P<set>.+)_)?rank(?P<rank>[1-9]\d*)")


def estimate_rank(trials: pa.Table, name: str, seed: Seed, replicates: int) -> Estimate:
    """Share of the probes of one set that are found at one rank; the gallery is held fixed."""
    parsed = RANK.fullmatch(name)
    if parsed is None:
        raise SettingsError(f"{name!r} is no metric of an identification; expected rank1, d1_rank1 and the like")
    probe_set, rank = parsed["set"] or "", int(parsed["rank"])
    columns = {key: trials[key].to_numpy() for key in ("set", "dropped", "identity")}
    kept = (columns["set"] == probe_set) & ~columns["dropped"]
    if not kept.any():
        raise DataError(f"{name}: no probe of set {probe_set!r} has a mate in the gallery")
    hits = trials["rank"].fill_null(0).to_numpy()[kept] < rank
    people, index = np.unique(columns["identity"][kept], return_inverse=True)
    probes_each, hits_each = np.bincount(index), np.bincount(index, hits)
    drawn = draws(len(people), replicates, seed, replicates)
    rates = np.concatenate([(hits_each @ weights) / (probes_each @ weights) for weights in drawn])
    return Estimate(float(hits.mean()), len(hits), len(people), rates)
