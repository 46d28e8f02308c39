"""Benchmarks in the layout that their authors publish: one reader a data set, all of them in ``readers``."""
