"""The same examples in every run, and no deadline: a busy machine is no bug."""

from hypothesis import settings

settings.register_profile("suite", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("suite")
