"""Transcriptions in the background: the same replies as without, asked for by an id; kept over kills and stops, each
person's own, deleted with all of theirs; on a shared PostgreSQL seen, done and cancelled at any of its servers."""
import contextlib, sqlite3, unittest
from harness import *
from postgres import Postgres
from test_recordings import again, data_of, kill, media_of

PATH = "/v1/audio/transcriptions"
ANNA, BOB, RITA = "anna-secret", "bob-secret", "rita-secret"


def ask(s, method, path, token=None):
    status, headers, body = s.request(method, path, headers={"Authorization": f"Bearer {token}"} if token else {})
    return status, json.loads(body) if "json" in headers.get("content-type", "") else body.decode()


def send(s, samples, *fields, token=None, name="a.wav"):
    kind, body = form([("file", samples if isinstance(samples, bytes) else wav(samples), name), *fields])
    status, _, reply = s.request("POST", PATH, body, {"Content-Type": kind, **({"Authorization": f"Bearer {token}"} if token else {})}, 120)
    return status, reply


def accept(s, samples, *fields, token=None):
    status, reply = send(s, samples, ("background", "true"), *fields, token=token)
    assert status == 202, (status, reply)
    return json.loads(reply)["id"]


def wait_for(s, name, states=("completed", "failed"), token=None, seconds=150):
    end = time.time() + seconds * PATIENCE
    while time.time() < end:
        status, r = ask(s, "GET", f"{PATH}/{name}", token)
        if status == 200 and r["status"] in states:
            return r
        time.sleep(0.1)
    raise AssertionError(f"{name} does not get {states}: {status} {r}\n{s.text()}")


def rows_of(s):
    with contextlib.closing(sqlite3.connect(os.path.join(data_of(s), "sessions.db"), timeout=10)) as db:
        return db.execute("SELECT id, state, attempts FROM job ORDER BY n").fetchall()


class OneServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.s = Server(env={"REHEARSE_TOKENS": f"anna:member:{ANNA}, bob:member:{BOB}, rita:owner:{RITA}"})

    @classmethod
    def tearDownClass(cls):
        code = cls.s.stop()
        assert code == 0, f"the server ended with {code}:\n{cls.s.text()}"

    def test_the_result_is_the_reply_without_background(self):
        s = self.s
        wishes = ([], [("response_format", "verbose_json"), ("timestamp_granularities[]", "word"), ("language", "English")],
                  [("response_format", "srt"), ("prompt", "A speech."), ("hotwords", "Americans, Kennedy")],
                  [("response_format", "text"), ("temperature", "0.1")])
        names = [accept(s, fixture("jfk.flac"), *w, token=ANNA) for w in wishes]
        for wish, name in zip(wishes, names):
            made = wait_for(s, name, token=ANNA)
            self.assertEqual((made["status"], made["object"], made["progress"]), ("completed", "audio.transcription", 100))
            self.assertLess(abs(made["completed_at"] - time.time()), 300 * PATIENCE)
            status, headers, body = s.request("GET", f"{PATH}/{name}/content", headers={"Authorization": f"Bearer {ANNA}"})
            plain_status, plain = send(s, fixture("jfk.flac"), *wish, token=ANNA)
            self.assertEqual((status, plain_status, body), (200, 200, plain))
            is_json = made["response_format"].endswith("json")
            self.assertEqual(made["result"], json.loads(plain) if is_json else plain.decode())
            self.assertEqual("json" in headers["content-type"], is_json)
        self.assertEqual(words(made["result"]), JFK_WORDS)
        self.assertEqual(settled(lambda: media_of(s), []), [])  # the recording went with its end
        listed = ask(s, "GET", f"{PATH}?limit=3", ANNA)[1]
        self.assertEqual(([t["id"] for t in listed["data"]], listed["has_more"]), (names[:0:-1], True))
        self.assertNotIn("result", listed["data"][0])
        rest = ask(s, "GET", f"{PATH}?limit=3&after={names[1]}", ANNA)[1]
        self.assertEqual(([t["id"] for t in rest["data"]], rest["has_more"]), (names[:1], False))
        # Each person's own; an owner sees all.
        for path in (f"{PATH}/{names[0]}", f"{PATH}/{names[0]}/content"):
            self.assertEqual([ask(s, "GET", path, t)[0] for t in (BOB, ANNA, RITA)], [404, 200, 200])
        self.assertEqual(ask(s, "DELETE", f"{PATH}/{names[0]}", BOB)[0], 404)
        self.assertEqual(ask(s, "GET", PATH, BOB)[1]["data"], [])
        self.assertEqual(len(ask(s, "GET", f"{PATH}?person=anna", RITA)[1]["data"]), 4)
        exported = {t: ask(s, "GET", "/v1/export", t)[1]["transcriptions"] for t in (ANNA, BOB)}
        self.assertEqual((sorted(t["id"] for t in exported[ANNA]), exported[BOB]), (sorted(names), []))
        self.assertIn("Americans", exported[ANNA][0]["result"])
        status, gone = ask(s, "DELETE", f"{PATH}/{names[0]}", ANNA)
        self.assertEqual((status, gone), (200, {"id": names[0], "object": "audio.transcription.deleted", "deleted": True}))
        self.assertEqual(ask(s, "GET", f"{PATH}/{names[0]}", ANNA)[0], 404)
        noted = [r["what"] for r in ask(s, "GET", f"/v1/audit?session={names[0]}", RITA)[1]["audit"]]
        self.assertEqual((noted[0], set(noted)), ("delete", {"read", "delete"}))

    def test_what_cannot_be_done_is_told_at_once_or_as_failed(self):
        for fields, param in (((("stream", "true"),), "stream"), ((("background", "perhaps"),), "background"),
                              ((("response_format", "pdf"),), "response_format"), ((("language", "klingon"),), "language")):
            status, reply = send(self.s, jfk(), ("background", "true"), *fields, token=ANNA) if param != "background" else \
                send(self.s, jfk(), *fields, token=ANNA)
            self.assertEqual((status, json.loads(reply)["error"]["param"]), (400, param))
        name = accept(self.s, b"this is no recording of anything at all", token=BOB)
        failed = wait_for(self.s, name, token=BOB)
        self.assertEqual((failed["status"], failed["error"]["code"]), ("failed", "transcription_failed"))
        self.assertGreater(len(failed["error"]["message"]), 10)
        status, reply = ask(self.s, "GET", f"{PATH}/{name}/content", BOB)
        self.assertEqual(status, 404)
        self.assertIn("failed", reply["detail"])
        self.assertEqual(ask(self.s, "GET", f"{PATH}/transcription_0", BOB)[0], 404)


