"""Turns of an interview over /v1/session, in real time: who speaks, and when an answer is over."""
import select, unittest
from harness import *

PIECE = 1600
OPEN = 5.76  # s: the recording up to "ask not what your"

setUpModule, tearDownModule = one_server(globals())


class Interview:
    """A client that sends its sound as a microphone does, and notes what comes meanwhile."""

    def __init__(self, name, **start):
        self.ws = server.ws("/v1/session/" + name)
        self.ws.send({"type": "start", "sample_rate": 16000, "language": "en", **start})
        self.events, self.n = [], 0
        while not self.of("ready"):
            self.events.append(self.ws.recv())
        self.begun = time.time()

    def of(self, *kinds):
        return [e for e in self.events if e["type"] in kinds]

    def turns(self):
        return [(e["type"], e.get("reason")) for e in self.of("turn.started", "turn.ended")]

    def take(self, seconds):
        """What comes within that time."""
        end = time.time() + seconds
        while self.ws.buffer or select.select([self.ws.sock], [], [], max(0, end - time.time()))[0]:
            self.events.append(self.ws.recv())

    def say(self, samples):
        for i in range(0, len(samples), PIECE):
            part = samples[i:i + PIECE]
            pcm = array.array("h", [int(v * 32767) for v in part]).tobytes()
            self.ws.send(media(2, self.n * 1e6 / 16000, pcm), opcode=2)
            self.n += len(part)
            self.take(self.begun + self.n / 16000 - time.time())

    def pause(self, seconds):
        noise = [((i * 7919) % 13 - 6) * 1e-5 for i in range(int(seconds * 16000))]
        self.say(noise)

    def finish(self):
        self.ws.send({"type": "finish"})
        with contextlib.suppress(Closed):
            while True:
                self.events.append(self.ws.recv())

    def pause_until(self, kind, seconds):
        before = len(self.of(kind))
        while len(self.of(kind)) == before and seconds > 0:
            self.pause(0.2)
            seconds -= 0.2
        return self.of(kind)[-1] if len(self.of(kind)) > before else None


