"""Face-recognition networks that others trained on real faces, as instruments: aligned faces in, embeddings out.

dlib's comes with the package ``face-recognition-models``; ONNX and TFLite files are named by a manifest in YAML:

    MobileFaceNet:
      file: mobilefacenet.tflite    # beside the manifest, or a whole path; .onnx or .tflite
      mean: 127.5                   # a channel of the input is (value - mean) / scale, RGB
      scale: 127.5
      sha256: d8ba40c0...           # of the file
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from pydantic import Field

from lgaf.errors import DataError
from lgaf.strict import Strict, checked
from lgaf.yaml import read_yaml

Network = Callable[[np.ndarray], np.ndarray]
"""An aligned face (112, 112, 3) uint8 RGB -> its embedding (D,) of length 1."""
CHIP = 150


class Manifest(Strict):
    """What has to be known of a network's file."""

    file: Path
    mean: float
    scale: float = Field(gt=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


def read_networks(path: Path) -> dict[str, Network]:
    """The networks that a manifest names.

    Raises:
        DataError: a file is missing or another one than the manifest says, or its format is unknown here.
    """
    networks = {}
    for name, entry in read_yaml(path).items():
        manifest = checked(Manifest, entry, f"{path}: {name}")
        file = path.parent / manifest.file
        try:
            found = hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            raise DataError(f"{file}: cannot be read ({error.strerror}); put the network's file there") from None
        if found != manifest.sha256:
            raise DataError(f"{file}: its sha256 is {found}, not what {path} says; get the right file")
        if file.suffix not in READERS:
            raise DataError(f"{file}: unknown format; allowed: {', '.join(READERS)}")
        run = READERS[file.suffix](file)
        networks[name] = both_ways(run, manifest.mean, manifest.scale)
    return networks


def both_ways(run: Network, mean: float, scale: float) -> Network:
    """The sum of the embeddings of a face and of its mirror image, brought to length 1."""

    def embed(face: np.ndarray) -> np.ndarray:
        pair = np.stack([face, face[:, ::-1]]).astype(np.float32)
        return unit(run((pair - np.float32(mean)) / np.float32(scale)).sum(0))

    return embed


def onnx(file: Path) -> Network:
    """An ONNX network on batches (2, 112, 112, 3)."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(pair: np.ndarray) -> np.ndarray:
        planes = np.ascontiguousarray(pair.transpose(0, 3, 1, 2))
        return np.concatenate([session.run(None, {name: planes[k : k + 1]})[0].reshape(1, -1) for k in range(2)])

    return run


def tflite(file: Path) -> Network:
    """A TFLite network on batches (2, 112, 112, 3)."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(file), num_threads=1)
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], (2, 112, 112, 3))
    interpreter.allocate_tensors()
    into, out = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def run(pair: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(into, pair)
        interpreter.invoke()
        return np.array(interpreter.get_tensor(out))

    return run


READERS: dict[str, Callable[[Path], Network]] = {".onnx": onnx, ".tflite": tflite}


class Dlib:
    """dlib's recogniser; two embeddings closer than 0.6 are one person to it."""

    def __init__(self) -> None:
        import dlib

        spec = importlib.util.find_spec("face_recognition_models")
        if spec is None or not spec.submodule_search_locations:
            raise DataError("face-recognition-models is not installed: pip install 'lgaf[tests]'")
        models = Path(spec.submodule_search_locations[0]) / "models"
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


def unit(vector: np.ndarray) -> np.ndarray:
    """A vector of length 1."""
    return vector / np.linalg.norm(vector)


def one_thread() -> None:
    """Leave the cores to the processes that render."""
    cv2.setNumThreads(1)
