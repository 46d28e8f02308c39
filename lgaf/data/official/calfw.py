"""CALFW: 6,000 pairs of LFW's people, the same at different ages.

Zheng, Deng and Hu, "Cross-Age LFW", arXiv:1708.08197, 2017; the authors replaced the lists in September 2018.
``pairs_CALFW.txt`` has two lines a pair, ``NAME_0001.jpg 3``: an image and the fold, 1 to 10, where the two are one
person, 0 where they are two. Different pairs have no fold of their own in the list: fold k takes the k-th tenth of them
(FaceX-Zoo ``pairs_parser.py``). ``docs/datasets/calfw.md`` shows the tree.
"""

from __future__ import annotations

from pathlib import Path

from lgaf.data.benchmark import Benchmark
from lgaf.data.official.cplfw import read_two_line_pairs
from lgaf.data.settings import OfficialOptions


def read_calfw(name: str, folder: Path, options: OfficialOptions) -> Benchmark:
    """The benchmark from ``folder``, which holds ``pairs_CALFW.txt`` (or ``txts/pairs_CALFW.txt``) and images.

    Raises:
        DataError: a file is missing or malformed, or the counts are not the published ones.
    """
    nested = folder / "txts" / "pairs_CALFW.txt"
    return read_two_line_pairs(name, folder, nested if nested.is_file() else folder / "pairs_CALFW.txt", options)
