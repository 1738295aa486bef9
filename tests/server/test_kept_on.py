"""What a live session has acknowledged is there whatever happens: a server killed in the middle, a database or a disk that
takes nothing."""
import random, unittest
from harness import *
from keeping_client import Keeping, Killed, kept_sound
from test_disk import Person, fill, lock, small_disk


def speech(seconds_between=(0.5, 0.8)):
    """JFK twice, with pauses."""
    x = [int(v * 32767) for v in jfk()]
    out = []
    for pause in seconds_between:
        out += x + [0] * int(pause * 16000)
    return array.array("h", out)


def acked(p, us=0, seq=0):
    """Waits until so much is acknowledged."""
    while not any(m["type"] == "ack" and m["audio_us"] >= us and m["seq"] >= seq for m in p.told):
        p.until("ack")


class AServerIsKilled(unittest.TestCase):
    def test_in_mid_speech_and_at_the_report_and_nothing_acknowledged_is_lost(self):
        pcm, rng = speech(), random.Random(16)
        k = Killed()
        try:
            broken = Keeping(k.port, "broken", pcm, keep_media=True)
            whole_server = Server()
            whole = Keeping(lambda: whole_server.port, "whole", pcm, keep_media=True)
            began = time.time()
            for p in (broken, whole):
                p.start()
            for at in (rng.uniform(3, 9), rng.uniform(13, 19)):
                time.sleep(max(0, began + at - time.time()))
                k.kill()
            self.assertTrue(eventually(lambda: broken.finished or broken.problem, 60))
            time.sleep(0.3)
            k.kill()  # its report is under way
            for p in (broken, whole):
                p.join(120 * PATIENCE)
                self.assertIsNone(p.problem)
                self.assertEqual(p.faults, [])
                self.assertIsNotNone(p.report)
            self.assertGreaterEqual(len(broken.returns), 2)
            self.assertEqual([e["seq"] for e in broken.events], list(range(1, len(broken.events) + 1)))
            self.assertLessEqual(word_errors(whole.text, broken.text), 2, (whole.text, broken.text))
            k.server.wait_ready()
            self.assertEqual(kept_sound(k.server, "broken"), kept_sound(whole_server, "whole"))
            self.assertNotIn(broken.token.encode(), open(os.path.join(k.data.name, "sessions.db"), "rb").read())
            # Who has lost their report comes back for it.
            late = k.server.ws("/v1/session/broken")
            late.send({**broken.start_message, "resume": broken.token, "last_seq": len(broken.events) - 1})
            self.assertEqual([late.recv()["type"] for _ in range(2)], ["ready", "report"])
            with self.assertRaises(Closed) as caught:
                late.recv()
            self.assertEqual(caught.exception.code, 1000)
        finally:
            self.assertEqual(k.server.stop(), 0)
            self.assertEqual(whole_server.stop(), 0)

    def test_the_token_holds_and_only_the_token(self):
        k = Killed()
        try:
            first = Person(k.server, "mine", acks=True)
            ready = first.told[0]
            self.assertEqual((ready["acks"], ready["seq"], ready["resumed"]), (True, 0, False))
            first.say(jfk()[:16000])
            acked(first, us=1000000)
            k.server.kill()
            k.begin(True)
            for start in ({}, {"resume": "0" * 32}, {"resume": "guess"}):
                with k.server.ws("/v1/session/mine") as w:
                    self.assertIn("another client", w.ask({"type": "start", "acks": True, **start})["detail"])
                    with self.assertRaises(Closed) as caught:
                        w.recv()
                    self.assertEqual(caught.exception.code, 1008)
            again = Person(k.server, "mine", acks=True, resume=ready["resume"], after_seq=0)
            self.assertEqual((again.told[0]["audio_us"], again.told[0]["resumed"]), (1000000, True))
            again.at = 32000  # a second is left out
            again.say(jfk()[:16000])
            gap = again.until("gap")
            self.assertEqual((gap["from_us"], gap["to_us"], gap["seq"]), (1000000, 2000000, 1))
            again.at = 40000  # half of it was sent
            again.say(jfk()[:16000])
            acked(again, us=3500000)
            self.assertEqual([m["type"] for m in again.told if m["type"] in ("gap", "error")], ["gap"])
            k.server.kill()  # what is left of it is deleted by the command line too
            command = [binary(), "report", "--data-dir", k.data.name]
            kept = json.loads(subprocess.run([*command, "--export"], capture_output=True, check=True).stdout)
            self.assertEqual(([s["id"] for s in kept["sessions"]], kept["interviews"], kept["goals"]), (["mine"], [], []))
            self.assertEqual(os.listdir(os.path.join(k.data.name, "media")), ["mine.pcm"])
            subprocess.run([*command, "--delete", "mine"], capture_output=True, check=True)
            self.assertEqual(os.listdir(os.path.join(k.data.name, "media")), [])
        finally:
            k.server.kill()


