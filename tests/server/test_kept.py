"""Sessions of the older sockets: all of one client_id are one session with both timelines,
which gets a report; the replies are the same with and without."""
import unittest
from harness import *

LOCAL = "Origin: http://localhost:3000\r\n"
FOREIGN = "Origin: https://evil.example\r\n"


def speak(w, samples, piece=8000, pause=0.0):
    """Sends sound in pieces, as an old client does; returns the texts of the replies."""
    texts = []
    for i in range(0, len(samples), piece):
        r = w.ask({"audio": floats(samples[i:i + piece]), "sample_rate": 16000})
        texts.append(r.get("transcribed_text", r.get("audio", {}).get("transcribed_text", "")))
        time.sleep(pause)
    return [t for t in texts if t]


def floats(samples):
    return base64.b64encode(array.array("f", samples).tobytes()).decode()


def data_of(server):
    return os.path.join(server.data.name, "data")


class Kept(unittest.TestCase):
    def reports(self, use, *args, **kw):
        """Lets `use` talk to a server, stops it and reads what the next one finds."""
        first = Server(*args, **kw)
        use(first)
        self.assertEqual(first.stop(), 0, first.text())
        second = Server("--data-dir", data_of(first))
        try:
            _, listed = second.get("/v1/sessions")
            return [second.get(f"/v1/sessions/{s['id']}")[1] for s in listed["sessions"]], first
        finally:
            second.stop()

    def test_two_sockets_are_one_session_with_both_timelines(self):
        said = []

        def use(server):
            x = jfk()
            with server.ws("/ws/video/ann", headers=LOCAL) as eyes, server.ws("/ws/audio/ann", headers=LOCAL) as ears:
                for i in range(0, len(x), 16000):
                    self.assertTrue(eyes.ask({"frame": data_uri(fixture("astronaut.jpg"))})["face_detected"])
                    said.extend(speak(ears, x[i:i + 16000]))
                said.append(ears.ask({"command": "analyze"})["transcribed_text"])

        sessions, server = self.reports(use)
        self.assertEqual(len(sessions), 1)
        s = sessions[0]
        self.assertEqual((s["state"], s["meta"]["client"], s["meta"]["source"]), ("done", "ann", "ws"))
        self.assertEqual(words(" ".join(said)), JFK_WORDS)
        self.assertEqual(words(" ".join(p["text"] for p in s["segments"])), JFK_WORDS)
        report = s["report"]
        self.assertEqual(words(" ".join(p["text"] for p in report["transcript"])), JFK_WORDS)
        self.assertTrue({"clarity", "fluency", "eye_contact"} <= set(report["scores"]), report["scores"])
        self.assertAlmostEqual(report["duration_s"], 11, delta=1.5)
        self.assertEqual(os.listdir(os.path.join(data_of(server), "media")), [])

    def test_what_was_not_reported_is_in_the_session_and_breaks_keep_their_length(self):
        def use(server):
            x = jfk()
            with server.ws("/ws/combined/bo") as w:
                w.ask({"audio": floats(x[:41600]), "sample_rate": 16000})
                time.sleep(6)  # nothing is sent for a while; then the rest, and the line breaks
                w.ask({"frame": data_uri(fixture("astronaut.jpg"))})
                speak(w, x[41600:])
                w.vanish()

        (s,), _ = self.reports(use)
        heard = [w for p in s["segments"] for w in p["words"]]
        self.assertGreaterEqual(sum(a == b for a, b in zip(words(" ".join(w["word"] for w in heard)), JFK_WORDS)), 20)
        gap = max(b["start"] - a["end"] for a, b in zip(heard, heard[1:]))
        self.assertGreater(gap, 2)
        self.assertGreater(len(s["report"]["timeline"]["eye_contact"]), 12)

    def test_cleared_sound_is_forgotten(self):
        def use(server):
            x = jfk()
            with server.ws("/ws/audio/cy") as w:
                w.ask({"audio": floats(x[:40000]), "sample_rate": 16000})
                w.ask({"command": "clear"})
                w.ask({"audio": floats(x[52800:]), "sample_rate": 16000})
                w.ask({"command": "analyze"})

        (s,), _ = self.reports(use)
        self.assertEqual(words(" ".join(p["text"] for p in s["segments"])), JFK_WORDS[5:])

    def test_strangers_pages_leave_nothing_behind(self):
        def use(server):
            for headers in (FOREIGN, "Origin: null\r\n"):
                with server.ws("/ws/audio/dee", headers=headers) as w:
                    w.ask({"audio": floats(jfk()), "sample_rate": 16000})

        self.assertEqual(self.reports(use)[0], [])

    def test_it_can_be_switched_off_and_a_short_look_is_no_session(self):
        def off(server):
            with server.ws("/ws/audio/eve") as w:
                w.ask({"audio": floats(jfk()), "sample_rate": 16000})

        def short(server):
            with server.ws("/ws/video/eve") as w:
                w.ask({"frame": data_uri(fixture("astronaut.jpg"))})

        self.assertEqual(self.reports(off, "--ws-reports", "off")[0], [])
        sessions, server = self.reports(short)
        self.assertEqual(sessions, [])
        self.assertEqual(os.listdir(os.path.join(data_of(server), "media")), [])


if __name__ == "__main__":
    unittest.main()
