"""Face-recognition networks that others trained on real faces, as instruments: aligned faces in, embeddings out.

dlib's comes with the package ``face-recognition-models``; ONNX and TFLite files are named by a manifest in YAML:

    MobileFaceNet:
      file: mobilefacenet.tflite    # beside the manifest, or a whole path; .onnx or .tflite
      mean: 127.5                   # a channel of the input is (value - mean) / scale, RGB
      scale: 127.5
      embedding_dim: 192
      sha256: d8ba40c0...           # of the file
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch

from lgaf.embed import embed_batch
from lgaf.given.manifest import Manifest, path_of
from lgaf.given.network import Given
from lgaf.strict import checked
from lgaf.yaml import read_yaml

Network = Callable[[np.ndarray], np.ndarray]
"""An aligned face (112, 112, 3) uint8 RGB -> its embedding (D,) of length 1."""
COMMON = {
    "image_size": 112, "channels": "RGB", "flip": True, "flip_fusion": "sum", "alignment": "arcface",
    "train_set": "not stated", "licence": "not stated", "source": "not stated",
}  # fmt: skip
"""What is the same of all of them, or plays no part."""


def read_networks(path: Path) -> dict[str, Network]:
    """The networks that a manifest names; of a face the embedding is the sum of its own and its mirror image's.

    Raises:
        SettingsError: an entry lacks a field or has one that is not allowed.
        DataError: a file is missing or another one than the manifest says.
    """
    networks = {}
    for name, entry in read_yaml(path).items():
        file = path.parent / str(entry.get("file"))
        values = {**COMMON, "format": file.suffix[1:], **entry, "file": str(file)}
        networks[name] = unit_embedding(Given(checked(Manifest, values, f"{path}: {name}")))
    return networks


def unit_embedding(network: Given) -> Network:
    """The embedding of one face, brought to length 1."""

    def embed(face: np.ndarray) -> np.ndarray:
        vector = embed_batch(network, torch.from_numpy(np.ascontiguousarray(face))[None], flip=True)[0][0].numpy()
        return vector / np.linalg.norm(vector)

    return embed


class Dlib:
    """dlib's recogniser as its authors use it, on photos; two embeddings closer than 0.6 are one person to it."""

    def __init__(self) -> None:
        import dlib

        models = path_of("face_recognition_models:models")
        self.points = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
        self.network = dlib.face_recognition_model_v1(str(models / "dlib_face_recognition_resnet_model_v1.dat"))
        self.rectangle = dlib.rectangle

    def __call__(self, photo: np.ndarray, five: np.ndarray) -> np.ndarray:
        """The embedding (128,), as long as it comes, of the face with five points (5, 2) in a photo (H, W, 3)."""
        half = 1.15 * max(np.ptp(five[:, 0]), np.ptp(five[:, 1]))
        x, y = five.mean(0)
        box = self.rectangle(*(int(v) for v in (x - half, y - half, x + half, y + half)))
        image = np.ascontiguousarray(photo)
        return np.array(self.network.compute_face_descriptor(image, self.points(image, box)))


def one_thread() -> None:
    """Leave the cores to the processes that render."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
