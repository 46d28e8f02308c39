"""One model on probes that are searched in a gallery: rank-k rates, and the open set where people are outside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lgaf.evaluate.identification.estimates import estimate_rank
from lgaf.evaluate.identification.open_set import FPIRS, estimate_fnir, shown_fpirs
from lgaf.evaluate.identification.trials import identification_trials
from lgaf.evaluate.lines import embedding_line, interval_line, left_out_lines
from lgaf.evaluate.names import fnir_name, rank_name
from lgaf.evaluate.reject import error_versus_reject
from lgaf.evaluate.scored import Scored, intervals
from lgaf.evaluate.similarity import QMagFace

if TYPE_CHECKING:
    from lgaf.evaluate.bootstrap import Estimate, Seed
    from lgaf.evaluate.settings import EvaluateSettings
    from lgaf.formats.embeddings import Embeddings
    from lgaf.formats.protocol import Identification

CMC_RANKS = 50
OPEN_SET = (
    "open set: a search is mated or, where its person is not in the gallery, non-mated; FNIR: mated searches whose "
    "mate is not at rank 1 above the threshold; FPIR: non-mated searches with anybody above it; ties within 1e-6 "
    "count as errors; thresholds set anew in each resample; lower is better"
)
"""What the open set's rates are, in print."""


def score_identification(
    embeddings: Embeddings,
    protocol: Identification,
    settings: EvaluateSettings,
    seed: Seed,
    similarity: QMagFace | None,
) -> Scored:
    """Rank-k rates, CMC and error versus reject of each probe set; FNIR where people are outside the gallery."""
    trials, images = identification_trials(embeddings, protocol, settings.max_missing, similarity)
    names = [rank_name(probe_set, rank) for probe_set in protocol.probes for rank in protocol.ranks]
    estimates = {name: estimate_rank(trials, name, seed, settings.replicates) for name in names}
    open_set, said = score_open_set(trials, [*protocol.probes], settings, seed)
    kept = trials.filter(pc.invert(trials["dropped"]))
    sets, ranks, quality = (kept[key].to_numpy() for key in ("set", "rank", "quality"))
    mates, distractors = len(images.present(protocol.gallery)), len(images.present(protocol.distractors))
    lines = [
        embedding_line(embeddings.flip, similarity),
        f"closed set: gallery of {mates + distractors:,} images, {distractors:,} of them distractors, no template "
        "pooling; ties count against the probe",
        "probes: " + ", ".join(f"{np.count_nonzero(sets == name):,} {name}".strip() for name in protocol.probes),
        interval_line(settings, True) + ", the gallery held fixed",
        *said,
    ]
    dropped = trials.num_rows - len(ranks)
    if lost := dropped - np.count_nonzero(trials["nonmated"]):
        lines.append(f"{lost:,} probes have no mate in the gallery and are dropped")
    depth = np.arange(1, min(CMC_RANKS, mates + distractors) + 1)
    curves = {
        name: {"rank": depth.tolist(), "rate": [float(np.mean(ranks[sets == name] < rank)) for rank in depth]}
        for name in protocol.probes
    }
    rule = "rank-1 misses among the remaining probes; quality: the probe's norm"
    summary = {
        "metrics": intervals(estimates | open_set, settings.confidence),
        "protocol": lines,
        "trials": {"asked": sum(map(len, protocol.probes.values())), "used": len(ranks), "dropped": dropped},
        "cmc": curves[""] if list(curves) == [""] else curves,
        "reject": {**error_versus_reject(ranks > 0, quality), "rule": rule},
    }
    return Scored(summary, trials, images, estimates | open_set)


def score_open_set(
    trials: pa.Table, probe_sets: Sequence[str], settings: EvaluateSettings, seed: Seed
) -> tuple[dict[str, Estimate], list[str]]:
    """FNIR of each probe set at those rates that its non-mated searches can show, and lines to print."""
    sets, outside = trials["set"].to_numpy(), trials["nonmated"].to_numpy()
    if not outside.any():
        return {}, ["no person outside the gallery: no open set"]
    found: dict[str, Estimate] = {}
    lines = [OPEN_SET]
    for name in probe_sets:
        searches = outside & (sets == name)
        count, fpirs = int(np.count_nonzero(searches)), shown_fpirs(int(np.count_nonzero(searches)))
        people = len(np.unique(trials["identity"].to_numpy()[searches]))
        lines.append(f"non-mated searches: {count:,} {name}".rstrip() + f" of {people:,} people")
        shown, asked = ([fnir_name(name, fpir) for fpir in rates] for rates in (fpirs, FPIRS))
        lines += left_out_lines(asked, shown, count, "searches")
        found |= dict(zip(shown, estimate_fnir(trials, name, fpirs, seed, settings.replicates), strict=True))
    return found, lines
