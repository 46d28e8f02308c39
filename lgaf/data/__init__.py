"""Packs of images, what benchmarks ask, embeddings, and readers of official layouts."""

from lgaf.data.official.readers import open_benchmark as open_benchmark
from lgaf.data.recordio import read_recordio as read_recordio
from lgaf.data.verification_bin import read_verification_bin as read_verification_bin
