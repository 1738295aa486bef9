"""The REST half of the protocol: shapes, errors, limits, CORS."""
import json, math, random, re, socket, unittest
from harness import *

VIDEO_KEYS = {"yaw": float, "pitch": float, "roll": float, "is_looking_at_camera": bool,
              "attention_score": float, "eye_contact_score": float, "face_detected": bool,
              "timestamp": float}
AUDIO_KEYS = {"transcribed_text": str, "clarity_score": float, "fluency_score": float,
              "pace_wpm": float, "filler_words_count": int, "confidence": float,
              "pronunciation_score": float, "timestamp": float, "filler_words_detail": dict}

setUpModule, tearDownModule = one_server(globals(), "--max-upload-mb", "8")


def check_shape(test, result, keys):
    for key, kind in keys.items():
        test.assertIn(key, result)
        value = result[key]
        if kind is float:
            test.assertIsInstance(value, (int, float), key)
            test.assertNotIsInstance(value, bool, key)
            test.assertTrue(math.isfinite(value), key)
        else:
            test.assertIs(type(value), kind, key)


def raw(data, shut=False, timeout=20):
    with socket.create_connection(("127.0.0.1", server.port), timeout * PATIENCE) as s:
        out = b""
        try:
            s.sendall(data)
            if shut:
                s.shutdown(socket.SHUT_WR)
            while piece := s.recv(65536):
                out += piece
        except OSError:  # cut off, or nothing more came
            pass
        return out


