"""One model on probes that are searched in a gallery: rank-k rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from lgaf.evaluate.identification.estimates import estimate_rank
from lgaf.evaluate.identification.trials import identification_trials
from lgaf.evaluate.lines import embedding_line, interval_line
from lgaf.evaluate.names import rank_name
from lgaf.evaluate.reject import error_versus_reject
from lgaf.evaluate.scored import Scored, intervals

if TYPE_CHECKING:
    from lgaf.evaluate.bootstrap import Seed
    from lgaf.evaluate.settings import EvaluateSettings
    from lgaf.formats.embeddings import Embeddings
    from lgaf.formats.protocol import Identification

CMC_RANKS = 50


def score_identification(
    embeddings: Embeddings, protocol: Identification, settings: EvaluateSettings, seed: Seed
) -> Scored:
    """Rank-k rates, CMC and error versus reject of each probe set."""
    trials, images = identification_trials(embeddings, protocol, settings.max_missing)
    names = [rank_name(probe_set, rank) for probe_set in protocol.probes for rank in protocol.ranks]
    estimates = {name: estimate_rank(trials, name, seed, settings.replicates) for name in names}
    kept = trials.filter(pc.invert(trials["dropped"]))
    sets, ranks, quality = (kept[key].to_numpy() for key in ("set", "rank", "quality"))
    mates, distractors = len(images.present(protocol.gallery)), len(images.present(protocol.distractors))
    lines = [
        embedding_line(embeddings.flip),
        f"closed set: gallery of {mates + distractors:,} images, {distractors:,} of them distractors, no template "
        "pooling; ties count against the probe",
        "probes: " + ", ".join(f"{np.count_nonzero(sets == name):,} {name}".strip() for name in protocol.probes),
        interval_line(settings, True) + ", the gallery held fixed",
    ]
    if dropped := trials.num_rows - len(ranks):
        lines.append(f"{dropped:,} probes have no mate in the gallery and are dropped")
    depth = np.arange(1, min(CMC_RANKS, mates + distractors) + 1)
    curves = {
        name: {"rank": depth.tolist(), "rate": [float(np.mean(ranks[sets == name] < rank)) for rank in depth]}
        for name in protocol.probes
    }
    rule = "rank-1 misses among the remaining probes; quality: the probe's norm"
    summary = {
        "metrics": intervals(estimates, settings.confidence),
        "protocol": lines,
        "trials": {"asked": sum(map(len, protocol.probes.values())), "used": len(ranks), "dropped": dropped},
        "cmc": curves[""] if list(curves) == [""] else curves,
        "reject": {**error_versus_reject(ranks > 0, quality), "rule": rule},
    }
    return Scored(summary, trials, images, estimates)
