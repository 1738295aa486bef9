"""Section B: access, live sessions, the OpenAI-compatible endpoint, operations."""
import shutil, unittest
from harness import *

server = None


def setUpModule():
    global server
    server = Server("--public-origins", "https://coach.example", "--trust-loopback", "on",
                    env={"REHEARSE_TOKENS": "sesame-1,sesame-2"})


def tearDownModule():
    code = server.stop()
    assert code == 0, f"the server ended with {code}:\n{server.text()}"


def frame_bytes():
    return fixture("astronaut.jpg")


def pcm16(samples):
    return array.array("h", [int(max(-1, min(1, v)) * 32767) for v in samples]).tobytes()


class Session:
    """A client of /v1/session as the practice page has it."""

    def __init__(self, session_id, port=None, **start):
        self.ws = WebSocket(port or server.port, "/v1/session/" + session_id, timeout=60)
        self.ws.send({"type": "start", "sample_rate": 16000, "language": "en", **start})
        self.events = []
        self.ready = self.until("ready")

    def until(self, kind):
        while True:
            e = self.ws.recv()
            self.events.append(e)
            if e["type"] == kind:
                return e
            if e["type"] == "error":
                raise AssertionError(e)

    def sound(self, samples, at=0, rate=16000, kind=2, piece=1600):
        for i in range(0, len(samples), piece):
            part = samples[i:i + piece]
            body = pcm16(part) if kind == 2 else array.array("f", part).tobytes()
            self.ws.send(media(kind, (at + i) * 1e6 / rate, body), opcode=2)

    def finals(self):
        seen, out = set(), []
        for e in self.events:
            if e["type"] == "transcript.final" and e["seq"] not in seen:
                seen.add(e["seq"])
                out.append(e)
        return out

    def text(self):
        return " ".join(e["text"] for e in self.finals())


