"""Verification files, ``.bin``."""

import pickle

import atheris
import numpy as np
from harness import fuzz

for function in pickle._Unpickler.dispatch.values():  # the pickle module was imported before it could be instrumented
    atheris.instrument_func(function)
with atheris.instrument_imports():
    from lgaf.data.verification_bin import read_verification_bin

VALUES = ([b"\xff\xd8", b"b"], [True]), ([np.zeros(3, np.uint8), b"b"], np.array([True])), ([b"b"] * 2, [np.bool_(1)])
fuzz(read_verification_bin, *(pickle.dumps(value, protocol) for protocol in range(6) for value in VALUES))
