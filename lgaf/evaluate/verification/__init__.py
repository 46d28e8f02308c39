"""Pairs of images, the same person or not: trials, rates and curves."""
