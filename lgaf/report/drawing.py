"""All plots of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lgaf.report import plots
from lgaf.report.columns import KINDS, kind_and_name
from lgaf.report.style import Look


def draw(summaries: Sequence[plots.Summary], histories: Sequence[plots.History], look: Look, folder: Path) -> None:
    """Draw every kind of plot that the scores have something for, each kind of benchmarks apart, and any training."""
    for kind in KINDS:
        group = [summary for summary in summaries if kind_and_name(summary["benchmark"])[0] == kind]
        prefix = f"{kind}-" if kind else ""
        for block, plot in (("roc", plots.plot_roc), ("cmc", plots.plot_cmc), ("reject", plots.plot_reject)):
            if plots.having(group, block):
                plot(group, look, folder / f"{prefix}{block}.png")
        for row in look.labels:
            own = [summary for summary in group if summary["method"] == row]
            if plots.having(own, "histogram"):
                plots.plot_histograms(own, look, folder / f"{prefix}histogram-{row}.png")
        for cause in plots.CAUSES:
            if plots.having(group, "attention", cause):
                plots.plot_attention(group, look, folder / f"{prefix}attention-{cause}.png", cause)
    if histories:
        plots.plot_training(histories, look, folder / "training.png")
