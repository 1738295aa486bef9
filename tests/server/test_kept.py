"""Sessions of the legacy API: all of one client_id are one session with both timelines,
which gets a report; the replies are the same with and without."""
import unittest
from harness import *

LOCAL = "Origin: http://localhost:3000\r\n"
FOREIGN = "Origin: https://evil.example\r\n"


def speak(w, samples, piece=8000, pause=0.0):
    """Sends sound in pieces, as an old client does; returns the texts of the replies."""
    texts = []
    for i in range(0, len(samples), piece):
        r = w.ask(audio_message(samples[i:i + piece]))
        texts.append(r.get("transcribed_text", r.get("audio", {}).get("transcribed_text", "")))
        time.sleep(pause)
    return [t for t in texts if t]


def data_of(server):
    return os.path.join(server.data.name, "data")


kept = {}  # client: sessions of it, as the next server finds them
said = []
left_over = None


def ann(server):
    """Two sockets at once."""
    x = jfk()
    with server.ws("/ws/video/ann", headers=LOCAL) as eyes, server.ws("/ws/audio/ann", headers=LOCAL) as ears:
        for i in range(0, len(x), 16000):
            eyes.ask({"frame": data_uri(fixture("astronaut.jpg"))})
            said.extend(speak(ears, x[i:i + 16000]))
        said.append(ears.ask({"command": "analyze"})["transcribed_text"])


def bo(server):
    """Nothing is sent for a while; then the rest, and the line breaks."""
    x = jfk()
    with server.ws("/ws/combined/bo") as w:
        w.ask(audio_message(x[:41600]))
        time.sleep(6)
        w.ask({"frame": data_uri(fixture("astronaut.jpg"))})
        speak(w, x[41600:])
        w.vanish()


def cy(server):
    x = jfk()
    with server.ws("/ws/audio/cy") as w:
        w.ask(audio_message(x[:40000]))
        w.ask({"command": "clear"})
        w.ask(audio_message(x[52800:]))
        w.ask({"command": "analyze"})


def fay(server):
    """Says "um" twice, which no recogniser writes down."""
    with server.ws("/ws/audio/fay") as w:
        speak(w, recording("fillers_but_um.flac"))
        w.ask({"command": "analyze"})


def dee(server):
    for headers in (FOREIGN, "Origin: null\r\n"):
        with server.ws("/ws/audio/dee", headers=headers) as w:
            w.ask(audio_message(jfk()))


def eve(server):
    with server.ws("/ws/video/eve") as w:
        w.ask({"frame": data_uri(fixture("astronaut.jpg"))})


def setUpModule():
    """All of them talk to one server, which then ends; the next one tells what it finds."""
    global left_over
    first = Server()
    for result in [in_background(person, first) for person in (ann, bo, cy, dee, eve, fay)]:
        result(180)
    assert first.stop() == 0, first.text()
    left_over = os.listdir(os.path.join(data_of(first), "media"))
    second = Server("--data-dir", data_of(first))
    try:
        for s in second.get("/v1/sessions")[1]["sessions"]:
            kept.setdefault(s["meta"]["client"], []).append(second.get(f"/v1/sessions/{s['id']}")[1])
    finally:
        second.stop()


def text_of(parts):
    return words(" ".join(p["text"] for p in parts))


class Kept(unittest.TestCase):
    def test_two_sockets_are_one_session_with_both_timelines(self):
        self.assertEqual(len(kept["ann"]), 1)
        s = kept["ann"][0]
        self.assertEqual((s["state"], s["meta"]["source"]), ("done", "ws"))
        self.assertEqual(words(" ".join(said)), JFK_WORDS)
        self.assertEqual(text_of(s["segments"]), JFK_WORDS)
        report = s["report"]
        self.assertEqual(text_of(report["transcript"]), JFK_WORDS)
        self.assertTrue({"clarity", "fluency", "eye_contact"} <= set(report["scores"]), report["scores"])
        self.assertGreater(report["duration_s"], 10.9)

    def test_what_was_not_reported_is_in_the_session_and_breaks_keep_their_length(self):
        s, = kept["bo"]
        heard = [w for p in s["segments"] for w in p["words"]]
        self.assertGreaterEqual(sum(a == b for a, b in zip(text_of(s["segments"]), JFK_WORDS)), 20)
        self.assertGreater(max(b["start"] - a["end"] for a, b in zip(heard, heard[1:])), 2)
        self.assertGreater(len(s["report"]["timeline"]["eye_contact"]), 12)

    def test_cleared_sound_is_forgotten(self):
        s, = kept["cy"]
        self.assertEqual(text_of(s["segments"]), JFK_WORDS[5:])

    def test_fillers_that_were_heard_are_in_the_report(self):
        s, = kept["fay"]
        self.assertEqual([e["text"] for e in s["report"]["events"] if e["kind"] == "filler"], ["um", "um"])

    def test_strangers_pages_and_short_looks_leave_nothing_behind(self):
        self.assertEqual(sorted(kept), ["ann", "bo", "cy", "fay"])
        self.assertEqual(left_over, [])

    def test_it_can_be_switched_off(self):
        server = Server("--ws-reports", "off")
        try:
            with server.ws("/ws/audio/eve") as w:
                w.ask(audio_message(jfk()))
                media = os.path.join(data_of(server), "media")
                self.assertFalse(os.path.isdir(media) and os.listdir(media))
            self.assertEqual(server.get("/v1/sessions")[1]["sessions"], [])
        finally:
            server.stop()


if __name__ == "__main__":
    unittest.main()
