"""Sockets that fail as systems let them fail now and then: fewer bytes than asked for, interrupted calls, connections
that are reset, no descriptor left. Answers are whole, and nothing acknowledged is lost."""
import unittest
from harness import *
from keeping_client import Keeping, kept_sound


def setUpModule():
    global plain
    plain = Server()


def tearDownModule():
    plain.stop()


@contextlib.contextmanager
def faulty(short=0, interrupted=0, reset=0, no_descriptor=0, seed=7):
    library = os.path.join(os.path.dirname(os.path.abspath(binary())), "tests", "socket_faults.so")
    s = Server(wait=False, env={"LD_PRELOAD": library,
                                "REHEARSE_TEST_SOCKET_FAULTS": f"{seed} {short} {interrupted} {reset} {no_descriptor}"})
    try:
        eventually(lambda: answers(s), 120)
        yield s
    finally:
        s.stop()


def answers(s):
    try:
        return s.get("/ready")[0] == 200
    except (OSError, http.client.HTTPException, ValueError):  # a reset in its head leaves no JSON
        return False


class SocketFaults(unittest.TestCase):
    def test_answers_are_whole_where_calls_are_short_or_interrupted(self):
        speech = wav(jfk())
        with faulty(short=2, interrupted=3) as s:
            for path in ("/openapi.json", "/docs"):
                whole = plain.request("GET", path)[2]
                self.assertGreater(len(whole), 1000, path)
                self.assertEqual(s.request("GET", path)[2], whole)
            kind, body = form([("file", speech, "jfk.wav"), ("response_format", "text")])
            status, _, text = s.request("POST", "/v1/audio/transcriptions", body, {"Content-Type": kind})
            self.assertEqual(status, 200)
            self.assertEqual(words(text.decode()), JFK_WORDS)

    def test_without_a_descriptor_room_is_made_and_new_ones_come_in(self):
        with faulty(no_descriptor=3) as s:  # room: a connection that has asked for nothing yet is closed, and comes again
            self.assertTrue(all(eventually(lambda: answers(s)) for _ in range(20)))
            self.assertIn("no new connections for the moment", s.text())

    def test_connections_are_reset_and_nothing_acknowledged_is_lost(self):
        pcm = array.array("h", (round(v * 32767) for v in jfk()))
        with faulty(short=3, interrupted=5, reset=40) as s:
            p = Keeping(lambda: s.port, "reset", pcm, keep_media=True)
            p.start()
            p.join(120 * PATIENCE)
            self.assertIsNone(p.problem)
            self.assertFalse(p.faults)
            self.assertTrue(p.returns, "no connection was reset")
            self.assertEqual([e["seq"] for e in p.events], list(range(1, len(p.events) + 1)))
            self.assertEqual(p.text, JFK_WORDS)

            def sound():
                with contextlib.suppress(OSError, http.client.HTTPException):
                    whole = kept_sound(s, "reset")
                    return whole if len(whole) == 44 + 2 * len(pcm) else None
            kept = array.array("h", eventually(sound, 30)[44:])
            self.assertLessEqual(max(abs(a - b) for a, b in zip(kept, pcm)), 1)


if __name__ == "__main__":
    unittest.main()
