"""Scores of pairs by any matcher: a table of theirs, checked against a benchmark's pairs, to a file of scores; and that
to a row's."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from lgaf.errors import DataError
from lgaf.formats.pack import Pack
from lgaf.formats.protocol import read_protocol
from lgaf.formats.scores import PairScores, pair_of, read_scores, write_scores
from lgaf.imported.lines import listed, refuse, rest_lines
from lgaf.imported.tables import AGAIN, expect, numbers_of, table_batches, text_of

KINDS = (".parquet", ".csv")
COLUMNS = ("left", "right", "score")


def import_scores(source: Path, protocol: Path, target: Path, distances: bool, max_missing: float) -> list[str]:
    """Write the scores of ``source`` that ``protocol`` asks for to ``target``; tell of the rest, a line each.

    The order of a pair's two names does not count. distances: lower is more alike, and the sign is turned. max_missing:
    largest share of the pairs that may lack a score.

    Raises:
        DataError: a file is missing or broken, the benchmark is no list of pairs, or the scores are not those of its
            pairs; a line a problem.
    """
    found = read_protocol(protocol)
    if found.kind != "verification":
        raise DataError(f"{protocol}: is no list of pairs ({found.kind}), and scores alone cannot answer it; "
                        "bring embeddings")  # fmt: skip
    if source.suffix not in KINDS:
        raise DataError(f"{source}: not one of {', '.join(KINDS)}; save the scores as one of these")
    asked = list(dict.fromkeys(pair_of(left, right) for left, right, _ in found.pairs))
    scores, unknown = select(source, set(asked))
    missing = [f"{left} {right}" for left, right in asked if (left, right) not in scores]
    if len(missing) > max_missing * len(asked):
        raise DataError(
            f"{source}: {len(missing):,} of {len(asked):,} pairs of {protocol} lack a score: {listed(missing)}; score "
            f"them too (evaluate.max_missing allows a share of {max_missing:g})"
        )
    pairs = [pair for pair in asked if pair in scores]
    values = np.array([scores[pair] for pair in pairs])
    unset = np.full(len(pairs), -1, np.int32)
    left, right = ([pair[side] for pair in pairs] for side in (0, 1))
    write_scores(target, PairScores(left, right, -values if distances else values, unset, unset))
    return [f"{target}: scores of {len(pairs):,} pairs", *rest_lines(missing, "a score", unknown, protocol)]


def select(path: Path, asked: set[tuple[str, str]]) -> tuple[dict[tuple[str, str], float], list[str]]:
    """The score of each pair that is asked for, and the pairs of the file that are not.

    Raises:
        DataError: a score is not finite, or a pair stands twice with two scores; a line each.
    """
    scores, unknown, wrong = dict[tuple[str, str], float](), list[str](), dict[str, list[str]]()
    start = 0
    for batch in table_batches(path, text=COLUMNS[:2]):
        expect(path, batch.schema.names, COLUMNS)
        values = numbers_of(path, "score", batch["score"])
        lefts, rights = (text_of(path, batch, name) for name in COLUMNS[:2])
        finite = np.isfinite(values)
        for row, (left, right, score) in enumerate(zip(lefts, rights, values.tolist(), strict=True)):
            pair, where = pair_of(left, right), f"record {start + row} ({left}, {right})"
            if pair not in asked:
                unknown.append(f"{left} {right}")
            elif not finite[row]:
                wrong.setdefault("the score is not finite", []).append(where)
            elif scores.setdefault(pair, score) != score:
                wrong.setdefault("the pair stands twice, with two scores", []).append(where)
        start += batch.num_rows
    refuse(path, wrong)
    return scores, unknown


def of_pack(path: Path, pack: Pack) -> PairScores:
    """The scores of a file whose images are a pack's faces, with the identities that the pack knows.

    Raises:
        DataError: the file is missing or broken, or has a pair twice.
    """
    found = read_scores(path)
    pairs = list(map(pair_of, found.left, found.right))
    if len(set(pairs)) < len(pairs):
        twice = next(pair for pair, count in Counter(pairs).items() if count > 1)
        raise DataError(f"{path}: the pair {twice[0]}, {twice[1]} stands twice; {AGAIN}")
    identity = dict(zip(pack.names, pack.labels.tolist(), strict=True))
    kept = [row for row, pair in enumerate(pairs) if pair[0] in identity and pair[1] in identity]
    left, right = ([side[row] for row in kept] for side in (found.left, found.right))
    labels = (np.array([identity[name] for name in side], np.int32) for side in (left, right))
    return PairScores(left, right, found.scores[kept], *labels)
