"""Speech as people record it: without pauses, soft, in another language than was said."""
import unittest
from harness import *

setUpModule, tearDownModule = one_server(globals())


def without_pauses():
    """Readings with every pause cut out, as clips for the web are made: a good half minute."""
    out, step = array.array("f"), 320
    for name in ("jfk_16k.wav", "1688-142285-0002.flac", "237-134500-0025.flac", "2033-164914-0006.ogg",
                 "367-130732-0003.ogg", "fillers_but_um.flac"):
        x = recording(name)
        loud = 0.05 * max(map(abs, x))
        for i in range(0, len(x), step):
            if max(map(abs, x[i:i + step])) > loud:
                out += x[i:i + step]
    return out


def transcribe(sound, response_format="json", **fields):
    kind, body = form([("file", sound, "a.wav"), ("model", "whisper-1"), ("response_format", response_format),
                       *fields.items()])
    status, _, reply = server.request("POST", "/v1/audio/transcriptions", body, {"Content-Type": kind},
                                      timeout=240)
    return status, reply


def events(reply):
    return [json.loads(line[6:]) for line in reply.decode("utf-8").splitlines() if line.startswith("data: {")]


def report_of(sound, **fields):
    """The finished session of a recording."""
    status, made = server.post_form("/v1/sessions", [("file", sound, "a.wav"), *fields.items()])
    assert status == 202, made
    end = time.time() + 240 * PATIENCE
    while time.time() < end:
        status, session = server.get("/v1/sessions/" + made["id"])
        if status == 200 and session.get("report"):
            return session
        if status != 200 and status != 202:
            raise AssertionError((status, session))
        time.sleep(0.2)
    raise TimeoutError("no report")


