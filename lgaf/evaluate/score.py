"""One method on one benchmark: embeddings and protocol in; a summary to print and plot, and a table of trials, out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lgaf.errors import DataError
from lgaf.evaluate.bootstrap import Estimate, Seed
from lgaf.evaluate.identification.score import score_identification
from lgaf.evaluate.lines import missing_lines
from lgaf.evaluate.quality import truth_blocks
from lgaf.evaluate.replicates import Replicates, describe_draws, hash_of_trials, seed_of, write_replicates
from lgaf.evaluate.scored import BLOCKS
from lgaf.evaluate.settings import EvaluateSettings
from lgaf.evaluate.similarity import QMagFace
from lgaf.evaluate.templates.score import score_templates
from lgaf.evaluate.verification.score import score_verification
from lgaf.evaluate.verification.scores_alone import score_matcher

if TYPE_CHECKING:
    from lgaf.formats.embeddings import Embeddings
    from lgaf.formats.protocol import Protocol
    from lgaf.provenance import Made


def score(
    embeddings: Embeddings,
    protocol: Protocol,
    settings: EvaluateSettings,
    seed: Seed = 0,
    similarity: QMagFace | None = None,
) -> tuple[dict[str, Any], pa.Table, dict[str, Estimate]]:
    """Score one model on one benchmark, by cosines or by what ``similarity`` makes of them.

    Returns a JSON-ready summary, the trials (columns in the ``trials`` of the protocol's room) and each metric with its
    replicates. The summary:
    ``metrics`` {name: value, low, high, n}; ``protocol`` [line to print under the table]; ``images`` {asked, used,
    missing, missing_names}; ``trials`` {asked, used, dropped}; curves, None where the benchmark has none: ``roc`` {far,
    tar}, ``histogram`` {edges, mated, nonmated}, ``cmc`` {rank, rate} (or one such a probe set, by name), ``reject``
    {fraction, error, auc, rule}; ``folds`` {count, std, threshold}; ``attention`` {cause: centre, mean, error, count,
    spearman}; ``quality`` {truth column: spearman, n}; ``all_pairs`` and
    ``thresholds``, see :func:`lgaf.evaluate.verification.all_pairs.score_all_pairs` and
    :func:`lgaf.evaluate.thresholds.score_thresholds`; of templates that are searched for also
    ``searches``, see :func:`lgaf.evaluate.templates.searches.score_searches`.

    Raises:
        DataError: embeddings and protocol do not fit together.
    """
    if protocol.kind == "verification":
        found = score_verification(embeddings, protocol, settings, seed, similarity)
    elif protocol.kind == "identification":
        found = score_identification(embeddings, protocol, settings, seed, similarity)
    else:
        found = score_templates(embeddings, protocol, settings, seed, similarity)
    summary: dict[str, Any] = {**dict.fromkeys(BLOCKS), **found.summary}
    summary["protocol"] = [*summary["protocol"], *protocol.notes, *missing_lines(found.images, found.left_out)]
    summary["images"] = found.images.block()
    summary |= truth_blocks(embeddings, np.array(list(found.images.rows.values())))
    return summary, found.trials, found.estimates


def score_files(
    embeddings: Path,
    protocol: Path,
    summary: Path,
    trials: Path,
    replicates: Path,
    row: str,
    train_seed: int,
    benchmark: str,
    settings: EvaluateSettings,
    seed: int,
    of: str | None = None,
    similarity: QMagFace | None = None,
    made: Made | None = None,
) -> None:
    """:func:`score` from files to files, the summary named after row, seed of training and ``benchmark``.

    embeddings: or in their place scores alone, for :func:`score_matcher`. of: the row whose they
    are where it is another, which the summary then says too. made: where the numbers are from, for the summary to say.

    One that is not the published benchmark, by its protocol's notes, is named ``part/BENCHMARK``, one of the user's own
    ``own/BENCHMARK``: no table shows it beside published numbers. seed: of the bootstrap; each benchmark's people are
    drawn apart.

    Raises:
        DataError: a file is missing or broken, or the two do not fit together.
    """
    from lgaf.files import atomic, write_json
    from lgaf.formats.embeddings import read_embeddings
    from lgaf.formats.protocol import printed_name, read_protocol
    from lgaf.formats.scores import PairScores, holds_scores, read_scores

    try:
        given = read_scores(embeddings) if holds_scores(embeddings) else read_embeddings(embeddings)
        asked, drawn_by = read_protocol(protocol), seed_of(seed, benchmark)
        if isinstance(given, PairScores):
            found, table, estimates = score_matcher(given, asked, settings, drawn_by)
        else:
            found, table, estimates = score(given, asked, settings, drawn_by, similarity)
    except DataError as error:
        if str(error).startswith((str(embeddings), str(protocol))):
            raise
        raise DataError(f"{embeddings} with {protocol}: {error}") from None
    with atomic(trials) as temporary, pa.ipc.new_file(str(temporary), table.schema) as sink:
        sink.write_table(table)
    compared = hash_of_trials(table)
    for more in ("all_pairs", "searches"):
        if block := found.get(more):
            compared += f" {block['compared']}"
    drawn = describe_draws(seed, benchmark, settings.replicates)
    display = printed_name(benchmark, asked.notes)
    write_replicates(replicates, Replicates(estimates, compared, drawn, display))
    told = {"method": row, "seed": train_seed, "benchmark": display, **({} if of is None else {"of": of})}
    told |= {} if made is None else {"made": made.model_dump()}
    write_json(summary, {**told, **found})
