"""Names to expect: key_terms, job_ad and cv of sessions and recordings, hotwords of transcriptions."""
import unittest
from harness import *

EMIL, CRAYFISH = "237-134500-0025.flac", "367-130732-0003.ogg"
OTHERS = ["Kubernetes", "Terraform", "PostgreSQL", "Grafana"]

setUpModule, tearDownModule = one_server(globals())


def decoded(name):
    return subprocess.run(["ffmpeg", "-loglevel", "error", "-i", os.path.join(FIXTURES, name), "-ar", "16000", "-ac", "1",
                           "-f", "f32le", "-"], capture_output=True, check=True).stdout


def practise(session, name, **start):
    """The text of the finals, and the report."""
    pcm, said = decoded(name), []
    with server.ws("/v1/session/" + session) as w:
        w.send({"type": "start", "sample_rate": 16000, "language": "en", **start})
        for i in range(0, len(pcm), 64000):
            w.send(media(3, i / 4 / 16000 * 1e6, pcm[i:i + 64000]), opcode=2)
        w.send({"type": "finish"})
        while (e := w.recv())["type"] != "report":
            assert e["type"] != "error", e
            if e["type"] == "transcript.final":
                said.append(e["text"])
    return " ".join(said), server.get(f"/v1/sessions/{session}/report")[1]


class Terms(unittest.TestCase):
    def test_live_sessions_write_the_names_they_were_told(self):
        self.assertNotIn("Emil", practise("plain", EMIL)[0])
        self.assertIn("Emil", practise("told", EMIL, key_terms=["Emil", *OTHERS])[0])
        text, report = practise("pasted", EMIL, job_ad="You will report to Emil.\x01\n- Kubernetes", cv="", client="pasted")
        self.assertIn("Emil", text)
        self.assertIn("Kubernetes", [t["text"] for t in report["job_terms"]["terms"]])
        # The texts are kept with the session, and not in every list.
        meta = server.get("/v1/sessions/pasted")[1]["meta"]
        self.assertEqual(meta["job_ad"], "You will report to Emil. \n- Kubernetes")
        listed = server.get("/v1/sessions?client=pasted")[1]["sessions"][0]["meta"]
        self.assertNotIn("job_ad", listed)
        self.assertEqual(listed["client"], "pasted")

    def test_an_interview_gives_its_own_texts(self):
        status, i = server.post_json("/v1/interviews", {"role": "general", "questions": 1, "cv": "I wrote Linux drivers with Emil."})
        self.assertEqual(status, 201, i)
        self.assertIn("Emil", practise("of-interview", EMIL, interview=i["id"], question_index=0)[0])

    def test_recordings_write_the_names_they_were_told(self):
        status, r = server.post_form("/v1/sessions", [("file", fixture(EMIL), EMIL), ("language", "en"),
                                                      ("key_terms", "Kubernetes,Emil\nTerraform"), ("cv", "Grafana")])
        self.assertEqual(status, 202, r)
        end = time.time() + 60 * PATIENCE
        while (kept := server.get(f"/v1/sessions/{r['id']}")[1])["state"] != "done" and time.time() < end:
            time.sleep(0.2)
        self.assertEqual(kept["meta"]["key_terms"], ["Kubernetes", "Emil", "Terraform"])
        self.assertIn("Emil", json.dumps(kept["report"]))

    def test_analyses_take_key_terms(self):
        def ask(*fields):
            status, r = server.post_form("/api/analyze-audio", [("audio", fixture(EMIL), EMIL), ("language", "en"), *fields])
            self.assertEqual(status, 200, r)
            return r["transcribed_text"]
        self.assertNotIn("Emil", ask())
        self.assertIn("Emil", ask(("key_terms", "Kubernetes,Emil")))
        status, r = server.post_form("/api/analyze-audio", [("audio", fixture(EMIL), EMIL), ("key_terms", "x" * 65)])
        self.assertEqual(status, 400, r)
        self.assertIn("key_terms", r["detail"])

    def test_transcriptions_take_hotwords(self):
        def ask(*fields):
            status, r = server.post_form("/v1/audio/transcriptions", [("file", fixture(CRAYFISH), CRAYFISH), ("language", "en"), *fields])
            self.assertEqual(status, 200, r)
            return r["text"]
        plain = ask()
        self.assertNotIn("Californian", plain)
        self.assertEqual(ask(("hotwords", ", ".join(OTHERS))), plain)
        self.assertIn("patriotism of the Californian", ask(("hotwords", "Californian, Grafana")))

    def test_bad_terms_are_named(self):
        bad = {"key_terms": ("Kafka", [5], ["x" * 65], ["a"] * 257, ["two\nlines"], {}), "job_ad": (5, "x" * 20001), "cv": (["x"], "\u4e16" * 20001)}
        for key, values in bad.items():
            for value in values:
                with server.ws("/v1/session/bad") as w:
                    w.send({"type": "start", key: value})
                    e = w.recv()
                    self.assertEqual(e["type"], "error", (key, value))
                    self.assertIn(key, e["detail"])
        with server.ws("/v1/session/longest") as w:
            w.send({"type": "start", "sample_rate": 16000, "key_terms": ["y" * 64] * 256, "job_ad": "\u00e4" * 20000, "cv": None})
            self.assertEqual(w.recv()["type"], "ready")
            w.send({"type": "discard"})
        for url, fields in (("/v1/audio/transcriptions", [("hotwords", "x" * 65)]),
                            ("/v1/audio/transcriptions", [("hotwords", "a,b," * 129)]),
                            ("/v1/audio/transcriptions", [("hotwords", b"\xff")]),
                            ("/v1/sessions", [("key_terms", "x" * 65)]), ("/v1/sessions", [("job_ad", "x" * 20001)])):
            status, r = server.post_form(url, [("file", fixture(EMIL), EMIL), *fields])
            self.assertEqual(status, 400, r)
            self.assertIn(fields[0][0], r["error"]["message"])
            self.assertEqual(r["error"]["param"], fields[0][0])
