"""One model on pairs of templates: TAR@FAR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from lgaf.errors import DataError
from lgaf.evaluate.curves import histogram, roc_points
from lgaf.evaluate.lines import FUSION, interval_line, left_out_lines, missing_lines
from lgaf.evaluate.names import tar_name
from lgaf.evaluate.operating_point import trials_of
from lgaf.evaluate.scored import Scored, intervals
from lgaf.evaluate.similarity import QMagFace
from lgaf.evaluate.templates.ranking import FARS, rank_pairs
from lgaf.evaluate.templates.resampled import estimate_ranking
from lgaf.evaluate.templates.searches import score_searches
from lgaf.evaluate.templates.trials import pooled_templates, template_trials
from lgaf.evaluate.thresholds import score_thresholds
from lgaf.formats.thresholds import TEMPLATES

if TYPE_CHECKING:
    from lgaf.evaluate.bootstrap import Seed
    from lgaf.evaluate.settings import EvaluateSettings
    from lgaf.formats.embeddings import Embeddings
    from lgaf.formats.templates import Templates

POOLING = {
    "insightface": "norm kept, times the detector's score (insightface eval_ijbc.py)",
    "adaface": "norm kept, without the detector's score (AdaFace validate_IJB_BC.py)",
    "unit": "scaled to length 1, times the detector's score (insightface without its norm score)",
}
MEANS = "template: mean over a photo's or video's images, sum over photos and videos, scaled to length 1; cosine"
BY_QUALITY = (
    "scaled to the norm that it has without the mirror image's, q (QMagFace ijb_benchmarks.py)",
    "template: sum weighted by q over a photo's or video's images, and over photos and videos, each time scaled to the "
    "norm sum q^2 / sum q; ",
)
"""How images and templates are made where they are compared by their quality."""

POOLED_WITHOUT = "templates are pooled without them"
"""What becomes of images without an embedding."""


def pooling_lines(flip: bool, settings: EvaluateSettings, similarity: QMagFace | None) -> list[str]:
    """What images and templates are."""
    image, template = POOLING[settings.templates.protocol], MEANS
    if similarity:
        image, template = BY_QUALITY[0], f"{BY_QUALITY[1]}{similarity}"
    return [f"image: its feature, {FUSION[flip]}, {image}", template]


def score_templates(
    embeddings: Embeddings, protocol: Templates, settings: EvaluateSettings, seed: Seed, similarity: QMagFace | None
) -> Scored:
    """TAR@FAR and ROC of pairs of templates, and rates of searches where they are listed.

    Of cosines also their histogram and thresholds.
    """
    pooled, images = pooled_templates(embeddings, protocol, settings, similarity)
    trials = template_trials(pooled, protocol, similarity)
    ranking = rank_pairs(trials)
    mated, nonmated = ranking.scores[ranking.same], ranking.scores[~ranking.same]
    rates = [tar_name(far) for far in FARS if far * len(nonmated) >= 1]
    if not rates:
        raise DataError(
            f"{len(nonmated)} non-mated pairs of templates can show no rate; at least {1 / FARS[-1]:.0f} are needed"
        )
    estimates = estimate_ranking(ranking, rates, seed, settings.replicates)
    templates = pc.count_distinct(protocol.members["template"]).as_py()
    lines = [
        *pooling_lines(embeddings.flip, settings, similarity),
        "TAR at the corner of the ROC curve whose FAR is nearest, no interpolation",
        f"{templates:,} templates; {len(mated):,} mated and {len(nonmated):,} non-mated pairs of them",
        f"{interval_line(settings, True)}, inferred: templates that a chain of mated pairs joins are one",
        *left_out_lines([tar_name(far) for far in FARS], rates, len(nonmated)),
    ]
    if lost := protocol.pairs.num_rows - trials.num_rows:
        lines.append(f"{lost:,} pairs are left out: one of the templates has lost all its images")
    more = {}
    if protocol.searches is not None:
        block, searched = score_searches(pooled, protocol.searches, settings, seed, similarity)
        notes = [*protocol.notes, *missing_lines(images, POOLED_WITHOUT)]
        block["protocol"] = [*pooling_lines(embeddings.flip, settings, similarity), *block["protocol"], *notes]
        more, estimates = {"searches": {**block, "images": images.block()}}, estimates | searched
    summary: dict[str, Any] = {
        **more,
        "metrics": intervals(estimates, settings.confidence),
        "protocol": lines,
        "trials": {"asked": protocol.pairs.num_rows, "used": trials.num_rows, "dropped": 0},
        "roc": roc_points(*ranking.corners),
    }
    if not similarity:
        summary["histogram"] = histogram(mated, nonmated)
        people = 1 + int(max(ranking.left.max(), ranking.right.max()))
        pairs = trials_of(ranking.scores, ranking.left, ranking.right, people)
        told = score_thresholds(pairs, ranking.same, people, {}, settings, seed)
        summary["thresholds"] = {"over": TEMPLATES, **told}
    return Scored(summary, trials, images, estimates, POOLED_WITHOUT)
