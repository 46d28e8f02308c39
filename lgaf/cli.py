"""``lgaf <stage>``: one command a DVC stage, and a few to look with. Nothing is computed here."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lgaf.config import Settings, load_settings
from lgaf.errors import LgafError

BASIS = Path("data/basis.safetensors")
PHOTOS = Path("data/photos")
ALIGNED = Path("data/aligned")
MODELS = Path("models")
EMBEDDINGS = Path("embeddings")
TRIALS = Path("trials")
RESULTS = Path("results")
STATE = Path(".cache/train")


def basis(settings: Settings, _: argparse.Namespace) -> None:
    """Build the head basis of the generated world."""
    from lgaf.world.basis import build_basis

    build_basis(BASIS)


def photos(settings: Settings, _: argparse.Namespace) -> None:
    """Bring the photos, the training identities and the benchmarks' lists: render the world, or import real data."""
    if settings.data.source == "lfw":
        from lgaf.data.lfw import fetch_lfw, import_lfw

        assert settings.data.root is not None
        import_lfw(fetch_lfw(settings.data.root), PHOTOS)
    else:
        from lgaf.world.render import render_world

        render_world(BASIS, PHOTOS, settings.data.world, settings.seed)


def align(settings: Settings, arguments: argparse.Namespace) -> None:
    """Detect, find five points and warp every photo of one pack."""
    from lgaf.align.align import align_pack

    name = arguments.pack
    on_miss = settings.align.train_miss if name == "train" else settings.align.test_miss
    align_pack(
        PHOTOS / f"{name}.arrow",
        ALIGNED / f"{name}.arrow",
        RESULTS / "align" / f"{name}.json",
        settings.align,
        settings.image_size,
        on_miss,
    )


def train(settings: Settings, arguments: argparse.Namespace) -> None:
    """Train one method."""
    from lgaf.train.loop import train as train_method

    run = settings.run(arguments.method)
    train_method(ALIGNED / "train.arrow", MODELS / run.method, STATE / run.method, run)


def embed(settings: Settings, arguments: argparse.Namespace) -> None:
    """Embed every benchmark's faces with one method."""
    from lgaf.embed import embed as embed_benchmarks

    method = arguments.method
    packs = {ALIGNED / f"{name}.arrow": EMBEDDINGS / method / f"{name}.arrow" for name in settings.benchmarks}
    embed_benchmarks(MODELS / method / "model.safetensors", packs, settings.device)


def score(settings: Settings, arguments: argparse.Namespace) -> None:
    """Score one method on one benchmark."""
    from lgaf.evaluate.score import score_files

    method, name = arguments.method, arguments.benchmark
    score_files(
        EMBEDDINGS / method / f"{name}.arrow",
        PHOTOS / f"{name}.json",
        RESULTS / "scores" / method / f"{name}.json",
        TRIALS / method / f"{name}.arrow",
        method,
        settings.display(name),
        settings.evaluate,
        settings.seed,
    )


COMMANDS = {"basis": basis, "photos": photos, "align": align, "train": train, "embed": embed, "score": score}