class Information(unittest.TestCase):
    def test_root_describes_the_service(self):
        status, body = server.get("/")
        self.assertEqual(status, 200)
        self.assertEqual(body["status"], "running")
        self.assertEqual(body["service"], "Interview Coaching API")
        self.assertIsInstance(body["version"], str)
        self.assertIsInstance(body["endpoints"], dict)

    def test_browser_gets_the_page(self):
        status, headers, body = server.request("GET", "/", headers={"Accept": "text/html,*/*;q=0.8"})
        self.assertEqual(status, 200)
        self.assertTrue(headers["content-type"].startswith("text/html"))
        self.assertIn("default-src 'self'", headers["content-security-policy"])
        again = server.request("GET", "/", headers={"Accept": "text/html", "If-None-Match": headers["etag"]})
        self.assertEqual(again[0], 304)
        self.assertEqual(again[2], b"")
        for path in re.findall(rb'(?:src|href)="(/?[a-z][^":#?]*\.(?:js|css|svg))"', body):
            status, headers, _ = server.request("GET", "/" + path.decode().lstrip("/"))
            self.assertEqual(status, 200, path)
            self.assertNotIn("text/plain", headers["content-type"], path)

    def test_only_files_of_the_page_are_served(self):
        for path in ("/../README.md", "/%2e%2e/README.md", "/.git/config", "/js/../../Makefile",
                     "/js%2f..%2f..%2fMakefile", "//etc/passwd", "/js", "/nothing.js"):
            self.assertIn(server.request("GET", path)[0], (400, 403, 404), path)

    def test_the_page_is_in_memory_from_the_start(self):
        with tempfile.TemporaryDirectory() as folder:
            page = os.path.join(folder, "page")
            os.makedirs(os.path.join(page, "js", ".hidden"))
            for name, text in (("index.html", "<p>first"), ("js/a.js", "1"), ("js/.hidden/b.js", "2"), (".c.js", "3"), ("notes.doc", "4")):
                with open(os.path.join(page, name), "w") as f:
                    f.write(text)
            os.symlink("nowhere", os.path.join(page, "broken.js"))
            s = Server("--web-dir", page + "/", wait=False)
            try:
                os.rename(page, page + "-gone")
                for path, expected in (("/index.html", b"<p>first"), ("/js/a.js", b"1")):
                    status, headers, body = s.request("GET", path)
                    self.assertEqual((status, body), (200, expected))
                    self.assertEqual(s.request("GET", path, headers={"If-None-Match": headers["etag"]})[0], 304)
                self.assertEqual(s.request("GET", "/", headers={"Accept": "text/html"})[2], b"<p>first")
                for path in ("/js/.hidden/b.js", "/.c.js", "/notes.doc", "/broken.js", "/js", "/js/"):
                    self.assertEqual(s.request("GET", path)[0], 404, path)
            finally:
                self.assertEqual(s.stop(), 0)
            for folder, word in ((page, "No such file"), (page + "-gone/js", "no index.html")):
                with self.assertRaisesRegex(RuntimeError, word):
                    Server("--web-dir", folder, wait=False)

    def test_health_names_both_components(self):
        status, body = server.get("/health")
        self.assertEqual(status, 200)
        self.assertEqual(body["status"], "healthy")
        self.assertEqual(body["components"], {"head_pose_detector": True, "speech_analyzer": True})

    def test_head_has_no_body(self):
        status, headers, body = server.request("HEAD", "/health")
        self.assertEqual((status, body), (200, b""))
        self.assertGreater(int(headers["content-length"]), 0)

    def test_unknown_path_and_wrong_method(self):
        self.assertEqual(server.get("/nowhere")[0], 404)
        status, headers, body = server.request("GET", "/api/analyze-frame")
        self.assertEqual(status, 405)
        self.assertEqual(headers["allow"], "POST")
        self.assertIn("detail", json.loads(body))
        self.assertEqual(server.request("POST", "/health", b"{}")[0], 405)
        self.assertEqual(server.get("/ws/video/x")[0], 400)

    def test_cors_is_open(self):
        origin = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST",
                  "Access-Control-Request-Headers": "content-type"}
        status, headers, _ = server.request("OPTIONS", "/api/analyze-frame", headers=origin)
        self.assertEqual(status, 204)
        self.assertEqual(headers["access-control-allow-origin"], "*")
        self.assertIn("POST", headers["access-control-allow-methods"])
        self.assertIn("content-type", headers["access-control-allow-headers"].lower())
        for path in ("/", "/health"):
            self.assertEqual(server.request("GET", path, headers=origin)[1]["access-control-allow-origin"], "*")
        _, headers, _ = server.request("POST", "/api/analyze-frame", b"{}", origin)
        self.assertEqual(headers["access-control-allow-origin"], "*")  # errors too: a page must read them

    def test_connection_is_kept(self):
        c = http.client.HTTPConnection("127.0.0.1", server.port)
        sock = None
        for path in ("/health", "/nowhere", "/"):
            c.request("GET", path)
            c.getresponse().read()
            sock = sock or c.sock
            self.assertIs(c.sock, sock)
        c.request("POST", "/api/analyze-frame", b"{}")
        c.getresponse().read()
        self.assertIs(c.sock, sock)
        c.close()


