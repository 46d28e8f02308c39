"""1:N identification of templates (IJB-B, IJB-C): every probe is searched in each of two galleries apart.

As the benchmarks' papers have it (Whitelam et al., CVPR Workshops 2017; Maze et al., ICB 2018): the galleries have
nobody in common, the probes of one gallery's people are the non-mated searches of the other, and rates are averaged
over the galleries. So does insightface ``recognition/_evaluation_/ijb/ijb_evals.py`` (33cb768); its ``ijb_1n.py`` joins
the two, which leaves no open set. A search and its rates are those of images (:mod:`lgaf.evaluate.identification`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lgaf.evaluate.bootstrap import RESAMPLES_A_CHUNK, Estimate, Seed, draws
from lgaf.evaluate.identification.open_set import FPIRS, estimate_fnir, shown_fpirs
from lgaf.evaluate.identification.score import OPEN_SET
from lgaf.evaluate.identification.search import DROPPED, ByQuality, search
from lgaf.evaluate.lines import interval_line, left_out_lines
from lgaf.evaluate.names import SEARCH, fnir_name, rank_name
from lgaf.evaluate.replicates import hash_of_trials
from lgaf.evaluate.seeds import average
from lgaf.evaluate.similarity import QMagFace
from lgaf.formats.templates import PROBES

if TYPE_CHECKING:
    from lgaf.evaluate.settings import EvaluateSettings
    from lgaf.evaluate.templates.trials import Pooled

RANKS = (1, 5, 10)
"""Ranks that the field prints."""


def score_searches(
    pooled: Pooled, searches: pa.Table, settings: EvaluateSettings, seed: Seed, similarity: QMagFace | None
) -> tuple[dict[str, Any], dict[str, Estimate]]:
    """Rank-k rates and FNIR, the means over the galleries and each gallery's.

    Returns a block of the summary, ``protocol`` and ``trials`` as in the summary itself and ``compared``, the hash of
    who is searched where; and each metric with its replicates.
    """
    trials = search_trials(pooled, searches, similarity)
    estimates = estimate_searches(trials, seed, settings.replicates)
    listed, sets, outside = searches["gallery"].to_numpy(), trials["set"].to_numpy(), trials["nonmated"].to_numpy()
    galleries = list(dict.fromkeys(sets))
    lines = [
        "1:N: every probe template is searched in each gallery apart, one template a person; a rate without a "
        "gallery's name is the mean over the galleries; TPIR is 1 - FNIR",
        "closed set: share of the mated searches whose mate is among the first k; ties count against the probe",
        OPEN_SET,
    ]
    for name in galleries:
        mated, nonmated = (int(np.count_nonzero((sets == name) & (outside == kind))) for kind in (False, True))
        people = np.count_nonzero(listed == name)
        lines.append(f"{name}: {people:,} people; {mated:,} mated and {nonmated:,} non-mated searches")
        asked = [fnir_name(SEARCH + name, fpir) for fpir in FPIRS]
        lines += left_out_lines(asked, [*estimates], nonmated, "searches")
    lines.append(f"{interval_line(settings, True)} of both galleries together, the galleries held fixed")
    count = len(galleries) * int(np.count_nonzero(listed == PROBES))
    if lost := count - len(sets):
        lines.append(f"{lost:,} searches are left out: the probe, or its mate in a gallery, has lost all its images")
    used = {"asked": count, "used": len(sets), "dropped": 0}
    return {"protocol": lines, "trials": used, "compared": hash_of_trials(trials)}, estimates


def search_trials(pooled: Pooled, searches: pa.Table, similarity: QMagFace | None) -> pa.Table:
    """Search every probe in every gallery. A probe that has lost all its images, or whose mate has, is left out of all.

    The table: set (gallery), probe (template), identity, rank, dropped, nonmated, mate, other, as
    :func:`lgaf.evaluate.identification.trials.identification_trials` has them; of a gallery's searches those that are
    dropped are the non-mated ones.
    """
    gallery, template, person = (searches[name].to_numpy() for name in searches.column_names)
    row = np.minimum(np.searchsorted(pooled.ids, template), len(pooled.ids) - 1)
    there = pooled.ids[row] == template
    entries = (gallery != PROBES) & there
    probes = (gallery == PROBES) & there & np.isin(person, person[entries])
    tables = []
    for name in dict.fromkeys(gallery[entries].tolist()):
        own = entries & (gallery == name)
        by_quality = None
        if similarity and pooled.quality is not None:
            by_quality = ByQuality(similarity, pooled.quality[row[own]], pooled.quality[row[probes]])
        found = search(pooled.vectors[row[own]], person[own], pooled.vectors[row[probes]], person[probes], by_quality)
        mateless = found.rank == DROPPED
        columns = {
            "set": pa.array([name] * len(mateless), pa.string()),
            "probe": template[probes],
            "identity": person[probes],
            "rank": pa.array(found.rank, pa.int64(), mask=mateless),
            "dropped": mateless,
            "nonmated": mateless,
            "mate": pa.array(found.mate, pa.float32(), mask=mateless),
            "other": pa.array(found.other, pa.float32(), mask=np.isinf(found.other)),
        }
        tables.append(pa.table(columns))
    return pa.concat_tables(tables)


def estimate_searches(trials: pa.Table, seed: Seed, replicates: int) -> dict[str, Estimate]:
    """Rank-k rates, and FNIR at those rates that the non-mated searches of each gallery can show.

    The people of all probes are drawn together, so that replicate r of every rate is of one resample.
    """
    sets, outside = trials["set"].to_numpy(), trials["nonmated"].to_numpy()
    galleries = list(dict.fromkeys(sets))
    fpirs = shown_fpirs(min(int(np.count_nonzero(outside & (sets == name))) for name in galleries))
    own: dict[str, dict[str, Estimate]] = {}
    for name in galleries:
        own[name] = estimate_ranks(trials.filter(pa.array(sets == name)), seed, replicates)
        found = estimate_fnir(trials, name, fpirs, seed, replicates)
        own[name] |= dict(zip((fnir_name("", fpir) for fpir in fpirs), found, strict=True))
    means = {SEARCH + metric: average([found[metric] for found in own.values()]) for metric in own[galleries[0]]}
    return means | {f"{SEARCH}{name}_{metric}": it for name, found in own.items() for metric, it in found.items()}


def estimate_ranks(trials: pa.Table, seed: Seed, replicates: int) -> dict[str, Estimate]:
    """Rank-k rates of the searches of one gallery, of all of whose people, mated or not, are drawn."""
    people, index = np.unique(trials["identity"].to_numpy(), return_inverse=True)
    mated = ~trials["dropped"].to_numpy()
    rank, owner = trials["rank"].fill_null(0).to_numpy()[mated], index[mated]
    searches_each = np.bincount(owner, minlength=len(people))
    hits_each = np.array([np.bincount(owner, rank < k, minlength=len(people)) for k in RANKS])
    drawn = draws(len(people), replicates, seed, RESAMPLES_A_CHUNK)
    with np.errstate(invalid="ignore"):
        rates = np.concatenate([(hits_each @ it) / (searches_each @ it) for it in drawn], axis=1)
    units = len(np.unique(owner))
    return {
        rank_name("", k): Estimate(float(np.mean(rank < k)), len(rank), units, rate)
        for k, rate in zip(RANKS, rates, strict=True)
    }