class Access(unittest.TestCase):
    def status(self, headers, path="/v1/models"):
        return server.request("GET", path, headers=headers)[0]

    def test_own_page_and_listed_pages_and_tokens(self):
        here = f"127.0.0.1:{server.port}"
        for headers, expected in (
                ({}, 200), ({"Origin": f"http://{here}"}, 200),
                ({"Host": f"localhost:{server.port}", "Origin": f"http://localhost:{server.port}"}, 200),
                ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403),
                ({"Origin": f"http://localhost:{server.port}"}, 403),
                ({"Host": "rebound.example"}, 403), ({"Host": f"rebound.example:{server.port}"}, 403),
                ({"Host": "127.0.0.1.evil.example"}, 403), ({"Host": "localhost.evil.example"}, 403),
                ({"Origin": "https://coach.example"}, 200), ({"Host": "coach.example"}, 200),
                ({"Origin": "https://evil.example", "Authorization": "Bearer sesame-2"}, 200),
                ({"Authorization": "Bearer sesame-3"}, 401), ({"Authorization": "Bearer "}, 401),
                ({"Authorization": "Bearer sesame-1,sesame-2"}, 401)):
            self.assertEqual(self.status(headers), expected, headers)
        _, headers, _ = server.request("GET", "/v1/models", headers={"Origin": "https://coach.example"})
        self.assertEqual(headers["access-control-allow-origin"], "https://coach.example")
        _, headers, _ = server.request("GET", "/v1/models", headers={"Origin": "https://evil.example"})
        self.assertNotIn("access-control-allow-origin", headers)

    def test_trusted_loopback_ends_at_a_proxy(self):
        for path in ("/v1/sessions", "/metrics"):
            self.assertEqual(self.status({}, path), 200)
            for name, value in (("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "127.0.0.1"), ("X-Real-IP", "::1"),
                                ("Forwarded", "for=127.0.0.1"), ("X-Forwarded-Proto", "https"), ("Via", "1.1 proxy")):
                self.assertEqual(self.status({name: value}, path), 401, name)
                self.assertEqual(self.status({name: value, "Authorization": "Bearer sesame-1"}, path), 200, name)
        with self.assertRaises(ConnectionRefusedError) as caught:
            server.ws("/v1/session/s1", headers="X-Real-IP: 127.0.0.1\r\n")
        self.assertEqual(caught.exception.args[0], 401)

    def test_foreign_pages_get_no_session_socket(self):
        for origin, status in (("https://evil.example", 403), ("null", 403)):
            with self.assertRaises(ConnectionRefusedError) as caught:
                server.ws("/v1/session/s1", headers=f"Origin: {origin}\r\n")
            self.assertEqual(caught.exception.args[0], status)
        server.ws("/v1/session/s1", headers="Origin: https://coach.example\r\n").close()
        server.ws("/ws/video/x", headers="Origin: https://evil.example\r\n").close()  # the legacy API is open

    def test_kept_sessions_are_closed_to_foreign_pages(self):
        for path in ("/v1/sessions", "/v1/sessions/x", "/v1/export"):
            self.assertEqual(self.status({"Origin": "https://evil.example"}, path), 403)


class Operations(unittest.TestCase):
    def test_metrics(self):
        with server.ws("/ws/video/m") as w:
            w.ask({"frame": data_uri(frame_bytes())})
        status, headers, body = server.request("GET", "/metrics")
        self.assertEqual(status, 200)
        self.assertTrue(headers["content-type"].startswith("text/plain"))
        values = {}
        for line in body.decode().splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                values[name] = float(value)
        self.assertGreaterEqual(values["rehearse_frames_total"], 1)
        self.assertEqual(values["rehearse_up"], 1)
        self.assertEqual(values['rehearse_video_reply_seconds_bucket{le="+Inf"}'],
                         values["rehearse_video_reply_seconds_count"])

    def test_prometheus_finds_nothing_to_object(self):
        found = shutil.which("promtool") or os.path.join(CACHE, "bin", "promtool")
        self.assertTrue(os.access(found, os.X_OK), "no promtool: tools/setup test installs it")
        body = server.request("GET", "/metrics")[2]
        done = subprocess.run([found, "check", "metrics"], input=body, capture_output=True)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, b""))

    def test_openapi_and_docs(self):
        status, doc = server.get("/openapi.json")
        self.assertEqual(status, 200)
        self.assertTrue(doc["openapi"].startswith("3."))
        for path in ("/health", "/api/analyze-audio", "/api/analyze-frame", "/v1/audio/transcriptions"):
            self.assertIn(path, doc["paths"])
        status, headers, body = server.request("GET", "/docs")
        self.assertEqual(status, 200)
        self.assertIn(b"openapi.json", body)


    def differs(self, v, schema, doc, path=""):
        """Where `v` is not what the schema says, or has keys that it does not name."""
        if "$ref" in schema:
            return self.differs(v, doc["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], doc, path)
        if "anyOf" in schema:
            tried = [self.differs(v, s, doc, path) for s in schema["anyOf"]]
            return [] if [] in tried else tried[0]
        types = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float), "null": type(None)}
        if "type" in schema and (not isinstance(v, types[schema["type"]]) or isinstance(v, bool) and schema["type"] != "boolean"):
            return [f"{path}: {v!r:.60} is no {schema['type']}"]
        bad = [f"{path}: {v!r:.60} is not in the list"] if v not in schema.get("enum", [v]) or v != schema.get("const", v) else []
        bad += [f"{path}: {v} is out of range"] if "minimum" in schema and v < schema["minimum"] or "maximum" in schema and v > schema["maximum"] else []
        if isinstance(v, list):
            bad += [d for i, x in enumerate(v) for d in self.differs(x, schema.get("items", {}), doc, f"{path}[{i}]")]
        if isinstance(v, dict):
            named, rest = schema.get("properties", {}), schema.get("additionalProperties", None)
            bad += [f"{path}.{k} is missing" for k in schema.get("required", []) if k not in v]
            for k, x in v.items():
                if k in named or rest:
                    bad += self.differs(x, named.get(k, rest), doc, f"{path}.{k}")
                elif named and path.count(".") + path.count("[") > 0 and not path.endswith(".analysis"):
                    bad.append(f"{path}.{k} is not described")
        return bad

    def test_reports_and_their_words_are_as_described(self):
        doc = server.get("/openapi.json")[1]
        of = doc["components"]["schemas"]
        texts = [("reference_text", "And so, my fellow Americans: ask not what your nation can do for you - ask what you can really do for your country.")]
        for name, more in (("jfk.flac", []), ("jfk.flac", texts), ("fillers_but_um.flac", [("question", "Why us?")]), ("silent_video.mp4", [])):
            if name.endswith(".flac"):
                status, r = server.post_form("/api/analyze-audio", [("audio", fixture(name), name), *more])
                self.assertEqual(status, 200, r)
                self.assertTrue(r["words"])
                self.assertEqual(self.differs(r, of["AudioResult"], doc), [], (name, more))
            status, reply = server.post_form("/v1/sessions", [("file", fixture(name), name), *more])
            end = time.time() + 90 * PATIENCE
            while (state := server.get(f"/v1/sessions/{reply['id']}")[1])["state"] not in ("done", "failed") and time.time() < end:
                time.sleep(0.2)
            self.assertEqual(state["state"], "done")
            report = server.get(f"/v1/sessions/{reply['id']}/report")[1]
            self.assertEqual(self.differs(report, of["Report"], doc), [], (name, more))
            self.assertEqual([k for k in report if k not in of["Report"]["properties"]], [])
        self.assertEqual([k for k in ("start", "end", "score", "word", "what", "expected", "phones", "heard_as") if k not in of["Word"]["properties"]], [])


