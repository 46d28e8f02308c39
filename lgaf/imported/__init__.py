"""Embeddings, or scores alone, that were made elsewhere: files that become rows of the tables. Nothing loads torch."""
