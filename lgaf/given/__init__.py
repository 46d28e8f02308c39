"""Networks that were trained elsewhere: a file, and a manifest that says how to feed it."""
