#!/usr/bin/env python3
"""Writes astronaut.txt: MediaPipe's own points for tests/fixtures/astronaut.jpg.

Needs mediapipe 0.10.21 (Apache License 2.0) and Pillow. Lines: which (static = first look,
video = the same picture again, region tracked), point, x, y, z in px."""
import pathlib
import mediapipe as mp
import numpy as np
from PIL import Image

here = pathlib.Path(__file__).parent
im = np.array(Image.open(here / "../../fixtures/astronaut.jpg").convert("RGB"))
h, w = im.shape[:2]
with open(here / "astronaut.txt", "w") as out:
    for mode in ("static", "video"):
        mesh = mp.solutions.face_mesh.FaceMesh(static_image_mode=mode == "static", max_num_faces=1)
        for _ in range(2):
            points = mesh.process(im).multi_face_landmarks[0].landmark
        for i, p in enumerate(points):
            out.write(f"{mode} {i} {p.x * w:.3f} {p.y * h:.3f} {p.z * w:.3f}\n")
