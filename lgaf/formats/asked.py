"""The images that a benchmark asks for."""

from __future__ import annotations

from lgaf.formats.protocol import Protocol


def asked_images(protocol: Protocol) -> list[str]:
    """Names of all images that a protocol asks for, each once, in its order."""
    if protocol.kind == "verification":
        names = [name for pair in protocol.pairs for name in pair[:2]]
        names += (name for each in protocol.all_pairs for name in each)
    elif protocol.kind == "identification":
        names = [
            *protocol.gallery,
            *protocol.distractors,
            *(name for each in protocol.probes.values() for name in each),
        ]
    else:
        names = protocol.members["image"].to_pylist()
    return list(dict.fromkeys(names))
