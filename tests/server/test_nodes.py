"""Several servers on one PostgreSQL: a session goes on at another one, whatever has become of the first, and nothing
acknowledged is lost; one that nobody comes back to is finished by one of them; a database that is away."""
import random, signal, unittest
from harness import *
from keeping_client import Keeping, kept_sound
from postgres import Postgres
from test_disk import Person, words_of
from test_kept_on import acked, speech

AWAY_S = 60  # a session without a server is finished after so long


def setUpModule():
    global db, nodes
    db = Postgres()
    try:
        nodes = [node() for _ in range(2)]
    except BaseException:
        db.end()
        raise


def tearDownModule():
    for s in nodes:
        s.stop()
    db.end()


def node():
    return Server(env={"REHEARSE_STORE_URL": db.url})


def differs(wav, pcm):
    """By how much the samples differ at most; all of them where they are not as many."""
    kept = array.array("h", wav[44:])
    return max(abs(a - b) for a, b in zip(kept, pcm)) if len(kept) == len(pcm) else 65536


class AnotherServerGoesOn(unittest.TestCase):
    def moving(self, name, servers, leave):
        """Somebody speaks at the first of three servers, leaves it as `leave` does and comes back at the next, twice."""
        at, rng = list(servers), random.Random(name)
        p = Keeping(lambda: at[0].port, name, speech(), keep_media=True)
        began = time.time()
        p.start()
        for second in (rng.uniform(4, 7), rng.uniform(13, 17)):
            time.sleep(max(0, began + second - time.time()))
            leave(at.pop(0), p)
        p.join(120 * PATIENCE)
        self.assertIsNone(p.problem)
        self.assertEqual(p.faults, [])
        self.assertIsNotNone(p.report)
        self.assertEqual(len(p.returns), 2)
        self.assertEqual([e["seq"] for e in p.events], list(range(1, len(p.events) + 1)))
        self.assertLessEqual(word_errors(2 * JFK_WORDS, p.text), 2, p.text)
        self.assertLessEqual(word_errors(2 * JFK_WORDS, words_of(p.report)), 2, p.report["transcript"])
        self.assertLessEqual(differs(kept_sound(at[0], name), p.pcm), 1)  # rounded once, on the way in
        self.assertEqual(db.ask(f"SELECT count(*) FROM audio WHERE session = '{name}'"), ["0"])
        self.assertEqual(db.ask(f"SELECT state, epoch FROM session WHERE id = '{name}'"), ["done|3"])
        self.assertLess(min(p.returns), 2 * PATIENCE)

    def test_after_the_first_was_killed(self):
        self.moving("killed", [node(), node(), nodes[0]], lambda s, p: s.kill())

    def test_while_the_first_one_runs(self):
        a, b = nodes
        # As the client of a balancer that has chosen anew.
        self.moving("moved", [a, b, a], lambda s, p: p.ws.sock.shutdown(socket.SHUT_RDWR))
        for s in nodes:
            self.assertTrue(eventually(lambda: "session moved goes on at another server" in s.text(), 10), s.text())

    def test_while_the_first_one_stands_still(self):
        a, b = nodes
        x = jfk()
        first = Person(a, "frozen", acks=True)
        first.say(x[:80000])
        acked(first, us=5000000)
        a.process.send_signal(signal.SIGSTOP)
        try:
            for start in ({}, {"resume": "0" * 32}):  # not everybody may
                with b.ws("/v1/session/frozen") as w:
                    self.assertIn("another client", w.ask({"type": "start", "acks": True, **start})["detail"])
            p = Person(b, "frozen", acks=True, resume=first.told[0]["resume"], last_seq=0)
            self.assertEqual((p.told[0]["resumed"], p.told[0]["audio_us"]), (True, 5000000))
            p.at = 80000
            p.say(x[80000:])
            acked(p, us=11000000)
        finally:
            a.process.send_signal(signal.SIGCONT)
        with contextlib.suppress(OSError):
            first.say(x)  # what it is told now is no more than noise
        before = len(first.told)
        with self.assertRaises(Closed) as caught:
            first.until("report")
        self.assertEqual(caught.exception.code, 1012)
        self.assertEqual([m["type"] for m in first.told[before:] if m["type"] in ("ack", "transcript.final")], [])
        report = p.finish()
        self.assertEqual(words_of(report), JFK_WORDS)
        self.assertEqual([m["seq"] for m in p.told if "seq" in m and m["type"] != "ack"][-1],
                         int(db.ask("SELECT max(seq) FROM told WHERE session = 'frozen'")[0]))
        for s in nodes:
            status, kept = s.get("/v1/sessions/frozen")
            self.assertEqual((status, words_of(kept["report"]), kept["duration_s"]), (200, JFK_WORDS, 11))