class Kept(unittest.TestCase):
    def test_over_a_kill_and_a_stop_then_deleted_by_age_and_by_the_command_line(self):
        s = Server()
        names = [accept(s, list(jfk()) * 3, ("response_format", "text")), accept(s, jfk()), accept(s, jfk())]
        self.assertEqual([r[0] for r in rows_of(s)], names)
        for name in names:
            self.assertIn(f"{name}.upload", media_of(s))
        kill(s)
        with contextlib.closing(sqlite3.connect(os.path.join(data_of(s), "sessions.db"))) as db:
            db.execute("UPDATE job SET state = 'running', attempts = 3 WHERE id = ?", (names[2],))  # it ended the program thrice
            db.commit()
        s = again(s)
        wait_for(s, names[0], ("in_progress", "completed"))
        self.assertEqual(s.stop(), 0)
        s = again(s)
        first, second, bomb = [wait_for(s, name) for name in names]
        self.assertEqual(words(first["result"]), 3 * JFK_WORDS)
        self.assertEqual(words(second["result"]["text"]), JFK_WORDS)
        self.assertEqual(bomb["status"], "failed")
        self.assertIn("3 times", bomb["error"]["message"])
        self.assertTrue(eventually(lambda: media_of(s) == []), media_of(s))
        self.assertEqual(s.stop(), 0)
        run = lambda *a: subprocess.run([binary(), "report", "--data-dir", data_of(s), *a], capture_output=True, text=True,
                                        timeout=60 * PATIENCE)
        self.assertEqual(len(json.loads(run("--export").stdout)["transcriptions"]), 3)
        self.assertEqual(run("--delete", names[1]).returncode, 0)
        self.assertEqual(run("--delete", names[1]).returncode, 1)
        with contextlib.closing(sqlite3.connect(os.path.join(data_of(s), "sessions.db"))) as db:
            db.execute("UPDATE job SET due = due - 3 * 86400 WHERE id = ?", (names[0],))
            db.commit()
        s = again(s, env={"REHEARSE_RETENTION_DAYS": "2"})
        self.assertTrue(eventually(lambda: [r[0] for r in rows_of(s)] == names[2:]), rows_of(s))
        self.assertEqual(s.stop(), 0)


class Shared(unittest.TestCase):
    def test_progress_and_cancelling_at_every_server_and_going_on_at_another_one(self):
        db = Postgres()
        self.addCleanup(db.end)
        a, b = [Server(env={"REHEARSE_STORE_URL": db.url}) for _ in range(2)]
        try:
            long = accept(a, list(jfk()) * 24)
            eventually(lambda: wait_for(a, long, ("in_progress", "completed"))["progress"] > 5, 60)
            seen = [ask(s, "GET", f"{PATH}/{long}")[1] for s in (a, b)]
            self.assertEqual([t["status"] for t in seen], ["in_progress"] * 2)
            self.assertGreater(seen[1]["progress"], 5)
            others = [accept(s, jfk()) for s in (a, b)]  # one of them waits, perhaps, for the long one
            for s in (a, b):
                self.assertEqual(len(ask(s, "GET", PATH)[1]["data"]), 3)
            runs_at = [s for s in (a, b) if f"{long}.upload" in media_of(s)]
            self.assertEqual(len(runs_at), 1)
            other = b if runs_at[0] is a else a
            self.assertEqual(ask(other, "DELETE", f"{PATH}/{long}")[0], 200)
            self.assertTrue(eventually(lambda: media_of(runs_at[0]) == [] or f"{long}.upload" not in media_of(runs_at[0]), 20))
            self.assertEqual(db.ask(f"SELECT count(*) FROM job WHERE id = '{long}'"), ["0"])
            for name in others:
                made = [wait_for(s, name) for s in (a, b)]
                self.assertEqual(made[0], made[1])
                self.assertEqual(words(made[0]["result"]["text"]), JFK_WORDS)
            lost = accept(a, list(jfk()) * 8, ("response_format", "text"))
            kill(a)
            self.assertEqual(words(wait_for(b, lost)["result"]), 8 * JFK_WORDS)
            self.assertEqual(settled(lambda: db.ask("SELECT count(*) FROM media"), ["0"]), ["0"])
        finally:
            a.kill()
            self.assertEqual(b.stop(), 0)


if __name__ == "__main__":
    unittest.main()
