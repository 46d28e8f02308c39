"""The damage laboratory: clean faces damaged in one way at a time, by known amounts. See docs/damage.md.

Nothing here may be used to augment training: what is tested would then have been trained.
"""
