"""Packs of images, what benchmarks ask, embeddings, and readers of official layouts."""

from lgaf.data.recordio import read_recordio as read_recordio
