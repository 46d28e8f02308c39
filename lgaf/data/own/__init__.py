"""Benchmarks of the user's own: labelled photos below a folder, and CSV files that say what to compare."""