class WithoutPauses(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sound = wav(without_pauses())
        status, reply = transcribe(cls.sound)
        assert status == 200, reply
        cls.text = words(json.loads(reply)["text"])

    def whole(self, text):
        got = words(text)
        self.assertGreater(len(got), 80)
        for w in ("fellow", "country", "silly", "tired", "pacific", "delicate", "but"):
            self.assertIn(w, got)
        self.assertLess(abs(len(got) - len(self.text)), 0.1 * len(self.text), text)

    def test_every_endpoint_gives_the_whole_text(self):
        self.whole(" ".join(self.text))
        status, reply = server.post_form("/api/analyze-audio", [("audio", self.sound, "a.wav")], 240)
        self.assertEqual(status, 200, reply)
        self.whole(reply["transcribed_text"])
        self.assertEqual(len(reply["words"]), len(reply["transcribed_text"].split()))
        starts = [w["start"] for w in reply["words"]]
        self.assertEqual(starts, sorted(starts))
        self.assertGreater(starts[-1], 31)
        session = report_of(self.sound)
        self.whole(" ".join(s["text"] for s in session["segments"]))

    def test_a_reference_text_is_followed_over_the_cuts(self):
        status, reply = server.post_form("/api/analyze-audio", [("audio", self.sound, "a.wav"),
                                                                ("reference_text", " ".join(self.text))], 240)
        self.assertEqual(status, 200, reply)
        self.assertGreater(reply["reference"]["completeness"], 0.97)


def watched(name, sound):
    """The report of a live session with a face that looks at the camera all the time, and the cues before it."""
    face, cues, step = fixture("astronaut.jpg"), [], 4000
    with server.ws("/v1/session/" + name) as ws:
        ws.ask({"type": "start", "sample_rate": 16000, "language": "en", "question": "Tell me about yourself."})
        for i in range(0, len(sound), step):
            ws.send(media(1, i * 1e6 / 16000, face), opcode=2)
            ws.send(media(3, i * 1e6 / 16000, sound[i:i + step].tobytes()), opcode=2)
            time.sleep(0.03)  # of pictures in a heap only the last is looked at
        ws.send({"type": "finish"})
        while (e := ws.recv())["type"] != "report":
            if e["type"] == "cue":
                cues.append(e["kind"])
    return e["report"], cues


class NothingSaid(unittest.TestCase):
    """Eyes on the camera are no answer: without words nothing is praised, blamed or scored but what was seen."""

    def judge(self, report, cues):
        self.assertEqual((report["keep"], report["change"], cues), ([], [], []))
        self.assertEqual(set(report["scores"]), {"eye_contact", "attention", "presence"})
        self.assertGreater(report["scores"]["eye_contact"], 90)
        self.assertIn("There was no speech in the recording", " ".join(report["notes"]))
        self.assertFalse([e for e in report["events"] if e["kind"] in ("filler", "slip")])

    def test_silence(self):
        self.judge(*watched("nothing-said-1", array.array("f", bytes(4 * 16000 * 12))))

    def test_laughter(self):
        laugh = recording("laughter.flac")
        self.judge(*watched("nothing-said-2", laugh + laugh + laugh))
        status, reply = server.post_form("/api/analyze-audio", [("audio", wav(laugh), "a.wav")])
        self.assertEqual((status, reply["transcribed_text"], reply["overall_score"]), (200, "", 0))
        self.assertIn("There was no speech in the recording", reply["reason"])


class Sounds(unittest.TestCase):
    def test_another_sound_than_the_texts_is_named(self):
        text = "And so, my yellow Americans: ask not what your country can do for you"
        status, reply = server.post_form("/api/analyze-audio", [("audio", wav(jfk()), "a.wav"), ("reference_text", text)])
        self.assertEqual(status, 200, reply)
        yellow = [w for w in reply["words"] if w.get("expected") == "yellow"][0]
        self.assertEqual(yellow["heard_as"], "y in yes sounded like f in fee")
        self.assertEqual([p["phone"] for p in yellow["phones"]], ["Y", "EH", "L", "OW"])
        first = yellow["phones"][0]
        self.assertEqual(first["sounded_like"], "F")
        self.assertLess(first["score"], 5)
        self.assertTrue(yellow["start"] - 0.3 < first["start"] < first["end"] < yellow["end"], yellow)
        self.assertLess(len([w for w in reply["words"] if "heard_as" in w]), 3)
        status, reply = server.post_form("/api/analyze-audio", [("audio", wav(jfk()), "a.wav"), ("language", "fr")])
        self.assertFalse([w for w in reply["words"] if "phones" in w])


class Languages(unittest.TestCase):
    def test_codes_tags_and_names_are_taken_everywhere(self):
        sound = wav(jfk()[:3 * 16000])
        for language in ("auto", "en-US", "English"):
            status, reply = transcribe(sound, language=language)
            self.assertEqual(status, 200, reply)
        status, reply = server.post_form("/api/analyze-audio", [("audio", sound, "a.wav"), ("language", "auto")])
        self.assertEqual((status, reply["spoken_language"]), (200, "en"))
        with server.ws("/v1/session/language-1") as ws:
            ws.send({"type": "start", "sample_rate": 16000, "language": "en_GB"})
            self.assertEqual(ws.recv()["type"], "ready")
            ws.send({"type": "discard"})

    def test_what_is_none_is_refused_before_anything_is_done(self):
        sound = wav(jfk()[:16000])
        status, reply = transcribe(sound, language="xx")
        self.assertEqual((status, json.loads(reply)["error"]["param"]), (400, "language"))
        status, reply = server.post_form("/v1/sessions", [("file", sound, "a.wav"), ("language", "klingon")])
        self.assertEqual(status, 400)
        self.assertIn("klingon", reply["detail"])
        status, reply = server.post_form("/api/analyze-audio", [("audio", sound, "a.wav"), ("language", "xx")])
        self.assertEqual(status, 400)
        with server.ws("/v1/session/language-2") as ws:
            ws.send({"type": "start", "sample_rate": 16000, "language": "xx"})
            answer = ws.recv()
            self.assertEqual(answer["type"], "error")
            self.assertIn("xx", answer["detail"])
            with self.assertRaises(Closed):
                ws.recv()


class AnotherLanguage(unittest.TestCase):
    """English recognised as something else: the texts are guesses, their characters split over tokens."""
    sound = wav(jfk())

    def test_every_format_is_valid_utf_8(self):
        foreign = 0
        for language, formats in (("ko", ("json", "text", "srt", "vtt", "verbose_json")), ("ja", ("text",)),
                                  ("zh", ("srt",)), ("th", ("json",))):
            for f in formats:
                status, reply = transcribe(self.sound, f, language=language)
                self.assertEqual(status, 200, reply)
                foreign += any(ord(c) > 0x2000 for c in reply.decode("utf-8"))
                if "json" in f:
                    json.loads(reply)
        self.assertGreater(foreign, 4)
        status, reply = transcribe(self.sound, stream="true", language="ko")
        said = events(reply)
        self.assertEqual("".join(e["delta"] for e in said[:-1]), said[-1]["text"])
        segments = report_of(self.sound, language="ja")["segments"]
        self.assertTrue(segments)

    def test_the_reply_says_what_was_heard(self):
        for language in ("de", "ja"):
            status, reply = server.post_form("/api/analyze-audio", [("audio", self.sound, "a.wav"), ("language", language)])
            self.assertEqual((status, reply["spoken_language"], reply["language_detected"]), (200, language, "en"))
            self.assertIn(language, reply["notice"])
        for language in ("en", "auto"):
            status, reply = server.post_form("/api/analyze-audio", [("audio", self.sound, "a.wav"), ("language", language)])
            self.assertEqual((status, reply["spoken_language"]), (200, "en"))
            self.assertNotIn("language_detected", reply)


class Streamed(unittest.TestCase):
    def test_the_deltas_are_the_plain_text(self):
        sound = wav(jfk() + array.array("f", bytes(4 * 4 * 16000)) + jfk())
        status, plain = transcribe(sound)
        status, reply = transcribe(sound, stream="true")
        self.assertEqual(status, 200, reply)
        said = events(reply)
        self.assertGreaterEqual(len(said), 3)
        self.assertEqual("".join(e["delta"] for e in said[:-1]), said[-1]["text"])
        self.assertEqual(said[-1]["text"], json.loads(plain)["text"])
        status, reply = transcribe(sound, "verbose_json")
        seeks = [s["seek"] for s in json.loads(reply)["segments"]]
        self.assertLess(seeks[0], 100)
        self.assertTrue(1350 < seeks[-1] <= 1510, seeks)
