"""Probes searched in a gallery: trials, rates and curves."""