class NobodyComesBack(unittest.TestCase):
    def test_one_of_the_others_finishes_the_session(self):
        lost = node()
        p = Person(lost, "left", acks=True)
        p.say(jfk())
        acked(p, us=11000000)
        lost.kill()
        self.assertEqual(db.ask("SELECT state FROM session WHERE id = 'left'"), ["live"])
        db.ask(f"UPDATE node SET beat = beat - {AWAY_S} WHERE beat < date_part('epoch', clock_timestamp()) - 3"
               " OR id = (SELECT owner FROM session WHERE id = 'left')")  # as if it were so long ago
        state = "SELECT state, epoch, owner IN (SELECT id FROM node) FROM session WHERE id = 'left'"
        self.assertTrue(eventually(lambda: db.ask(state)[0].startswith("done"), AWAY_S + 40), db.ask(state))
        self.assertEqual(db.ask(state), ["done|3|t"])  # taken once, and one attempt
        status, report = nodes[0].get("/v1/sessions/left/report")
        self.assertEqual((status, words_of(report)), (200, JFK_WORDS))
        self.assertEqual(sum("session left, which had not ended, has its report" in s.text() for s in nodes), 1)


class TheDatabaseIsAway(unittest.TestCase):
    def test_who_comes_back_meanwhile_is_to_try_again_and_finds_what_was_acknowledged(self):
        (a, b), x = nodes, jfk()
        p = Person(a, "again", acks=True)
        p.say(x[:80000])
        acked(p, us=5000000)
        start = {"resume": p.told[0]["resume"], "last_seq": 0, "acks": True}
        w = b.ws("/v1/session/again")  # it has not noticed anything yet
        db.stop()
        try:
            w.send({"type": "start", "sample_rate": 16000, **start})
            self.assertIn("try again in a moment", w.recv()["detail"])
            with self.assertRaises(Closed) as caught:
                w.recv()
            self.assertEqual(caught.exception.code, 1013)
            self.assertEqual(b.request("GET", "/ready")[0], 503)
        finally:
            db.start()
        self.assertTrue(eventually(lambda: b.request("GET", "/ready")[0] == 200, 20))
        again = Person(b, "again", **start)
        self.assertEqual(again.told[0]["audio_us"], 5000000)
        again.at = 80000
        again.say(x[80000:])
        self.assertEqual(words_of(again.finish()), JFK_WORDS)

    def test_what_runs_goes_on_unacknowledged_and_all_flows_in_later(self):
        a, x = nodes[0], jfk()
        p = Person(a, "spooled", acks=True, keep_media=True)
        p.say(x[:32000])
        acked(p, us=2000000)
        db.stop()
        try:
            p.say(x[32000:])
            self.assertTrue(eventually(lambda: a.request("GET", "/ready")[0] == 503, 20))
            self.assertEqual(a.request("GET", "/live")[0], 200)
            status, headers, body = a.request("GET", "/v1/session/new", headers={
                "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode()})
            self.assertEqual(status, 503)
            self.assertIn("database", json.loads(body)["detail"])
            self.assertIn("retry-after", headers)
            kind, form_of_it = form([("file", wav(x[:16000]), "a.wav")])
            json_kind = {"Content-Type": "application/json"}
            for method, path, body, headers in (
                    ("GET", "/v1/sessions", None, {}), ("GET", "/v1/sessions/spooled", None, {}),
                    ("GET", "/v1/sessions/spooled/report", None, {}), ("DELETE", "/v1/sessions/nobody", None, {}),
                    ("GET", "/v1/interviews", None, {}), ("POST", "/v1/interviews", '{"role": "general", "length": 1}', json_kind),
                    ("POST", "/v1/sessions/spooled/notes", '{"t": 1, "text": "x"}', json_kind), ("GET", "/v1/export", None, {}),
                    ("POST", "/v1/sessions", form_of_it, {"Content-Type": kind})):
                status, told, body = a.request(method, path, body, headers)
                self.assertEqual((status, told.get("retry-after")), (503, "1"), (method, path, body))
                self.assertIn("database", json.loads(body)["detail"])
            self.assertEqual(p.until("error")["code"], "storage")
            # Its own client may come back meanwhile.
            p.w.sock.shutdown(socket.SHUT_RDWR)
            again = Person(a, "spooled", acks=True, resume=p.told[0]["resume"], last_seq=0)
            self.assertEqual(again.told[0]["audio_us"], 11000000)
            final = again.until("transcript.final")
            self.assertLess(max([m["audio_us"] for m in p.told + again.told if m["type"] == "ack"]), 3000000)
        finally:
            db.start()
        again.until("notice")
        self.assertEqual(a.request("DELETE", "/v1/sessions/nobody")[0], 404)
        acked(again, us=11000000, seq=final["seq"])
        self.assertTrue(eventually(lambda: a.request("GET", "/ready")[0] == 200, 20))
        report = again.finish()
        self.assertEqual((words_of(report), report.get("not_kept")), (JFK_WORDS, None))
        self.assertTrue(eventually(lambda: nodes[1].request("GET", "/ready")[0] == 200, 20))
        self.assertEqual(nodes[1].get("/v1/sessions/spooled")[1]["state"], "done")


if __name__ == "__main__":
    unittest.main()