class TheServerIsStopped(unittest.TestCase):
    def test_all_is_acknowledged_before_the_close(self):
        s = Server()
        p = Person(s, "drained", acks=True)
        older = Person(s, "older")
        for q in (p, older):
            q.say(jfk())
        stopped = in_background(s.stop)
        codes = []
        for q in (p, older):
            with self.assertRaises(Closed) as caught:
                q.until("nothing more")
            codes.append(caught.exception.code)
        self.assertEqual((codes, stopped()), ([1012, 1001], 0))
        last = [m for m in p.told if m["type"] == "ack"][-1]
        again = Server("--data-dir", os.path.join(s.data.name, "data"))
        try:
            q = Person(again, "drained", acks=True, resume=p.told[0]["resume"], last_seq=0)
            self.assertEqual((last["audio_us"], last["seq"]), (q.told[0]["audio_us"], q.told[0]["seq"]))
            self.assertEqual([m["seq"] for m in p.told if m["type"] == "transcript.final"], list(range(1, last["seq"] + 1)))
            if last["seq"]:
                self.assertEqual(q.until("transcript.final")["seq"], 1)
        finally:
            self.assertEqual(again.stop(), 0)


class TheStoreTakesNothing(unittest.TestCase):
    def test_a_locked_database_holds_up_the_acknowledgement_of_events_and_nothing_else(self):
        s = Server()
        p, x = Person(s, "locked", acks=True), jfk()
        p.say(x[:8000])
        p.until("ack")
        other = lock(s, 60 * PATIENCE)
        try:
            p.say(x)
            final = p.until("transcript.final")
            self.assertEqual(p.until("error")["code"], "storage")
            acked(p, us=11000000)
            self.assertIsNone(other.poll(), "the lock should still be held")
            acks = [m for m in p.told if m["type"] == "ack"]
            self.assertEqual({m["seq"] for m in acks}, {0})
            other.kill()
            p.until("notice")
            acked(p, seq=final["seq"])
            report = p.finish()
            self.assertEqual((words(" ".join(t["text"] for t in report["transcript"])), report.get("not_kept")), (JFK_WORDS, None))
        finally:
            other.kill()
            other.wait(30)
            self.assertEqual(s.stop(), 0)

    def test_what_a_full_disk_does_not_take_is_not_acknowledged(self):
        with small_disk() as folder:
            s = Server("--data-dir", folder)
            try:
                p, x = Person(s, "full", acks=True), jfk()
                p.say(x[:48000])
                acked(p, us=3000000)
                filler = fill(folder)
                p.say(x[48000:])
                self.assertEqual(p.until("error")["code"], "storage")
                time.sleep(1)
                held = os.path.getsize(os.path.join(folder, "media", "full.pcm")) // 2 * 1000000 // 16000
                self.assertLess(held, 11000000)
                p.w.send({"type": "nonsense"})
                while "unknown type" not in p.until("error")["detail"]:
                    pass
                acks = [m for m in p.told if m["type"] == "ack"]
                self.assertLessEqual(acks[-1]["audio_us"], held)
                os.unlink(filler)
                p.until("notice")
                acked(p, us=11000000)
                self.assertEqual(p.finish().get("not_kept"), None)
            finally:
                self.assertEqual(s.stop(), 0)


if __name__ == "__main__":
    unittest.main()
