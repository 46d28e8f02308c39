"""Errors that a user can act on: one line that says what, where and what to do."""


class LgafError(Exception):
    """Base of every error this project raises on purpose; the command line prints it as one line, exit status 1."""


class SettingsError(LgafError):
    """A parameter that is unknown, of the wrong type or out of range."""


class DataError(LgafError):
    """A file that is missing, unreadable or not what its name promises."""


class TrainingError(LgafError):
    """Training that cannot go on, such as a loss that is not finite."""


class LostProcess(LgafError):
    """A process among several that has ended by itself, or does not answer."""


class RegressionError(LgafError):
    """Results that fall short of the committed reference."""