class Turns(unittest.TestCase):
    def test_a_session_may_go_while_the_turn_model_is_asked(self):
        x = jfk()
        for i in range(4):
            s = Interview("gone-%d" % i, turns=True)
            sound = list(x[:int(OPEN * 16000)]) + [0.0] * int(16000 * (0.5 + 0.05 * (i // 2)))
            pcm = array.array("h", [int(v * 32767) for v in sound]).tobytes()
            s.ws.send(media(2, 0, pcm), opcode=2)
            while not s.of("transcript.final"):
                s.events.append(s.ws.recv())
            if i % 2:
                s.ws.send({"type": "discard"})
                with self.assertRaises(Closed):
                    while True:
                        self.assertNotEqual(s.ws.recv()["type"], "error")
            else:
                s.finish()
                self.assertTrue(s.of("report"))
                self.assertFalse(s.of("error"))

    def test_a_turn_begins_and_ends_and_thinking_is_no_end(self):
        x = jfk()
        s = Interview("turns-1", turns=True)
        s.ws.send({"type": "interviewer", "speaking": True})
        s.say(x[:3 * 16000])
        s.ws.send({"type": "interviewer", "speaking": False})
        s.pause(1)
        self.assertEqual(s.turns(), [])
        cut = int(OPEN * 16000)
        s.say(x[:cut])
        s.pause(2.8)
        self.assertEqual(s.turns(), [("turn.started", None)])
        began = s.of("turn.started")[0]
        self.assertAlmostEqual(began["t"], 4.3, delta=0.6)
        self.assertIn("seq", began)
        s.say(x[cut:])
        said = s.n / 16000 - 0.4  # the recording ends with some silence
        ended = s.pause_until("turn.ended", 12)
        # Where recognition lags, the silence may come first.
        self.assertEqual(s.of("turn.started", "turn.ended"), [began, ended])
        self.assertIn(ended["reason"], ("finished", "silence") if s.of("lag") else ("finished",))
        self.assertAlmostEqual(ended["t"], said, delta=0.5)
        self.assertTrue(0 <= ended["probability"] <= 1 and 0.5 < ended["silence_s"] < 8, ended)
        self.assertIn("seq", ended)
        # A follow-up in the same session, ended by the person; what the interviewer said is nobody's answer.
        s.ws.send({"type": "interviewer", "speaking": True})
        s.say(x[:2 * 16000])
        s.ws.send({"type": "interviewer", "speaking": False})
        s.say(x[:3 * 16000])
        s.ws.send({"type": "turn.end"})
        s.pause_until("turn.ended", 8)
        self.assertEqual(s.turns()[2:], [("turn.started", None), ("turn.ended", "command")])
        s.ws.send({"type": "turn.end"})  # it has ended: the two have crossed
        s.pause(0.5)
        self.assertEqual(len(s.turns()), 4)
        s.finish()
        self.assertTrue(s.of("report"))
        heard = words(" ".join(e["text"] for e in s.of("transcript.final")))
        self.assertEqual(heard.count("americans"), 2, heard)
        s.ws.sock.close()

    def test_six_seconds_of_silence_end_every_turn(self):
        s = Interview("turns-2", turns=True, patience_s=6)
        s.say(jfk()[:int(OPEN * 16000)])
        said = s.n / 16000
        ended = s.pause_until("turn.ended", 15)
        self.assertEqual(s.turns(), [("turn.started", None), ("turn.ended", "silence")])
        self.assertAlmostEqual(ended["t"], said, delta=0.5)
        self.assertTrue(6 <= ended["silence_s"] < 6 + 2 * PATIENCE, ended)
        # Nothing said, and nothing to say: the person's word is enough.
        s.ws.send({"type": "interviewer", "speaking": True})
        s.pause(0.5)
        s.ws.send({"type": "interviewer", "speaking": False})
        s.ws.send({"type": "turn.end"})
        self.assertEqual(s.pause_until("turn.ended", 8)["reason"], "command")
        s.ws.sock.close()

    def test_no_turn_ends_while_the_interviewer_speaks(self):
        """A question asked again within an answer: whatever silence there is meanwhile, it ends nothing."""
        s = Interview("turns-4", turns=True, patience_s=0.6)
        s.say(jfk()[:int(2.4 * 16000)])
        s.ws.send({"type": "interviewer", "speaking": True})
        asked = s.n / 16000
        self.assertTrue(s.of("turn.started") or s.pause_until("turn.started", 30))
        s.pause(2.5)
        self.assertEqual(s.turns()[1:], [])
        s.ws.send({"type": "interviewer", "speaking": False})
        spoke = s.n / 16000 - asked
        ended = s.pause_until("turn.ended", 30)
        self.assertLess(ended["t"], asked)  # it is over where the person fell silent,
        self.assertLess(ended["silence_s"], s.n / 16000 - spoke - 2)  # and only the silence behind the interviewer was waited for
        s.ws.sock.close()

    def test_without_turns_none_is_told_and_the_interviewer_is_not_heard(self):
        s = Interview("turns-3")
        s.ws.send({"type": "turn.end"})
        s.ws.send({"type": "interviewer"})
        s.ws.send({"type": "interviewer", "speaking": 1})
        s.pause(0.3)
        self.assertEqual([e["detail"].split(":")[0] for e in s.of("error")], ["turn.end", "interviewer", "interviewer"])
        s.ws.send({"type": "interviewer", "speaking": True})
        s.say(jfk()[:3 * 16000])
        s.finish()
        self.assertEqual(s.turns(), [])
        self.assertEqual([e["text"] for e in s.of("transcript.final")], [])
        s.ws.sock.close()

    def test_wrong_options_are_named(self):
        for key, value in (("turns", "yes"), ("turns", 1), ("patience_s", 0.5), ("patience_s", 6.1),
                           ("patience_s", "long"), ("patience_s", True)):
            with server.ws("/v1/session/bad-turns") as w:
                w.send({"type": "start", key: value})
                e = w.recv()
                self.assertEqual(e["type"], "error")
                self.assertIn(key, e["detail"])


if __name__ == "__main__":
    unittest.main()
