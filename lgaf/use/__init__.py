"""Use of a model on photos: two compared, a folder embedded, a person looked for, a benchmark's people among others."""
