"""Write a pack as other suites read it (TARGET.rec, TARGET.bin), or a checkpoint for use elsewhere (TARGET.onnx, or
without an ending a folder of safetensors and a model card)."""

from __future__ import annotations

import argparse
from pathlib import Path

from lgaf.paths import PHOTOS, RESULTS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("source", help="a pack, or a checkpoint: its file or folder")
    parser.add_argument("target", help="TARGET.rec, TARGET.bin, TARGET.onnx or a folder")
    parser.add_argument("--protocol", type=Path, help=f"the pairs of a .bin (default: {PHOTOS}/SOURCE.json)")
    parser.add_argument("--crops", type=Path, help="pack of aligned faces that an .onnx is compared with torch on")
    parser.add_argument("--format", help="of a checkpoint of others: arcface_torch, adaface, magface or cvlface")


def run(arguments: argparse.Namespace) -> None:
    """See the module."""
    source, target = Path(arguments.source), Path(arguments.target)
    if target.suffix == ".onnx":
        from lgaf.models.to_onnx import OPSET, export_onnx

        made = export_onnx(source, target, arguments.crops, arguments.format)
        tried = f"faces of {arguments.crops}" if arguments.crops else "made-up images"
        print(f"{target}: ONNX opset {OPSET}, any batch size, gives {' and '.join(made.outputs)}")
        print(f"largest difference to torch on {made.crops} {tried}: {made.difference:.1e} of the output")
    elif target.suffix == "":
        from lgaf.model_folder import export_folder

        export_folder(source, target, Path(arguments.params), RESULTS / "metrics.json")
    else:
        from lgaf.export import export as export_pack

        export_pack(source, target, arguments.protocol or PHOTOS / f"{source.stem}.json")
