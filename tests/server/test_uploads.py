"""Recordings of odd kinds, uploaded: each gets its report or a reason, and the server lives."""
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from harness import FIXTURES, PATIENCE, Server

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cli"))
from odd_media import edit, spread, turn  # noqa: E402

PORTRAIT, SPEECH = (os.path.join(FIXTURES, name) for name in ("astronaut.jpg", "jfk_16k.wav"))


class Uploads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.dir = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.dir.cleanup()

    def made(self, name, *options):
        path = os.path.join(self.dir.name, name)
        subprocess.run(["ffmpeg", "-loglevel", "error", "-y", *options, path], check=True)
        return path

    def video(self, name, how, *options):
        return self.made(name, "-loop", "1", "-framerate", "5", "-i", PORTRAIT, "-t", "4", "-i", SPEECH, "-t", "4", "-vf", how,
                         "-c:v", "libx264", "-preset", "ultrafast", "-qp", "18", "-pix_fmt", "yuv420p", *options)

    def upload(self, path):
        with open(path, "rb") as f:
            status, reply = self.server.post_form("/v1/sessions", [("file", f.read(), os.path.basename(path))])
        self.assertEqual(status, 202, reply)
        return reply["id"]

    def outcome(self, session):
        end = time.time() + 90 * PATIENCE
        while time.time() < end:
            status, reply = self.server.get(f"/v1/sessions/{session}")
            if status != 200 or "progress" not in reply:
                return status, reply
            time.sleep(0.2)
        self.fail(f"{session} does not end: {reply}")

    def test_a_recording_without_a_question_is_called_by_its_file(self):
        with open(SPEECH, "rb") as f:
            sound = f.read()
        for name, more, title, kept in (("../Probe \u00e4 1.wav", [], "Probe \u00e4 1.wav", "Probe \u00e4 1.wav"),
                                        ("C:\\Users\\me\\answer.wav", [("question", "Why us?")], "Why us?", "answer.wav")):
            status, reply = self.server.post_form("/v1/sessions", [("file", sound, name), *more])
            self.assertEqual(status, 202, reply)
            self.assertEqual(self.outcome(reply["id"])[1]["state"], "done")
            listed = [s for s in self.server.get("/v1/sessions")[1]["sessions"] if s["id"] == reply["id"]]
            self.assertEqual(listed[0]["meta"]["file_name"], kept)
            report = self.server.get(f"/v1/sessions/{reply['id']}/report")[1]
            self.assertEqual((report["title"], report["file_name"]), (title, kept))
            self.assertEqual([t["id"] for t in report["trend"]], [reply["id"]])

    def test_odd_recordings_become_sessions_or_get_a_reason(self):
        upright = self.video("upright.mp4", "scale=360:640:force_original_aspect_ratio=increase,crop=360:640")
        lying = self.video("lying.mp4", "scale=360:640:force_original_aspect_ratio=increase,crop=360:640,transpose=2")
        turn(lying, 6)
        good = [upright, lying]
        good.append(self.video("oblong.mp4", "scale=270:480,setsar=4/3", "-ac", "2", "-af", "pan=stereo|c0=c0|c1=-1*c0"))
        good.append(self.made("inverted.flac", "-t", "3", "-i", SPEECH, "-af", "pan=stereo|c0=c0|c1=-1*c0"))
        good.append(self.made("fourth.wav", "-t", "3", "-i", SPEECH, "-af", "pan=5.1|c3=c0"))
        good.append(self.made("second.mkv", "-f", "lavfi", "-t", "3", "-i", "anullsrc=cl=stereo", "-t", "3", "-i", SPEECH, "-map",
                              "0", "-map", "1", "-c:a", "aac"))
        many = self.video("many.mp4", "scale=64:64", "-an")
        edit(many, b"trak", lambda body: (struct.pack(">I4s", len(body) + 8, b"trak") + body) * 900)
        absurd = self.video("absurd.mp4", "scale=64:64", "-an")
        edit(absurd, b"stsz", lambda body: struct.pack(">III", 0, 1, 0xfffffffe))
        edit(absurd, b"stsc", lambda body: struct.pack(">IIIII", 0, 1, 1, 0xfffffffe, 1))
        ids = {path: self.upload(path) for path in [*good, many, absurd]}
        results = {path: self.outcome(session) for path, session in ids.items()}
        reports = {}
        for path in good:
            status, reply = results[path]
            self.assertEqual((status, reply.get("state")), (200, "done"), (path, reply))
            text = json.dumps(reply)
            self.assertIn("fellow", text, path)
            reports[path] = reply
        faces = [reports[p]["report"]["scores"]["eye_contact"] for p in (upright, lying)]
        self.assertLess(abs(faces[0] - faces[1]), 5)
        self.assertRegex(json.dumps(results[many]), "more than 64 tracks")
        self.assertNotIn('"done"', json.dumps(results[absurd]))
        self.assertEqual(self.server.get("/health")[0], 200)
        self.assertIsNone(self.server.process.poll())

    def test_every_endpoint_hears_every_channel(self):
        for url, field in (("/api/analyze-audio", "audio"), ("/v1/audio/transcriptions", "file")):
            status, reply = self.server.post_form(url, [(field, spread(SPEECH, 9, 8), "last.wav"), ("model", "whisper-1")])
            self.assertEqual(status, 200, reply)
            self.assertIn("fellow", json.dumps(reply))
