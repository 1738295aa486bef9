"""Recordings that were accepted, and sessions that broke: nothing of them is lost by a stop, a kill, or a deletion
that can't be done; and one server at a time works on a data folder."""
import contextlib, sqlite3, unittest
from harness import *


def data_of(s):
    return os.path.join(s.data.name, "data")


def media_of(s):
    folder = os.path.join(data_of(s), "media")
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def row_of(s, name):
    """The session's state, its job's state and attempts."""
    with contextlib.closing(sqlite3.connect(os.path.join(data_of(s), "sessions.db"), timeout=10)) as db:
        return db.execute("SELECT session.state, job.state, job.attempts FROM session LEFT JOIN job ON job.session = session.id"
                          " WHERE session.id = ?", (name,)).fetchone()


def again(s, **kw):
    new = Server("--data-dir", data_of(s), **kw)
    new.before = s  # whose folder it is
    s_data, new.data = new.data, s.data
    new.own = s_data
    return new


def upload(s, samples, **fields):
    status, r = s.post_form("/v1/sessions", [("file", samples if isinstance(samples, bytes) else wav(samples), "a.wav"),
                                             *fields.items()])
    assert status == 202, (status, r)
    return r["id"]


def wait_for(s, name, states=("done", "failed"), seconds=150):
    end = time.time() + seconds * PATIENCE
    while time.time() < end:
        status, r = s.get(f"/v1/sessions/{name}")
        if status == 200 and r["state"] in states:
            return r
        time.sleep(0.25)
    raise AssertionError(f"{name} does not get {states}: {status} {r}\n{s.text()}")


def kill(s):
    s.process.kill()
    s.process.wait()


class Accepted(unittest.TestCase):
    def test_it_is_on_disk_before_the_reply_and_done_after_a_kill_and_a_stop(self):
        s = Server()
        names = [upload(s, list(jfk()) * 2, question="Why? Ümläut", client="ann"), upload(s, jfk())]
        for name in names:
            self.assertIn(row_of(s, name)[:2], (("queued", "queued"), ("analysing", "running")))
            self.assertIn(f"{name}.upload", media_of(s))
        kill(s)
        s = again(s)
        running = wait_for(s, names[0], ("analysing", "done"))
        self.assertIn("progress", running)
        self.assertEqual(s.stop(), 0)
        for name in names:
            # ("analysing", "running", 1): stopped before the one that was killed was begun again
            self.assertIn(row_of(s, name), [("queued", "queued", 0), ("queued", "queued", 1), ("analysing", "running", 1),
                                            ("done", None, None)])
        s = again(s)
        try:
            first, second = [wait_for(s, name) for name in names]
            self.assertEqual([first["state"], second["state"]], ["done", "done"])
            self.assertEqual(words(" ".join(p["text"] for p in second["segments"])), JFK_WORDS)
            self.assertEqual((first["meta"]["question"], first["meta"]["client"]), ("Why? Ümläut", "ann"))
            self.assertGreater(first["report"]["duration_s"], 21)
            self.assertEqual(settled(lambda: media_of(s), []), [])
        finally:
            self.assertEqual(s.stop(), 0)

    def test_failures_and_their_reasons_outlast_a_restart(self):
        s = Server()
        bad = upload(s, b"this is no recording of anything at all")
        failed = wait_for(s, bad)
        self.assertEqual(failed["state"], "failed")
        self.assertGreater(len(failed["error"]), 10)
        # One that ended the program three times: as the fourth start finds it.
        self.assertEqual(s.stop(), 0)
        media = os.path.join(data_of(s), "media")
        with contextlib.closing(sqlite3.connect(os.path.join(data_of(s), "sessions.db"))) as db:
            db.execute("INSERT INTO session (id, created, updated, state, meta) VALUES ('bomb', 1, 1, 'analysing', '{}')")
            db.execute("INSERT INTO job (id, kind, state, session, created, due, attempts, data)"
                       " VALUES ('bomb', 'recording', 'running', 'bomb', 1, 1e12, 3, '{}')")
            db.commit()
        for name in ("bomb.upload", "orphan.upload", "orphan.pcm", "orphan.wav", "a letter.txt"):
            with open(os.path.join(media, name), "wb") as f:
                f.write(wav(jfk()))
            os.utime(os.path.join(media, name), (1, 1))
        s = again(s)
        try:
            bomb = wait_for(s, "bomb")
            self.assertEqual(bomb["state"], "failed")
            self.assertIn("3 times", bomb["error"])
            self.assertEqual(s.get(f"/v1/sessions/{bad}")[1]["error"], failed["error"])
            self.assertEqual(settled(lambda: media_of(s), ["a letter.txt"]), ["a letter.txt"])
        finally:
            s.stop()

    def test_delete_ends_the_analysis_and_leaves_nothing(self):
        s = Server()
        try:
            names = [upload(s, list(jfk()) * 6) for _ in range(2)]
            wait_for(s, names[0], ("analysing",))
            for name in names:
                self.assertEqual(s.request("DELETE", f"/v1/sessions/{name}")[0], 204)
                self.assertEqual(s.get(f"/v1/sessions/{name}")[0], 404)
            end = time.time() + 60 * PATIENCE
            while time.time() < end and "rehearse_recordings_waiting 0" not in s.request("GET", "/metrics")[2].decode():
                time.sleep(0.2)
            self.assertEqual(settled(lambda: media_of(s), []), [])
            self.assertIn("rehearse_recordings_waiting 0", s.request("GET", "/metrics")[2].decode())
        finally:
            self.assertEqual(s.stop(), 0)

    def test_texts_that_cannot_be_kept_are_named(self):
        s = Server()
        try:
            for field, value in (("question", b"\xff\xfe?"), ("client", b"\xc3"), ("question", b"a" * 5000), ("kind", b"a\x01b")):
                status, r = s.post_form("/v1/sessions", [("file", wav(jfk()), "a.wav"), (field, value)])
                self.assertEqual(status, 400)
                self.assertIn(field, r["detail"])
            self.assertEqual(media_of(s), [])
        finally:
            s.stop()


