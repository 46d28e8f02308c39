"""A benchmark-and-reproduction suite for quality-aware face recognition."""

__version__ = "0.1.0"
