"""``results/report.html``: one file that shows a run to whoever opens it, without a network."""
