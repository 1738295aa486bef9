"""The video of a live session, in the pieces of a browser's recorder: kept as they come, made one that
can be sought in, deleted with its session."""
import os
import subprocess
import unittest

from harness import *
from test_recordings import again, kill

PIECE = 20000


def recorded(*options):
    """What a browser's recorder gives: WebM without a length or an index."""
    return subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=15", "-i",
                           os.path.join(FIXTURES, "jfk_16k.wav"), "-t", "6", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8",
                           "-b:v", "300k", "-g", "30", "-c:a", "libopus", "-f", "webm", "-live", "1", *options, "-"],
                          check=True, capture_output=True).stdout


def files_of(server, name):
    folder = os.path.join(server.data.name, "data", "media")
    return sorted(f for f in os.listdir(folder) if name in f) if os.path.isdir(folder) else []


class Video(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--max-video-mb", "1")
        cls.video = recorded()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def start(self, name, **more):
        w = self.server.ws(f"/v1/session/{name}", timeout=60)
        w.send({"type": "start", "sample_rate": 16000, **more})
        while w.recv()["type"] != "ready":
            pass
        return w

    def post(self, name, query, body, kind="video/webm;codecs=vp8,opus"):
        status, _, reply = self.server.request("POST", f"/v1/sessions/{name}/video?{query}", body, {"Content-Type": kind})
        return status, json.loads(reply)

    def add(self, name, part, start, data):
        for at in range(0, len(data), PIECE):
            piece = data[at:at + PIECE]
            status, reply = self.post(name, f"part={part}&at={at}&start={start}", piece)
            self.assertEqual((status, reply), (200, {"part": part, "bytes": at + len(piece)}))

    def finish(self, w):
        w.send(media(3, 0, jfk().tobytes()), 2)
        w.send({"type": "finish"})
        while (m := w.recv())["type"] != "report":
            pass
        return m["report"]

    def test_pieces_become_a_video_that_can_be_sought_in(self):
        with self.start("seen", keep_video=True) as w:
            self.add("seen", 1, 0.25, self.video)
            self.add("seen", 2, 7.5, self.video[:len(self.video) * 2 // 3])  # a tab that was closed
            self.assertEqual(self.post("seen", "part=1&at=5", b"x")[0], 409)
            self.assertEqual(self.post("seen", "part=1&at=5", b"x")[1]["bytes"], len(self.video))
            self.finish(w)
        status, report = self.server.get("/v1/sessions/seen/report")
        self.assertEqual([(v["part"], v["start"], v["type"]) for v in report["videos"]], [(1, 0.25, "video/webm"), (2, 7.5, "video/webm")])
        for part, least in ((1, 5.8), (2, 3)):
            status, headers, whole = self.server.request("GET", f"/v1/sessions/seen/video?part={part}")
            self.assertEqual((status, headers["content-type"], headers["accept-ranges"]), (200, "video/webm", "bytes"))
            told = subprocess.run(["ffprobe", "-loglevel", "error", "-show_entries", "format=duration:stream=codec_name", "-of",
                                   "json", "-"], input=whole, check=True, capture_output=True).stdout
            told = json.loads(told)
            self.assertEqual([s["codec_name"] for s in told["streams"]], ["vp8", "opus"])
            self.assertGreater(float(told["format"]["duration"]), least)
        status, headers, some = self.server.request("GET", "/v1/sessions/seen/video?part=1", headers={"Range": "bytes=100-199"})
        self.assertEqual((status, len(some)), (206, 100))
        self.assertEqual(self.server.get("/v1/sessions/seen/video?part=3")[0], 404)
        self.assertEqual(len(files_of(self.server, "seen")), 2)
        self.assertEqual(self.server.request("DELETE", "/v1/sessions/seen")[0], 204)
        self.assertEqual(files_of(self.server, "seen"), [])
        self.assertEqual(self.server.get("/v1/sessions/seen/video")[0], 404)

    def test_what_is_left_without_a_report_has_no_video(self):
        with self.start("left", keep_video=True) as w:
            self.add("left", 1, 0, self.video)
            w.send({"type": "discard"})
            with self.assertRaises(Closed):
                while True:
                    w.recv()
        self.assertEqual(files_of(self.server, "left"), [])

    def test_pieces_that_cannot_be_taken_are_told_why(self):
        with self.start("not-asked") as w:
            status, reply = self.post("not-asked", "part=1&at=0", self.video)
            self.assertEqual(status, 409)
            self.assertIn("keep_video", reply["detail"])
            w.send({"type": "discard"})
        with self.start("asked", keep_video=True) as w:
            for query, body, kind, status, word in (("part=0&at=0", b"x", "video/webm", 400, "part"), ("part=1&at=-1", b"x", "video/webm", 400, "at"),
                                                    ("part=1&at=0&start=nan", b"x", "video/webm", 400, "start"),
                                                    ("part=1&at=7", b"x", "video/webm", 409, "first piece"),
                                                    ("part=1&at=0", b"x", "text/html", 415, "video/webm"), ("part=1&at=0", b"", "video/webm", 400, "empty")):
                got, reply = self.post("asked", query, body, kind)
                self.assertEqual(got, status, (query, kind, reply))
                self.assertIn(word, reply["detail"])
            self.assertEqual(self.post("asked", "part=1&at=0", b"x" * (1 << 20))[0], 200)
            status, reply = self.post("asked", f"part=1&at={1 << 20}", b"x")
            self.assertEqual(status, 413)
            self.assertIn("1 MB", reply["detail"])
            self.assertEqual(self.post("nobody", "part=1&at=0", b"x")[0], 404)
            report = self.finish(w)  # what is no video does not keep the report from being made
            self.assertIn("ask not", " ".join(p["text"] for p in report["transcript"]).lower())

    def test_an_uploaded_video_is_kept_where_that_is_wanted(self):
        clip = fixture("jfk_3s_video.mp4")
        for wanted in (True, False):
            more = [("keep_video", "true")] if wanted else []
            status, r = self.server.post_form("/v1/sessions", [("file", clip, "clip.mp4"), *more])
            self.assertEqual(status, 202, r)
            name, end = r["id"], time.time() + 60 * PATIENCE
            while self.server.get(f"/v1/sessions/{name}")[1]["state"] not in ("done", "failed") and time.time() < end:
                time.sleep(0.2)
            videos = self.server.get(f"/v1/sessions/{name}/report")[1].get("videos", [])
            self.assertEqual([(v["start"], v["type"]) for v in videos], [(0, "video/mp4")] if wanted else [])
            self.assertEqual(self.server.request("DELETE", f"/v1/sessions/{name}")[0], 204)
            self.assertEqual(files_of(self.server, name), [])

    def test_a_killed_server_has_what_had_come(self):
        s = Server()
        try:
            w = s.ws("/v1/session/killed", timeout=60)
            w.send({"type": "start", "sample_rate": 16000, "keep_video": True})
            while w.recv()["type"] != "ready":
                pass
            w.send(media(3, 0, jfk().tobytes()), 2)
            half = self.video[:len(self.video) // 2]
            status, _, _ = s.request("POST", "/v1/sessions/killed/video?part=1&at=0&start=0.5", half, {"Content-Type": "video/webm"})
            self.assertEqual(status, 200)
            kill(s)
            s = again(s)
            with s.ws("/v1/session/killed", timeout=60) as w:
                w.send({"type": "start", "sample_rate": 16000, "keep_video": True})
                while w.recv()["type"] != "ready":
                    pass
                status, _, reply = s.request("POST", "/v1/sessions/killed/video?part=1&at=0", self.video, {"Content-Type": "video/webm"})
                self.assertEqual((status, json.loads(reply)["bytes"]), (409, len(half)))
                status, _, reply = s.request("POST", f"/v1/sessions/killed/video?part=1&at={len(half)}", self.video[len(half):],
                                             {"Content-Type": "video/webm"})
                self.assertEqual((status, json.loads(reply)["bytes"]), (200, len(self.video)))
                w.send({"type": "finish"})
                while w.recv()["type"] != "report":
                    pass
            self.assertEqual(s.get("/v1/sessions/killed/report")[1]["videos"][0]["start"], 0.5)
        finally:
            s.stop()


if __name__ == "__main__":
    unittest.main()