class Transcriptions(unittest.TestCase):
    def ask(self, *fields, name="jfk.flac"):
        kind, body = form([("file", fixture(name), name), ("model", "whisper-1"), *fields])
        return server.request("POST", "/v1/audio/transcriptions", body, {"Content-Type": kind}, 120)

    def test_models(self):
        status, r = server.get("/v1/models")
        self.assertEqual(status, 200)
        self.assertEqual(r["object"], "list")
        self.assertIn("whisper-1", [m["id"] for m in r["data"]])
        self.assertEqual(server.get("/v1/models/whisper-1")[1]["object"], "model")
        status, r = server.get("/v1/models/gpt-9")
        self.assertEqual(status, 404)
        self.assertIn("message", r["error"])

    def test_every_response_format(self):
        status, _, body = self.ask()
        self.assertEqual(status, 200)
        self.assertEqual(words(json.loads(body)["text"]), JFK_WORDS)
        status, headers, body = self.ask(("response_format", "text"), ("language", "en"))
        self.assertTrue(headers["content-type"].startswith("text/plain"))
        self.assertEqual(words(body.decode()), JFK_WORDS)
        status, _, body = self.ask(("response_format", "srt"))
        self.assertRegex(body.decode(), r"^1\r?\n00:00:0\d,\d{3} --> 00:00:\d\d,\d{3}\r?\n")
        status, _, body = self.ask(("response_format", "vtt"))
        self.assertTrue(body.startswith(b"WEBVTT"))
        status, _, body = self.ask(("response_format", "verbose_json"), ("timestamp_granularities[]", "word"),
                                   ("timestamp_granularities[]", "segment"), ("temperature", "0"))
        r = json.loads(body)
        self.assertEqual(r["task"], "transcribe")
        self.assertAlmostEqual(r["duration"], 11, delta=0.1)
        self.assertEqual(len(r["words"]), 22)
        self.assertEqual(words(" ".join(s["text"] for s in r["segments"])), JFK_WORDS)
        for a, b in zip(r["words"], r["words"][1:]):
            self.assertLessEqual(a["start"], b["start"] + 0.001)

    def test_stream(self):
        status, headers, body = self.ask(("stream", "true"))
        self.assertEqual(status, 200)
        self.assertTrue(headers["content-type"].startswith("text/event-stream"))
        events = [json.loads(e[6:]) for e in body.decode().strip().split("\n\n")]
        self.assertEqual(events[-1]["type"], "transcript.text.done")
        deltas = "".join(e["delta"] for e in events[:-1])
        self.assertEqual(deltas, events[-1]["text"])
        self.assertEqual(words(deltas), JFK_WORDS)

    def test_errors(self):
        for fields, status in (([("model", "whisper-1")], 400), ([("file", b"", "a.wav")], 400),
                               ([("file", b"text", "a.wav")], 400),
                               ([("file", b"x", "a"), ("model", "gpt-9")], 404),
                               ([("file", b"x", "a"), ("response_format", "pdf")], 400),
                               ([("file", b"x", "a"), ("temperature", "hot")], 400),
                               ([("file", b"x", "a"), ("language", "x" * 40)], 400)):
            got, r = server.post_form("/v1/audio/transcriptions", fields)
            self.assertEqual(got, status, (fields, r))
            self.assertIn("message", r["error"])
        status, _, body = self.ask(("stream", "true"), name="silent_video.mp4")
        self.assertIn(b"error", body)