class Frames(unittest.TestCase):
    def test_face_is_measured(self):
        for frame in (data_uri(fixture("astronaut.jpg")), data_uri(fixture("astronaut.jpg")).split(",")[1]):
            status, r = server.post_json("/api/analyze-frame", {"frame": frame})
            self.assertEqual(status, 200)
            check_shape(self, r, VIDEO_KEYS)
            self.assertTrue(r["face_detected"])
            self.assertLess(abs(r["yaw"]), 45)
            for key in ("attention_score", "eye_contact_score"):
                self.assertTrue(0 <= r[key] <= 100)
            for key in ("yaw", "pitch", "roll", "attention_score", "eye_contact_score"):
                self.assertAlmostEqual(r[key], round(r[key], 1), places=9)

    def test_picture_alone_as_body(self):
        status, _, body = server.request("POST", "/api/analyze-frame", fixture("astronaut.jpg"),
                                         {"Content-Type": "image/jpeg"})
        self.assertEqual(status, 200)
        self.assertTrue(json.loads(body)["face_detected"])

    def test_other_formats_and_no_face(self):
        for name in ("images/rgb.png", "images/lossy.webp", "images/grey.jpg", "images/cmyk.jpg",
                     "images/progressive.jpg", "images/one.jpg"):
            status, r = server.post_json("/api/analyze-frame", {"frame": base64.b64encode(fixture(name)).decode()})
            self.assertEqual(status, 200, (name, r))
            check_shape(self, r, VIDEO_KEYS)
        self.assertFalse(r["face_detected"])
        self.assertEqual([r[k] for k in VIDEO_KEYS if k != "timestamp"], [0, 0, 0, False, 0, 0, False])

    def test_annotated_frame(self):
        status, r = server.post_json("/api/analyze-frame?annotate=1", {"frame": data_uri(fixture("astronaut.jpg"))})
        self.assertEqual(status, 200)
        self.assertTrue(base64.b64decode(r["annotated_frame"].split(",")[1]).startswith(b"\xff\xd8"))

    def test_bad_frames_get_a_clear_error(self):
        jpeg = fixture("astronaut.jpg")
        for body, expected in ((b"", 400), (b"{}", 400), ({"frame": None}, 400), (b"{broken", 400), (b"[1]", 400),
                               ({"frame": 5}, 400), ({"frame": ""}, 400), ({"frame": "!!!! not base64"}, 400),
                               ({"frame": "data:image/jpeg,abc"}, 400),
                               ({"frame": data_uri(b"just text, no picture")}, 415),
                               ({"frame": data_uri(jpeg[:200])}, 415), ({"frame": data_uri(jpeg[2:])}, 415)):
            status, r = server.post_json("/api/analyze-frame", body)
            self.assertEqual(status, expected, (str(body)[:60], r))
            self.assertIsInstance(r["detail"], str)
            self.assertGreater(len(r["detail"]), 10)

    def test_truncated_jpeg_never_hurts(self):
        jpeg = fixture("astronaut.jpg")
        for n in (1, 3, 20, 600, len(jpeg) // 2, len(jpeg) - 3):
            status, r = server.post_json("/api/analyze-frame", {"frame": data_uri(jpeg[:n])})
            self.assertIn(status, (200, 415), (n, r))

    def test_too_large_a_body(self):
        status, r = server.post_json("/api/analyze-frame", b'{"frame":"' + b"A" * (17 << 20) + b'"}')
        self.assertEqual(status, 413)
        self.assertIn("MB", r["detail"])

    def test_chunked_and_expected_bodies(self):
        body = json.dumps({"frame": data_uri(fixture("astronaut.jpg"))}).encode()
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 1000]), body[i:i + 1000]) for i in range(0, len(body), 1000))
        head = b"POST /api/analyze-frame HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.assertIn(b'"face_detected":true', raw(head + chunks + b"0\r\n\r\n"))
        self.assertIn(b" 400 ", raw(head + b"zz\r\n")[:20])
        self.assertIn(b" 411 ", raw(b"POST /api/analyze-frame HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")[:20])
        head = b"POST /api/analyze-frame HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            s.settimeout(10 * PATIENCE)
            s.sendall(head % len(body))
            self.assertTrue(s.recv(100).startswith(b"HTTP/1.1 100"))
            s.sendall(body)
            self.assertTrue(s.recv(100).startswith(b"HTTP/1.1 200"))


