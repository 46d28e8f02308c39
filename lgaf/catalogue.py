"""What can be asked for: each data set, where to ask, how large it is, what it should hold.

Pages are the authors' own. Sizes are rough, from the number and kind of images: the page says how large the files are.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A data set as its authors publish it."""

    title: str
    page: str
    """Where to ask for it."""
    gigabytes: float
    """Size of the download, roughly."""
    counts: str
    terms: str
    """Licence and conditions in a line."""


WHDENG = "research only; the people did not consent, as in LFW"
CFP = Entry("CFP", "http://www.cfpw.io", 0.1, "7,000 images, 500 people; 7,000 pairs each of FF and FP",
            "research only; celebrities' photos from the web, owned by others")  # fmt: skip
SCFACE = Entry("SCface", "http://www.scface.org", 1.0,
               "130 people: a frontal mugshot and 15 surveillance images each, infrared left out",
               "research, after a signed release agreement; images not to be printed without permission")  # fmt: skip
IJB_PAGE = "https://www.nist.gov/programs-projects/face-challenges"
IJB_TERMS = "NIST stopped giving it out on 14 March 2023: usable by those who hold it, under the terms they signed"
TINYFACE = {"probes": 3728, "mated gallery images": 4443, "distractors": 153428}
TINYFACE_ENTRY = Entry("TinyFace", "https://qmul-tinyface.github.io", 0.5,
                       ", ".join(f"{count:,} {what}" for what, count in TINYFACE.items()),
                       "academic research; faces cut from other public sets")  # fmt: skip
BENCHMARKS = {
    "lfw": Entry("LFW", "http://vis-www.cs.umass.edu/lfw/", 0.2, "13,233 images, 5,749 people; 6,000 pairs",
                 "research; news photos owned by others, people who did not consent"),
    "cfp_fp": CFP,
    "cfp_ff": CFP,
    "cplfw": Entry("CPLFW", "http://www.whdeng.cn/CPLFW/index.html", 0.3, "11,652 images; 6,000 pairs", WHDENG),
    "calfw": Entry("CALFW", "http://www.whdeng.cn/CALFW/index.html", 0.3, "12,174 images; 6,000 pairs", WHDENG),
    "agedb": Entry("AgeDB", "https://ibug.doc.ic.ac.uk/resources/agedb/", 0.8,
                   "16,488 images, 568 people; 6,000 pairs in agedb_30.bin",
                   "non-commercial research; the password comes on request from an academic address"),
    "tinyface": TINYFACE_ENTRY,
    "scface": SCFACE,
    "scface_test80": SCFACE,
    "ijbb": Entry("IJB-B", IJB_PAGE, 5.0, "227,630 images, 12,115 templates; 8,010,270 pairs", IJB_TERMS),
    "ijbc": Entry("IJB-C", IJB_PAGE, 10.0, "469,375 images, 23,124 templates; 15,658,489 pairs", IJB_TERMS),
}  # fmt: skip
"""Benchmark -> its data set."""

INSIGHTFACE = "https://github.com/deepinsight/insightface/tree/master/recognition/_datasets_"
MS_CELEB = "Microsoft withdrew MS-Celeb-1M in 2019: clear its use with those responsible; people did not consent"


@dataclass(frozen=True)
class TrainingSet(Entry):
    """A training set, recognised by what it holds."""

    images: int
    people: int


def training_set(title: str, images: int, people: int, page: str, terms: str) -> TrainingSet:
    """An entry; an aligned JPEG of 112x112 pixels takes five kilobytes or so."""
    gigabytes = round(images * 5e-6, 1)
    return TrainingSet(title, page, gigabytes, f"{images:,} images, {people:,} people", terms, images, people)


TRAINING_SETS = (
    training_set("CASIA-WebFace", 490_623, 10_572, INSIGHTFACE, "research; photos from the web, owned by others"),
    training_set("MS1MV2", 5_822_653, 85_742, INSIGHTFACE, MS_CELEB),
    training_set("MS1MV3", 5_179_510, 93_431, INSIGHTFACE, MS_CELEB),
    training_set("Glint360K", 17_091_657, 360_232, INSIGHTFACE, MS_CELEB),
    training_set("WebFace4M", 4_235_242, 205_990, "https://www.face-benchmark.org/download.html",
                 "non-commercial research, after a signed agreement"),
    TrainingSet("TinyFace", TINYFACE_ENTRY.page, TINYFACE_ENTRY.gigabytes, "7,804 images, 2,570 people",
                TINYFACE_ENTRY.terms, 7804, 2570),
)  # fmt: skip
"""Published training sets with their counts (insightface ``arcface_torch/configs``; PETALface ``train_lora.sh``)."""


def title_of(images: int) -> str | None:
    """The published training set with that many images."""
    return next((entry.title for entry in TRAINING_SETS if entry.images == images), None)