class Broken(unittest.TestCase):
    """A live session far behind when the program is killed."""

    def session_of_150_s(self, s, name):
        w = s.ws(f"/v1/session/{name}")
        w.send({"type": "start", "sample_rate": 16000})
        while w.recv()["type"] != "ready":
            pass
        x = array.array("f", [0.0]) * (16000 * 139) + jfk()
        for i in range(0, len(x), 16000):
            w.send(media(3, i * 1000000 // 16000, x[i:i + 16000].tobytes()), 2)
        end = time.time() + 30 * PATIENCE
        spool = os.path.join(data_of(s), "media", f"{name}.pcm")
        while time.time() < end and (not os.path.exists(spool) or os.path.getsize(spool) < 2 * len(x)):
            time.sleep(0.05)
        self.assertEqual(os.path.getsize(spool), 2 * len(x))  # all of it, however far recognition is

    def test_its_client_goes_on_or_it_gets_its_report_alone(self):
        s = Server()
        for name in ("returns", "stays-away"):
            self.session_of_150_s(s, name)
        kill(s)
        with contextlib.closing(sqlite3.connect(os.path.join(data_of(s), "sessions.db"))) as db:
            db.execute("DELETE FROM segment")  # as if nothing had been recognised yet
            db.commit()
        s = again(s)
        try:
            with s.ws("/v1/session/returns", timeout=120) as w:
                w.send({"type": "start", "sample_rate": 16000})
                self.assertEqual(w.recv()["audio_us"], 150000000)
                w.send({"type": "finish"})
                m = {}
                while m.get("type") != "report":
                    m = w.recv()
            alone = wait_for(s, "stays-away")
            for report in (m["report"], alone["report"]):
                self.assertEqual(words(" ".join(p["text"] for p in report["transcript"])), JFK_WORDS)
                self.assertEqual(round(report["duration_s"]), 150)
            self.assertEqual(words(" ".join(p["text"] for p in alone["segments"])), JFK_WORDS)
            self.assertEqual(settled(lambda: media_of(s), []), [])
        finally:
            self.assertEqual(s.stop(), 0)


class Folder(unittest.TestCase):
    def test_a_second_server_refuses_and_says_who_has_it(self):
        s = Server()
        second = subprocess.run([binary(), "serve", "--port", "0", "--data-dir", data_of(s)], capture_output=True, text=True,
                                timeout=60 * PATIENCE)
        self.assertEqual(second.returncode, 1)
        for part in (str(s.process.pid), socket.gethostname(), f"port {s.port}"):
            self.assertIn(part, second.stderr)
        deleting = subprocess.run([binary(), "report", "--delete", "x", "--data-dir", data_of(s)], capture_output=True, text=True,
                                  timeout=60 * PATIENCE)
        self.assertEqual(deleting.returncode, 1)
        self.assertIn(str(s.process.pid), deleting.stderr)
        kill(s)  # and leaves no lock behind
        s = again(s)
        self.assertEqual(s.stop(), 0)


if __name__ == "__main__":
    unittest.main()
