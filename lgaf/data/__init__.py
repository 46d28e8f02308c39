"""Packs of images, what benchmarks ask, embeddings, and readers of official layouts."""
