"""Names of metrics, as results carry them."""

from __future__ import annotations

import numpy as np

from lgaf.errors import SettingsError

ALL_PAIRS = "all_pairs_"
"""How the name of a metric over all pairs of a benchmark's images begins."""
AUC = f"{ALL_PAIRS}auc"
SEARCH = "search_"
"""How the name of a metric of templates that are searched for begins: ``search_rank1`` is the mean over the galleries,
``search_g1_rank1`` that of gallery "g1"."""
OF_CONDITION = "_accuracy"
"""How the name of a condition's accuracy ends."""


def tar_name(far: float) -> str:
    """``tar@far=1e-3`` of 0.001."""
    return f"tar@far={short(far)}"


def fnir_name(probe_set: str, fpir: float) -> str:
    """``fnir@fpir=1e-2``, or ``d1_fnir@fpir=1e-2`` of probe set "d1": FNIR(N, R, T) of ISO/IEC 19795-1 with R = 1.

    N is the gallery, T the threshold of that FPIR. 1 - FNIR is the TPIR of IJB-B and IJB-C.
    """
    name = f"fnir@fpir={short(fpir)}"
    return f"{probe_set}_{name}" if probe_set else name


def lower_is_better(metric: str) -> bool:
    """Whether a metric counts errors."""
    return "fnir@fpir=" in metric


def over_searches(metric: str) -> bool:
    """Whether a metric is of templates that are searched for."""
    return metric.startswith(SEARCH)


def of_one_gallery(metric: str) -> bool:
    """Whether it is so of one gallery, and not of their mean."""
    return over_searches(metric) and not metric.removeprefix(SEARCH).startswith(("rank", "fnir@"))


def short(rate: float) -> str:
    """``1e-3`` of 0.001."""
    return np.format_float_scientific(rate, trim="-", exp_digits=1)


def far_of(name: str, expected: str) -> float:
    """The false accept rate in a metric's name.

    Raises:
        SettingsError: there is none; ``expected`` says of what such a name is no metric, and what is.
    """
    try:
        return float(name.removeprefix("tar@far="))
    except ValueError:
        raise SettingsError(f"{name!r} is no metric of {expected} and the like") from None


def accuracy_name(condition: str) -> str:
    """``night_accuracy``, of the pairs of condition "night"."""
    return f"{condition}{OF_CONDITION}"


def rank_name(probe_set: str, rank: int) -> str:
    """``rank1``, or ``d1_rank1`` of probe set "d1"."""
    return f"{probe_set}_rank{rank}" if probe_set else f"rank{rank}"
