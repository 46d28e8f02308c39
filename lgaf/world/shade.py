"""Light on surfaces, in linear light: soft diffuse with a hint of scattering in skin, gloss, sky and ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

VIEW = np.array([0, 0, 1], np.float32)
"""Towards the camera, taken as far away."""
SCATTER = np.array([0.28, 0.13, 0.09], np.float32)
"""How far light reaches around an edge of skin: most in red."""
_LINEAR = np.linspace(0, 1, 4096, dtype=np.float32)
_ENCODED = np.where(_LINEAR <= 0.0031308, 12.92 * _LINEAR, 1.055 * _LINEAR ** (1 / 2.4) - 0.055).astype(np.float32)


@dataclass(frozen=True)
class Light:
    """Directional lights and the light from all around."""

    directions: np.ndarray
    """(L, 3) unit vectors towards the lights; the first casts shadows."""
    colours: np.ndarray
    """(L, 3) linear."""
    sky: np.ndarray
    """(3,) linear light from above."""
    ground: np.ndarray
    """(3,) linear light from below."""


def to_linear(srgb: np.ndarray) -> np.ndarray:
    """sRGB 0..1 to linear light 0..1 (IEC 61966-2-1)."""
    srgb = np.asarray(srgb, np.float32)
    return np.where(srgb <= 0.04045, srgb / 12.92, ((np.maximum(srgb, 0) + 0.055) / 1.055) ** 2.4).astype(np.float32)


def to_srgb(linear: np.ndarray) -> np.ndarray:
    """Linear light 0..1 to sRGB 0..1, by table."""
    return _ENCODED[np.clip(linear * 4095, 0, 4095).astype(np.int32)]


def shade(
    light: Light, albedo: np.ndarray, normal: np.ndarray, openness: np.ndarray, shadow: np.ndarray,
    view: np.ndarray, gloss: np.ndarray | float, scatter: np.ndarray | float = SCATTER,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Light (N, 3) sent to the camera, and light (N, 3) received.

    Args:
        light: lights and surroundings.
        albedo: (N, 3) linear.
        normal: (N, 3) unit.
        openness: (N,) ambient occlusion, 1 open.
        shadow: (N,) 1 where the first light arrives.
        view: (3,) unit vector towards the camera.
        gloss: strength of the reflection, (N,) or one for all.
        scatter: wrap of the diffuse term per channel.
    """
    up = 0.5 + 0.5 * normal[:, 1:2]
    received = (light.ground + (light.sky - light.ground) * up) * openness[:, None]
    shine = np.zeros(len(normal), np.float32)
    for k, (toward, colour) in enumerate(zip(light.directions, light.colours, strict=True)):
        cosine = (normal @ toward.astype(np.float32))[:, None]
        wrapped = np.maximum(cosine + scatter, 0) / (1 + np.asarray(scatter))
        arrives = (shadow if k == 0 else 0.4 + 0.6 * openness)[:, None]
        received += wrapped * wrapped * arrives * colour
        half = toward + view
        facing = np.maximum(normal @ (half / np.linalg.norm(half)).astype(np.float32), 0)
        lobe = facing**4
        lobe *= lobe
        lobe *= lobe  # power 16, and 64 of it below
        shine += (0.5 * lobe + 0.7 * (lobe * lobe) ** 2) * colour.mean() * arrives[:, 0]
    return albedo * received + (shine * gloss)[:, None], received


def glint(light: Light, normal: np.ndarray) -> np.ndarray:
    """(N,) the small bright image of the first light on a wet surface with normals (N, 3)."""
    half = light.directions[0] + VIEW
    facing = normal @ (half / np.linalg.norm(half)).astype(np.float32)
    return np.clip((facing - 0.984) / 0.012, 0, 1) * np.float32(0.5 * min(1.0, light.colours[0].mean()))


def tone(linear: np.ndarray) -> np.ndarray:
    """Roll bright light off softly instead of clipping it."""
    return np.where(linear < 0.6, linear, 0.6 + 0.4 * np.tanh((linear - 0.6) / 0.4))
