"""`rehearse frame`: one JSON object a picture."""
import json
import os
import tempfile
import unittest

from program import FIXTURES, run

PORTRAIT = os.path.join(FIXTURES, "astronaut.jpg")
EMPTY = os.path.join(FIXTURES, "images", "rgb.png")
CLIP = os.path.join(FIXTURES, "head_turn.mp4")
KEYS = {"yaw": float, "pitch": float, "roll": float, "is_looking_at_camera": bool, "attention_score": float,
        "eye_contact_score": float, "face_detected": bool, "timestamp": float, "confidence": float,
        "gaze_yaw": float, "gaze_pitch": float, "gaze_known": bool, "not_visible": list, "look": str, "calibrated": bool,
        "blink": bool, "blinks_per_minute": float, "smile": float, "distance": float, "centered": float,
        "brightness": float, "faces": int, "file": str}


def read(path):
    with open(path, "rb") as f:
        return f.read()


def frame(*args):
    code, out, err = run("frame", *args)
    if "models" in err and code == 1 and not out:
        raise unittest.SkipTest(err.strip())
    return code, [json.loads(line) for line in out.splitlines()], err


class Frame(unittest.TestCase):
    def test_a_portrait_gives_every_key_of_the_protocol(self):
        code, (r,), err = frame(PORTRAIT)
        self.assertEqual((code, err), (0, ""))
        for key, kind in KEYS.items():
            self.assertIs(type(r[key]), kind, key)
        self.assertEqual((r["file"], r["face_detected"], r["faces"]), (PORTRAIT, True, 1))
        self.assertTrue(abs(r["yaw"]) < 10 and abs(r["pitch"]) < 15 and abs(r["roll"]) < 10, r)

    def test_without_a_face_all_is_zero(self):
        code, (r,), _ = frame(EMPTY)
        self.assertEqual((code, r["face_detected"], r["look"], r["faces"]), (0, False, "absent", 0))
        self.assertEqual([r[k] for k in ("yaw", "pitch", "roll", "attention_score", "confidence")], [0] * 5)

    def test_what_cannot_be_read_is_named_and_the_rest_is_done(self):
        with tempfile.NamedTemporaryFile(suffix=".jpg") as broken:
            broken.write(read(PORTRAIT)[:9000])
            broken.flush()
            code, lines, err = frame("nowhere.jpg", broken.name, PORTRAIT)
        self.assertEqual((code, [r["file"] for r in lines]), (1, [PORTRAIT]))
        self.assertIn("nowhere.jpg", err)
        self.assertIn(broken.name, err)
        self.assertEqual(len(err.splitlines()), 2, err)

    def test_pictures_alone_know_nothing_of_each_other_and_sequences_do(self):
        _, alone, _ = frame(PORTRAIT, PORTRAIT)
        strip = [{k: v for k, v in r.items() if k != "timestamp"} for r in alone]
        self.assertEqual(*strip)
        code, lines, _ = frame("--sequence", "--fps", "4", *[PORTRAIT] * 14)
        self.assertEqual([r["time"] for r in lines], [i / 4 for i in range(14)])
        self.assertFalse(lines[0]["calibrated"])
        self.assertTrue(lines[-1]["calibrated"])

    def test_a_clip_is_a_timeline(self):
        code, lines, err = frame("--sequence", CLIP)
        self.assertEqual((code, len(lines)), (0, 23), err)
        times = [r["time"] for r in lines]
        self.assertEqual(times, sorted(set(times)))
        yaw = [r["yaw"] for r in lines]
        self.assertTrue(max(yaw) > 40 and min(yaw) < -25 and all(r["face_detected"] for r in lines), yaw)
        code, fewer, _ = frame("--sequence", "--fps", "4", CLIP)
        self.assertTrue(code == 0 and 6 <= len(fewer) <= 10, len(fewer))

    def test_drawn_pictures_are_written(self):
        with tempfile.TemporaryDirectory() as d:
            code, _, _ = frame("--draw", d, PORTRAIT)
            drawn = read(os.path.join(d, "astronaut.jpg"))
        self.assertEqual(code, 0)
        self.assertTrue(drawn.startswith(b"\xff\xd8") and drawn != read(PORTRAIT))

    def test_field_of_view(self):
        code, (r,), _ = frame("--fov", "60", PORTRAIT)
        self.assertTrue(code == 0 and 30 < r["distance_cm"] < 150, r)
        code, _, err = run("frame", "--fov", "400", PORTRAIT)
        self.assertEqual(code, 2)
        self.assertIn("--fov", err)
