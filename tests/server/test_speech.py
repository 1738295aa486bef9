"""Speech as people record it: without pauses, soft, in another language than was said."""
import unittest
from harness import *

server = None


def setUpModule():
    global server
    server = Server()


def tearDownModule():
    code = server.stop()
    assert code == 0, f"the server ended with {code}:\n{server.text()}"


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
    status, _, reply = server.request("POST", "/v1/audio/transcriptions", body, {"Content-Type": kind})
    return status, reply


def events(reply):
    return [json.loads(line[6:]) for line in reply.decode("utf-8").splitlines() if line.startswith("data: {")]


def report_of(sound, **fields):
    """The finished session of a recording."""
    status, made = server.post_form("/v1/sessions", [("file", sound, "a.wav"), *fields.items()])
    assert status == 202, made
    end = time.time() + 120 * PATIENCE
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
        for w in ("fellow", "country", "silly", "insist", "always"):
            self.assertIn(w, got)
        self.assertLess(abs(len(got) - len(self.text)), 0.1 * len(self.text), text)

    def test_every_endpoint_gives_the_whole_text(self):
        self.whole(" ".join(self.text))
        status, reply = server.post_form("/api/analyze-audio", [("audio", self.sound, "a.wav")])
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
                                                                ("reference_text", " ".join(self.text))])
        self.assertEqual(status, 200, reply)
        self.assertGreater(reply["reference"]["completeness"], 0.97)
