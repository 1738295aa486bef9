"""Numbers, samples and base64 that no well-made client sends, everywhere one may be given."""
import math, unittest
from harness import *

# As they stand in JSON text.
BAD_RATES = ("1e308", "-1e308", "1e999", "NaN", "Infinity", "-1", "0", "16000.5", "7999", "96001", "1e18",
             "99999999999999999999", '"16000"', "true", "[16000]", "{}")

setUpModule, tearDownModule = one_server(globals())


def next_of(w, *types):
    for _ in range(100):
        m = w.recv()
        if m["type"] in types:
            return m
    raise AssertionError(f"none of {types} in 100 messages")


class Numbers(unittest.TestCase):
    def test_sample_rates_of_the_legacy_api(self):
        sound = b64(jfk()[:1600])
        for path in ("/ws/audio/n", "/ws/combined/n"):
            with server.ws(path) as w:
                for rate in BAD_RATES:
                    r = w.ask('{"audio": "%s", "sample_rate": %s}' % (sound, rate))
                    self.assertGreater(len(r.get("error") or r["audio_error"]), 10, rate)
                for rate in ("8000", "96000", "16000.0", "1.6e4", "null"):
                    r = w.ask('{"audio": "%s", "sample_rate": %s}' % (sound, rate))
                    self.assertEqual(r.get("status") or r["audio_status"], "buffering", rate)

    def test_numbers_of_a_session_s_start(self):
        starts = [("sample_rate", r) for r in BAD_RATES]
        starts += [("face_hz", v) for v in ("-1", "1e308", '"4"', "61")] + [("fov", v) for v in ("-60", "1e308", '"x"', "180")]
        for i, (key, value) in enumerate(starts):
            with server.ws(f"/v1/session/numbers-{i}") as w:
                w.send('{"type": "start", "%s": %s}' % (key, value))
                m = w.recv()
                self.assertEqual(m["type"], "error", (key, value))
                if m["detail"].startswith("\""):
                    self.assertIn(key, m["detail"])
                    self.assertRaises(Closed, w.recv)

    def test_times_of_binary_messages(self):
        with server.ws("/v1/session/times") as w:
            w.send({"type": "start", "sample_rate": 16000})
            next_of(w, "ready")
            pcm = array.array("h", [0] * 160).tobytes()
            for us in (2**64 - 1, 2**63, 2**63 - 1, 10**18, 3601 * 10**6):
                for kind, payload in ((2, pcm), (3, bytes(640)), (1, fixture("astronaut.jpg"))):
                    w.send(media(kind, us, payload), 2)
                    self.assertIn("outside the session", next_of(w, "error")["detail"], (us, kind))
            w.send({"type": "finish"})
            next_of(w, "report")

    def test_numbers_of_queries(self):
        for fov in ("nan", "1e308", "-60", "1e-30", "x", "60x", "180"):
            status, r = server.post_json("/api/analyze-frame?fov=" + fov, frame())
            self.assertEqual(status, 400, (fov, r))
            self.assertIn("fov", r["detail"].replace("field of view", "fov"))
            with server.ws("/ws/video/n?fov=" + fov) as w:
                self.assertIn("error", w.ask(frame()), fov)
        for query in ("limit=1e308", "limit=nan", "limit=-1", "limit=2.5", "limit=x", "before=nan", "before=x"):
            self.assertEqual(server.get("/v1/sessions?" + query)[0], 400, query)


class Samples(unittest.TestCase):
    def test_integers_as_floats_are_named(self):
        loud = [v * 32768 for v in jfk()[8000:9600]]
        for samples in (loud, [float(int(v)) for v in loud], [0.0, 3.0, -2.0] * 400):
            for path in ("/ws/audio/i", "/ws/combined/i"):
                with server.ws(path) as w:
                    r = w.ask(audio_message(samples))
                    self.assertIn("32768", r.get("error") or r["audio_error"])
            with server.ws("/v1/session/integers") as w:
                w.send({"type": "start", "sample_rate": 16000})
                next_of(w, "ready")
                w.send(media(3, 0, array.array("f", samples).tobytes()), 2)
                self.assertIn("32768", next_of(w, "error")["detail"])
                w.send({"type": "discard"})
                self.assertRaises(Closed, next_of, w, "never")

    def test_clipped_samples_are_taken(self):
        clipped = list(jfk()[8000:9600])
        clipped[10], clipped[20], clipped[30:40] = 1.04, -1.3, [1.0] * 10
        with server.ws("/ws/audio/c") as w:
            self.assertEqual(w.ask(audio_message(clipped))["status"], "buffering")
            self.assertEqual(w.ask(audio_message([v * 3 for v in clipped]))["status"], "buffering")  # overdriven


class Base64(unittest.TestCase):
    def test_line_breaks_spaces_and_the_url_safe_alphabet(self):
        jpeg = fixture("astronaut.jpg")
        plain = base64.b64encode(jpeg).decode()
        lines = base64.encodebytes(jpeg).decode()
        forms = (lines, lines.replace("\n", "\r\n"), base64.urlsafe_b64encode(jpeg).decode(), plain.rstrip("="),
                 " ".join(plain[i:i + 1000] for i in range(0, len(plain), 1000)), "\n" + plain + "\n\n")
        with server.ws("/ws/video/b") as w, server.ws("/ws/combined/b") as c:
            for text in forms:
                for sent in (text, "data:image/jpeg;base64," + text):
                    self.assertTrue(w.ask({"frame": sent})["face_detected"], text[:40])
                    self.assertEqual(server.post_json("/api/analyze-frame", {"frame": sent})[0], 200, text[:40])
                self.assertTrue(c.ask({"frame": text})["video"]["face_detected"])
            sound = array.array("f", jfk()[:3200]).tobytes()
            for text in (base64.encodebytes(sound).decode(), base64.urlsafe_b64encode(sound).decode()):
                self.assertAlmostEqual(c.ask({"audio": text})["audio_duration"] % 0.2, 0, delta=0.01)
        status, _, body = server.request("POST", "/api/analyze-frame", lines, {"Content-Type": "text/plain"})
        self.assertEqual(status, 200, body)

    def test_what_is_wrong_is_said(self):
        plain = base64.b64encode(fixture("astronaut.jpg")).decode()
        with server.ws("/ws/video/b") as w:
            for text in (plain[:2000] + "*" + plain[2000:], plain[:2001].rstrip("="), plain[:400] + "==" + plain[400:], "é" * 2000):
                r = w.ask({"frame": text})
                self.assertIn("base64", r["error"])
                status, reply = server.post_json("/api/analyze-frame", {"frame": text})
                self.assertEqual(status, 400)
                self.assertIn("base64", reply["detail"])
            self.assertTrue(w.ask({"frame": plain})["face_detected"])


if __name__ == "__main__":
    unittest.main()