class Live(unittest.TestCase):
    def test_session_from_start_to_report(self):
        s = Session("live-1", question="Tell me about yourself.")
        self.assertEqual(s.ready["audio_us"], 0)
        self.assertRegex(s.ready["resume"], "^[0-9a-f]{32}$")
        x = jfk()
        for i in range(11):
            s.ws.send(media(1, i * 1e6, frame_bytes()), opcode=2)
            s.sound(x[i * 16000:(i + 1) * 16000], at=i * 16000)
        s.ws.send({"type": "finish"})
        report = s.until("report")
        with self.assertRaises(Closed) as caught:
            s.until("nothing more")
        self.assertEqual(caught.exception.code, 1000)
        self.assertEqual(words(s.text()), JFK_WORDS)
        kinds = {e["type"] for e in s.events}
        self.assertTrue({"ready", "face", "transcript.final", "report"} <= kinds, kinds)
        for e in s.finals():
            self.assertTrue(all({"start", "end", "probability"} <= set(w) for w in e["words"]), e)
        status, kept = server.get("/v1/sessions/live-1/report")
        self.assertEqual(status, 200)
        self.assertTrue(set(kept) <= set(report.get("report", report)) | {"media"})

    def test_a_live_session_hears_the_hesitations_of_its_language(self):
        pcm = subprocess.run(["ffmpeg", "-loglevel", "error", "-i", os.path.join(FIXTURES, "hesitant_de.ogg"), "-ar", "16000",
                              "-ac", "1", "-f", "f32le", "-"], capture_output=True, check=True).stdout
        s = Session("live-de", language="de")
        s.sound(array.array("f", pcm))
        s.ws.send({"type": "finish"})
        report = s.until("report")
        report = report.get("report", report)
        told = [w["filler"] for e in s.finals() for w in e["words"] if "filler" in w]
        self.assertGreaterEqual(len([f for f in told if f in ("ähm", "äh")]), 3, told)
        self.assertNotIn("um", told)
        self.assertIn("Structure and content are not measured in German.", report["notes"])
        self.assertEqual(report["spoken_language"], "de")

    def test_discarded_and_deleted_sessions_leave_nothing(self):
        for name, end in (("gone-1", lambda s: s.ws.send({"type": "discard"})),
                          ("gone-2", lambda s: self.assertEqual(server.request("DELETE", "/v1/sessions/gone-2")[0], 204))):
            s = Session(name)
            s.sound(jfk())
            time.sleep(1)
            end(s)
            with self.assertRaises(Closed) as caught:
                while True:
                    self.assertNotEqual(s.ws.recv()["type"], "report")
            self.assertEqual(caught.exception.code, 1000)
            self.assertEqual(server.request("GET", f"/v1/sessions/{name}")[0], 404)
            media = os.path.join(server.data.name, "data", "media")
            self.assertEqual([f for f in os.listdir(media) if f.startswith(name)], [])

    def test_fillers_are_marked_among_the_words_and_not_in_the_text(self):
        s = Session("live-um")
        x = recording("fillers_but_um.flac")
        s.sound(array.array("f", list(x) + [0.0] * 32000))
        s.until("transcript.final")
        s.ws.send({"type": "finish"})
        s.until("report")
        marked = [w for e in s.finals() for w in e["words"] if "filler" in w]
        covers = lambda w, at: w["start"] - 0.1 < at < w["end"] < at + 0.7 and at - w["start"] < 0.25
        self.assertTrue(any(covers(w, 5.9) for w in marked), marked)
        for w in marked:
            self.assertTrue(covers(w, 2.15) or covers(w, 5.9), w)
            self.assertEqual(w["filler"], "um")
        written = [w for e in s.finals() for w in e["words"] if not w.get("heard")]
        self.assertEqual(words(" ".join(w["word"] for w in written)), words(s.text()))

    def test_the_first_picture_is_told_at_once(self):
        s = Session("live-at-zero", face_hz=1)
        s.ws.send(media(1, 0, fixture("astronaut.jpg")), opcode=2)
        self.assertEqual(s.until("face")["t"], 0)

    def test_other_rates_and_float_samples(self):
        s = Session("live-2", sample_rate=48000)
        s.sound(jfk(48000), rate=48000, kind=3, piece=4800)
        s.ws.send({"type": "finish"})
        s.until("report")
        got = words(s.text())
        self.assertGreater(sum(a == b for a, b in zip(got, JFK_WORDS)), 20, got)

    def test_broken_connection_resumes_without_loss(self):
        x = jfk()
        s = Session("live-3")
        s.sound(x[:80000])
        time.sleep(1)
        s.ws.vanish()
        time.sleep(0.3)
        again = Session("live-3", resume=s.ready["resume"], last_seq=max([e["seq"] for e in s.finals()], default=0))
        self.assertTrue(again.ready["resumed"])
        have = int(again.ready["audio_us"] * 16000 / 1e6)
        self.assertLessEqual(have, 80000)
        again.sound(x[max(0, have - 8000):], at=max(0, have - 8000))  # overlap is dropped
        again.ws.send({"type": "finish"})
        again.until("report")
        again.events = s.events + again.events
        self.assertEqual(words(again.text()), JFK_WORDS)

    def test_session_in_use_needs_its_token(self):
        s = Session("live-4")
        for start in ({"type": "start"}, {"type": "start", "resume": "guess"}):
            with server.ws("/v1/session/live-4") as w:
                self.assertEqual(w.ask(start)["type"], "error")
                with self.assertRaises(Closed) as caught:
                    w.recv()
                self.assertEqual(caught.exception.code, 1008)
        other = Session("live-4", resume=s.ready["resume"])  # taken over
        with self.assertRaises(Closed):
            while True:
                s.ws.recv()
        other.ws.close()

    def test_bad_messages(self):
        with server.ws("/v1/session/live-5") as w:
            for bad in ("x", "{}", '{"type":"finish"}', '{"type":5}'):
                self.assertEqual(w.ask(bad)["type"], "error")
            w.send(media(2, 0, b"1234"), opcode=2)
            self.assertEqual(w.recv()["type"], "error")
            w.send({"type": "start", "sample_rate": 16000})
            self.assertEqual(w.recv()["type"], "ready")
            for junk in (b"", b"\x01", b"\x09" * 20, media(1, 0, b"no picture"), media(2, 0, b"123"),
                         media(3, 0, struct.pack("<f", float("nan"))), media(1, 0, frame_bytes()[:300])):
                w.send(junk, opcode=2)
                while (e := w.recv())["type"] in ("metrics", "face"):
                    pass
                self.assertEqual(e["type"], "error", junk[:12])
            w.send({"type": "command", "command": "calibrate"})
            w.send(media(1, 5e6, frame_bytes()), opcode=2)
            while w.recv()["type"] != "face":
                pass
        with self.assertRaises(ConnectionRefusedError):
            server.ws("/v1/session/" + "x" * 65)

    def test_a_bad_start_names_its_fault_before_the_close_also_to_a_client_that_goes_on_sending(self):
        for key, value in (("sample_rate", 1e308), ("sample_rate", 16000.5), ("sample_rate", "16000"), ("question", 5),
                           ("question", ["Why?"]), ("question", "x" * 5000), ("question", "a\x01b"), ("client", {}),
                           ("kind", True), ("language", 7), ("reference_text", 1.5), ("face_hz", -1), ("fov", "wide"),
                           ("keep_media", "yes"), ("last_seq", -1), ("resume", 1)):
            with server.ws("/v1/session/bad-start") as w:
                w.send({"type": "start", key: value})
                with contextlib.suppress(OSError):  # what it sends on need not arrive
                    for i in range(60):
                        w.send(media(3, i * 1e6, bytes(64000)), opcode=2)
                e = w.recv()
                self.assertEqual(e["type"], "error")
                self.assertIn(key, e["detail"])
                with self.assertRaises(Closed) as caught:
                    while w.recv()["type"] == "error":
                        pass
                self.assertEqual(caught.exception.code, 1008)

    def test_killed_server_continues_a_session(self):
        first = Server()
        x = jfk()
        s = Session("crash", port=first.port, job_ad="You serve your country.\n- Kubernetes")
        s.sound(x[:112000])
        end = time.time() + 30 * PATIENCE
        while not s.finals() and time.time() < end:
            s.events.append(s.ws.recv())
        time.sleep(1)
        first.process.kill()
        first.process.wait()
        second = Server("--data-dir", os.path.join(first.data.name, "data"))
        try:
            again = Session("crash", port=second.port, resume=s.ready["resume"])
            have = int(again.ready["audio_us"] * 16000 / 1e6)
            self.assertGreater(have, 112000 - 16000 * 2)
            again.sound(x[have:], at=have)
            again.ws.send({"type": "finish"})
            report = again.until("report")
            _, body = second.get("/v1/sessions/crash/transcript?format=json")
            self.assertIn("country", json.dumps(body))
            told = second.get("/v1/sessions/crash/report")[1]["job_terms"]["terms"]  # what it began with is still known
            self.assertIn("Kubernetes", [t["text"] for t in told])
        finally:
            second.stop()


if __name__ == "__main__":
    unittest.main()
