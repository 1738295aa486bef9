"""A disk that is full, or a database that another program has locked, under a live session and under a deletion."""
import contextlib, shutil, unittest
from harness import *

SMALL = "size=6m"


@contextlib.contextmanager
def small_disk():
    """A folder on a file system of 6 MB; skips where the system does not let us have one."""
    folder = tempfile.mkdtemp(prefix="rehearse-small-")
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", SMALL, "tmpfs", folder], capture_output=True, text=True)
    if made.returncode:
        shutil.rmtree(folder)
        raise unittest.SkipTest("no small disk can be mounted here: " + made.stderr.strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder])
        shutil.rmtree(folder, ignore_errors=True)


def fill(folder):
    """Takes all the room; the file's name."""
    path = os.path.join(folder, "filler")
    with open(path, "wb", buffering=0) as f, contextlib.suppress(OSError):
        while True:
            f.write(b"x" * 4096)
    with open(path, "ab", buffering=0) as f, contextlib.suppress(OSError):
        while True:
            f.write(b"x")
    return path


class Person:
    """One live session and what it is told."""

    def __init__(self, s, name, **start):
        self.w = s.ws(f"/v1/session/{name}", timeout=120)
        self.told, self.at = [], 0
        self.w.send({"type": "start", "sample_rate": 16000, **start})
        self.until("ready")

    def say(self, samples):
        for i in range(0, len(samples), 8000):
            piece = array.array("f", samples[i:i + 8000])
            self.w.send(media(3, self.at * 1000000 // 16000, piece.tobytes()), 2)
            self.at += len(piece)

    def until(self, *types):
        while True:
            m = self.w.recv()
            self.told.append(m)
            if m["type"] in types:
                return m

    def finish(self):
        self.w.send({"type": "finish"})
        report = self.until("report")["report"]
        with contextlib.suppress(OSError):
            try:
                while True:
                    self.told.append(self.w.recv())
            except Closed as e:
                self.code = e.code
        return report


def words_of(report):
    return words(" ".join(p["text"] for p in report["transcript"]))


class FullDisk(unittest.TestCase):
    def test_a_session_goes_on_and_is_kept_when_there_is_room_again(self):
        x = jfk()
        with small_disk() as folder:
            s = Server("--data-dir", folder)
            try:
                a, b = Person(s, "room-again"), Person(s, "no-room", keep_media=True)
                for p in (a, b):
                    p.say(x[:48000])
                filler = fill(folder)
                for p in (a, b):
                    p.say(x[48000:])
                    error = p.until("error")
                    self.assertEqual(error["code"], "storage")
                    self.assertIn("memory", error["detail"])
                report = b.finish()
                self.assertEqual((words_of(report), b.code), (JFK_WORDS, 1000))
                self.assertIn("sound", [n["what"] for n in report["not_kept"]])
                self.assertTrue(any("could not be kept" in n for n in report["notes"]))
                os.unlink(filler)
                a.until("notice")
                whole = a.finish()
                self.assertEqual((words_of(whole), whole.get("not_kept")), (JFK_WORDS, None))
                for name in ("room-again", "no-room"):
                    end = time.time() + 20 * PATIENCE
                    while s.get(f"/v1/sessions/{name}")[1]["state"] != "done" and time.time() < end:
                        time.sleep(0.3)
                    kept = s.get(f"/v1/sessions/{name}")[1]
                    self.assertEqual((kept["state"], words(" ".join(p["text"] for p in kept["segments"]))), ("done", JFK_WORDS))
            finally:
                self.assertEqual(s.stop(), 0)

    def test_delete_is_all_or_an_error_and_uploads_are_refused(self):
        with small_disk() as folder:
            s = Server("--data-dir", folder)
            media = os.path.join(folder, "media")
            try:
                for name in ("first", "second"):
                    p = Person(s, name, keep_media=True)
                    p.say(jfk())
                    p.finish()
                for reserve in (True, False):  # with the room put by, and without
                    name = "first" if reserve else "second"
                    if not reserve:
                        with contextlib.suppress(OSError):
                            os.unlink(os.path.join(folder, "reserve"))
                    filler = fill(folder)
                    status, r = s.post_form("/v1/sessions", [("file", wav(jfk()), "a.wav")])
                    self.assertEqual(status, 507)
                    self.assertIn("full", r["detail"])
                    status = s.request("DELETE", f"/v1/sessions/{name}")[0]
                    there = s.get(f"/v1/sessions/{name}")[0] == 200
                    self.assertEqual(there, status != 204, status)
                    self.assertEqual(f"{name}.wav" in os.listdir(media), there)
                    if reserve:
                        self.assertEqual(status, 204)
                    os.unlink(filler)
                    self.assertEqual(s.get(f"/v1/sessions/{name}")[0], 200 if there else 404)
                    if there:
                        self.assertEqual(s.request("DELETE", f"/v1/sessions/{name}")[0], 204)
                self.assertEqual(os.listdir(media), [])
            finally:
                self.assertEqual(s.stop(), 0)


def lock(s, seconds):
    """Another program that holds the database of the folder of server `s`."""
    db = os.path.join(s.data.name, "data", "sessions.db")
    other = subprocess.Popen([sys.executable, "-c", "import sqlite3, sys, time\n"
                              "db = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)\n"
                              "db.execute('BEGIN IMMEDIATE'); print('locked', flush=True)\n"
                              "time.sleep(float(sys.argv[2])); db.execute('ROLLBACK')", db, str(seconds)],
                             stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline().strip() == "locked"
    return other


class Locked(unittest.TestCase):
    def test_who_is_told_ready_is_there_after_a_crash(self):
        s = Server()
        began, other = time.time(), lock(s, 1)
        Person(s, "at-once")
        self.assertGreater(time.time() - began, 1, "ready came while nothing could be committed")
        s.process.kill()
        s.process.wait()
        other.wait(30)
        again = Server("--data-dir", os.path.join(s.data.name, "data"))
        again.data = s.data
        try:
            status, kept = again.get("/v1/sessions/at-once")
            self.assertEqual((status, kept.get("state")), (200, "live"), kept)
            other = lock(again, 8)
            began = time.time()
            p = Person(again, "in-memory")
            self.assertLess(time.time() - began, 5 * PATIENCE)
            p.say(jfk()[:32000])
            self.assertEqual(p.until("error")["code"], "storage")
            status, told = again.get("/ready")
            self.assertEqual((status, told["status"], again.get("/live")[0]), (503, "store", 200), told)
            self.assertIsNone(other.poll(), "the lock should still be held")
            p.until("notice")
            self.assertEqual(again.get("/ready"), (200, {"status": "ready"}))
            other.wait(30)
        finally:
            self.assertEqual(again.stop(), 0)

    def test_a_lock_of_eight_seconds_is_waited_for_and_holds_up_nobody(self):
        s = Server()
        try:
            p = Person(s, "patient")
            other = lock(s, 8)
            began = time.time()
            p.say(jfk())
            deleted = [in_background(s.request, "DELETE", f"/v1/sessions/nobody-{i}") for i in range(4)]
            with s.ws("/ws/video/quick") as w:
                for _ in range(3):
                    t = time.time()
                    w.ask({"frame": data_uri(fixture("astronaut.jpg"))})
                    self.assertLess(time.time() - t, 3 * PATIENCE)
            self.assertIsNone(other.poll(), "the lock should still be held")
            report = p.finish()
            self.assertGreater(time.time() - began, 7)
            self.assertEqual((words_of(report), report.get("not_kept"), p.code), (JFK_WORDS, None, 1000))
            self.assertEqual([d()[0] for d in deleted], [404] * 4)
            kept = s.get("/v1/sessions/patient")[1]
            self.assertEqual((kept["state"], words(" ".join(g["text"] for g in kept["segments"]))), ("done", JFK_WORDS))
            self.assertGreaterEqual(len(kept["seconds"]), 11)
            other.wait(30)
        finally:
            self.assertEqual(s.stop(), 0)


if __name__ == "__main__":
    unittest.main()
