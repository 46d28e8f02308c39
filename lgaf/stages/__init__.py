"""One module a stage of dvc.yaml: ``run`` reads the stage's settings and files, and writes its results.

What a stage's module imports is what the stage runs: :mod:`lgaf.stages.settings` lists it for DVC.
"""
