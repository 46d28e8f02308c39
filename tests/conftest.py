"""The same examples in every run, and no deadline: a busy machine is no bug; the slowest files first."""

from hypothesis import settings

settings.register_profile("suite", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("suite")

SLOWEST = ("test_pipeline.py", "test_own_models.py", "test_folds_command.py", "test_sharded.py", "test_own_photos.py",
           "test_whole_run.py", "test_kills.py", "test_failures.py")  # fmt: skip
"""Files of minutes, by what they take: begun last, one of them would keep one process busy while the others idle."""


def pytest_collection_modifyitems(items):
    """Files in the order of ``SLOWEST``, then all others as they are; ``--no-loadscope-reorder`` keeps to it."""
    order = {name: place for place, name in enumerate(SLOWEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))
