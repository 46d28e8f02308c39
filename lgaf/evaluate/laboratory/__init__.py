"""Clean faces against damaged ones."""