class Audio(unittest.TestCase):
    def analyze(self, name, *more):
        return server.post_form("/api/analyze-audio", [("audio", fixture(name), name), *more])

    def check_jfk(self, r):
        check_shape(self, r, AUDIO_KEYS)
        self.assertEqual(words(r["transcribed_text"]), JFK_WORDS)
        self.assertTrue(60 < r["pace_wpm"] < 240)
        self.assertTrue(0 <= r["confidence"] <= 1)
        for key in ("clarity_score", "fluency_score", "pronunciation_score"):
            self.assertTrue(0 <= r[key] <= 100)

    def test_jfk_as_flac(self):
        status, r = self.analyze("jfk.flac")
        self.assertEqual(status, 200, r)
        self.check_jfk(r)
        self.assertAlmostEqual(r["audio_duration"], 11.0, delta=0.1)

    def test_content_is_judged_by_the_question(self):
        status, r = self.analyze("jfk.flac", ("question", "Tell me about a time you failed."), ("kind", "behavioural"))
        self.assertEqual(status, 200, r)
        self.assertEqual(r["content_score"], r["scores"]["content"]["value"])
        self.assertIn("answers the question", [p["name"] for p in r["scores"]["content"]["parts"]])
        self.assertIn("result", [p["name"] for p in r["scores"]["content"]["parts"]])  # of a story
        status, r = self.analyze("jfk.flac")
        self.assertNotIn("content_score", r)  # 22 words to nobody knows what
        for wrong in ("a\x01b", "x" * 9000):
            status, r = self.analyze("jfk.flac", ("question", wrong))
            self.assertEqual(status, 400)
            self.assertIn("question", r["detail"])

    def test_hesitations_of_german_spanish_and_french_are_heard(self):
        """Five sounds each, of which the recogniser by itself leaves out most."""
        for code, sounds in (("de", ("ähm", "äh", "hm")), ("es", ("eh", "em", "mmm")), ("fr", ("euh", "heu", "hum"))):
            status, r = self.analyze(f"hesitant_{code}.ogg", ("language", code))
            self.assertEqual(status, 200, r)
            heard = sum(r["filler_words_detail"].get(s, 0) for s in sounds)
            self.assertTrue(4 <= heard <= 7, (code, r["filler_words_detail"]))
            self.assertEqual(r["not_measured"], ["structure", "content"])
            self.assertEqual(r["filler_words_count"], sum(r["filler_words_detail"].values()))
            self.assertNotIn("um", r["filler_words_detail"])

    def test_languages_without_lists_are_told_so(self):
        status, r = self.analyze("jfk.flac", ("language", "pl"))
        self.assertEqual(status, 200, r)
        check_shape(self, r, AUDIO_KEYS)
        self.assertEqual(r["not_measured"], ["fillers", "hedges", "structure", "content", "pace_target"])
        self.assertEqual((r["pace_unit"], r["filler_words_count"], r["filler_words_detail"]), ("words", 0, {}))
        self.assertNotIn("fillers", r["scores"])
        self.assertIsNone(r["language"]["hedges_per_100"])
        status, r = self.analyze("jfk.flac", ("language", "zh"))
        self.assertEqual(status, 200, r)
        check_shape(self, r, AUDIO_KEYS)
        self.assertEqual(r["pace_unit"], "characters")
        self.assertGreater(r["characters_per_minute"], 1.5 * r["pace_wpm"])
        self.assertTrue(all(p["wpm"] is None and p["characters_per_minute"] >= 0 for p in r["timing"]["rates"]))

    def test_jfk_as_stereo_mp3(self):
        status, r = self.analyze("jfk_44k_stereo.mp3")
        self.assertEqual(status, 200, r)
        self.check_jfk(r)

    def test_jfk_as_browser_webm_with_fields_in_any_order(self):
        data = fixture("jfk_opus_48k.webm")
        for fields in ([("reference_text", "And so my fellow Americans"), ("audio", data, "blob")],
                       [("audio", data, "blob"), ("reference_text", "And so my fellow Americans")]):
            status, r = server.post_form("/api/analyze-audio", fields)
            self.assertEqual(status, 200, r)
            check_shape(self, r, AUDIO_KEYS)
            self.assertEqual(words(r["transcribed_text"]), JFK_WORDS)

    def test_silence_makes_no_words(self):
        status, r = server.post_form("/api/analyze-audio", [("audio", wav([0.0] * 32000), "s.wav")])
        self.assertEqual(status, 200, r)
        check_shape(self, r, AUDIO_KEYS)
        self.assertEqual(r["transcribed_text"], "")
        self.assertEqual(r["filler_words_count"], 0)

    def test_the_reason_names_what_was_heard(self):
        chance = random.Random(1)
        for x, heard in (([0.0] * 32000, "only silence"), ([chance.gauss(0, 0.1) for _ in range(32000)], "steady noise"),
                         ([0.2 * math.sin(2 * math.pi * 440 * i / 16000) for i in range(32000)], "steady tone"),
                         ([0.3 * math.sin(2 * math.pi * (262, 330, 392)[i // 4000 % 3] * i / 16000) for i in range(64000)],
                          "only music")):
            status, r = server.post_form("/api/analyze-audio", [("audio", wav(x), "s.wav")])
            self.assertEqual(status, 200, r)
            self.assertEqual(r["transcribed_text"], "", heard)
            self.assertTrue(r["reason"].startswith("There was no speech in the recording"), r["reason"])
            self.assertIn(heard, r["reason"])
            for name in ("clarity", "fluency", "pronunciation", "prosody", "overall"):
                self.assertEqual(r[name + "_score"], 0, heard)
            self.assertEqual((r["filler_words_count"], r["fillers"], r["slips"]), (0, [], []), heard)

    def test_bad_audio_gets_a_clear_error(self):
        for data, expected in ((b"", 400), (b"this is a text file, not sound\n" * 50, 415),
                               (fixture("astronaut.jpg"), 415), (fixture("silent_video.mp4"), 415),
                               (fixture("jfk_opus_48k.webm")[:30], 415)):
            status, r = server.post_form("/api/analyze-audio", [("audio", data, "a.wav")])
            self.assertEqual(status, expected, (data[:20], r))
            self.assertIsInstance(r["detail"], str)

    def test_wrong_forms(self):
        status, r = server.post_form("/api/analyze-audio", [("sound", b"xx", "a.wav")])
        self.assertEqual(status, 422, r)
        status, r = server.post_json("/api/analyze-audio", {"audio": "x"})
        self.assertEqual(status, 415, r)
        kind, body = form([("audio", fixture("jfk_opus_48k.webm"), "a.webm")])
        status, _, r = server.request("POST", "/api/analyze-audio", body[:-30], {"Content-Type": kind})
        self.assertEqual(status, 400, r)
        status, _, r = server.request("POST", "/api/analyze-audio", body, {"Content-Type": "multipart/form-data"})
        self.assertEqual(status, 400, r)
        status, r = server.post_form("/api/analyze-audio", [(f"f{i}", "x") for i in range(40)])
        self.assertEqual(status, 413, r)
        status, r = server.post_form("/api/analyze-audio", [("reference_text", "x" * 100000), ("audio", b"x", "a")])
        self.assertEqual(status, 413, r)

    def test_too_large_an_upload_is_told_before_and_after_it_comes(self):
        kind, body = form([("audio", b"\0" * (9 << 20), "a.wav")])
        status, _, r = server.request("POST", "/api/analyze-audio", body, {"Content-Type": kind})
        self.assertEqual(status, 413, r)
        head = ("POST /api/analyze-audio HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
                f"Content-Type: {kind}\r\n\r\n").encode()
        self.assertIn(b" 413 ", raw(head + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n")[:20])

    def test_form_arriving_byte_by_byte(self):
        kind, body = form([("audio", b"nothing", "a.wav"), ("reference_text", "hello\r\n--not-the-end")])
        head = (f"POST /api/analyze-audio HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode()
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            s.settimeout(10 * PATIENCE)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for b in head + body:
                s.sendall(bytes([b]))
            self.assertIn(b" 415 ", s.recv(65536)[:20])


class Nonsense(unittest.TestCase):
    def test_broken_requests_leave_the_server_well(self):
        for data in (b"\0\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"X" * 70000,
                     b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\n\r\n",
                     b"GET / HTTP/1.1\r\n" + b"h: " + b"v" * 40000 + b"\r\n\r\n",
                     b"POST /api/analyze-frame HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
                     b"POST /api/analyze-frame HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\nx",
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            raw(data, shut=True, timeout=3)
        self.assertEqual(server.get("/health")[0], 200)

    def test_pipelined_requests_are_answered_in_order(self):
        body = json.dumps({"frame": data_uri(fixture("astronaut.jpg"))}).encode()
        out = raw(b"POST /api/analyze-frame HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body +
                  b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertLess(out.find(b'"face_detected"'), out.find(b"404 Not Found"))
        self.assertIn(b'"face_detected"', out)


if __name__ == "__main__":
    unittest.main()
