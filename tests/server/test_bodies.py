"""Bodies of uploads: large ones go to the disk as they come, in order and within limits, and leave nothing behind."""
import concurrent.futures, unittest
from harness import *
from test_disk import fill, lock, small_disk

MB = 1 << 20
PATHS = {"/v1/sessions": "file", "/v1/audio/transcriptions": "file", "/api/analyze-audio": "audio"}


def media_of(server):
    folder = os.path.join(server.data.name, "data", "media")
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


class Peak:
    """How much more memory the server took at most since this was made, in MB."""

    def __init__(self, server):
        self.pid = server.process.pid
        with open(f"/proc/{self.pid}/clear_refs", "w") as f:
            f.write("5")
        self.before = self._now()

    def _now(self):
        with open(f"/proc/{self.pid}/status") as f:
            return int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1)) / 1024

    def grown(self):
        return self._now() - self.before


class Upload:
    """A form that can stop anywhere."""

    def __init__(self, server, path, content, piece=MB):
        self.kind, self.body = form([(PATHS[path], content, "a.bin")])
        self.piece, self.sent = piece, 0
        self.c = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120 * PATIENCE)
        self.c.putrequest("POST", path)
        self.c.putheader("Content-Type", self.kind)
        self.c.putheader("Content-Length", str(len(self.body)))
        self.c.endheaders()

    def send(self, to):
        to = to if to >= 0 else len(self.body) + to
        while self.sent < to:
            n = min(self.piece, to - self.sent)
            self.c.send(self.body[self.sent:self.sent + n])
            self.sent += n
        return self

    def reply(self):
        self.send(len(self.body))
        r = self.c.getresponse()
        return r.status, json.loads(r.read())


class Bodies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        assert code == 0, f"the server ended with {code}:\n{cls.server.text()}"

    def test_eight_of_a_hundred_megabytes_take_little_memory_and_leave_nothing(self):
        peak, content = Peak(self.server), bytes(99 * MB)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            uploads = [Upload(self.server, path, content) for path in [*PATHS] * 2 + ["/v1/sessions"] * 2]
            list(pool.map(lambda u: u.send(-10), uploads))
        self.assertTrue(eventually(lambda: len(media_of(self.server)) == 8), media_of(self.server))
        self.assertTrue(all(name.endswith(".part") for name in media_of(self.server)))
        self.assertEqual(self.server.get("/health")[0], 200)
        for u in uploads[:4]:
            u.c.close()
        self.assertTrue(eventually(lambda: len(media_of(self.server)) == 4), media_of(self.server))
        status = sorted(u.reply()[0] for u in uploads[4:])
        self.assertEqual(status, [202, 202, 400, 415])
        self.assertLess(peak.grown(), 64 if PATIENCE == 1 else 400)
        self.assertTrue(eventually(lambda: not media_of(self.server)), media_of(self.server))

    def test_what_came_in_pieces_is_what_was_sent(self):
        said = wav(jfk())
        said = said[:12] + b"JUNK" + struct.pack("<I", 3 * MB) + os.urandom(3 * MB) + said[12:]
        said = said[:4] + struct.pack("<I", len(said) - 8) + said[8:]
        for path, piece in zip(PATHS, (999, 70001, MB)):
            status, reply = Upload(self.server, path, said, piece).reply()
            self.assertIn(status, (200, 202), reply)
            text = reply.get("text", reply.get("transcribed_text"))
            if status == 202:
                where = f"/v1/sessions/{reply['id']}"
                self.assertTrue(eventually(lambda: self.server.get(where)[1]["state"] == "done", 60))
                text = " ".join(s["text"] for s in self.server.get(where)[1]["segments"])
            self.assertEqual(words(text), JFK_WORDS, path)
        self.assertTrue(eventually(lambda: not media_of(self.server)), media_of(self.server))

    def test_a_form_with_more_than_one_large_file_or_with_one_too_large(self):
        kind, body = form([("other", bytes(2 * MB), "b.bin"), ("file", wav(jfk()), "a.wav"), ("language", b"en", "language.txt")])
        status, _, reply = self.server.request("POST", "/v1/audio/transcriptions", body, {"Content-Type": kind})
        self.assertEqual((status, words(json.loads(reply)["text"])), (200, JFK_WORDS))
        kind, body = form([(f"f{i}", bytes(60 * MB), "b.bin") for i in range(2)])
        chunks = (body[i:i + MB] for i in range(0, len(body), MB))  # chunked: nobody knows how long it will be
        self.assertEqual(self.server.request("POST", "/v1/sessions", chunks, {"Content-Type": kind})[0], 413)
        self.assertTrue(eventually(lambda: not media_of(self.server)), media_of(self.server))

    def test_while_the_disk_is_behind_nothing_more_is_read(self):
        peak, other = Peak(self.server), lock(self.server, 5)
        people = [self.server.ws(f"/v1/session/behind-{i}") for i in range(8)]
        for p in people:  # each waits for the database, where the pieces are written
            p.send({"type": "start", "sample_rate": 16000})
        time.sleep(0.3)
        began, u = time.time(), Upload(self.server, "/v1/sessions", bytes(40 * MB))
        u.send(-10)
        self.assertGreater(time.time() - began, 1)
        self.assertLess(peak.grown(), 48 if PATIENCE == 1 else 300)
        self.assertEqual(u.reply()[0], 202)
        for p in people:
            p.recv()
            p.send({"type": "discard"})
        other.wait(30)
        self.assertTrue(eventually(lambda: not media_of(self.server)), media_of(self.server))


class Endings(unittest.TestCase):
    def test_a_full_disk_is_told_and_a_killed_server_leaves_what_the_next_start_removes(self):
        with small_disk() as folder:
            s = Server("--data-dir", folder)
            media = os.path.join(folder, "media")
            try:
                for path in PATHS:
                    status, reply = Upload(s, path, bytes(20 * MB)).reply()
                    self.assertEqual(status, 507, reply)
                    self.assertIn("full", reply["detail"])
                    self.assertTrue(eventually(lambda: os.listdir(media) == []))
                filler = fill(folder)
                self.assertEqual(Upload(s, "/v1/sessions", bytes(2 * MB)).reply()[0], 507)
                os.unlink(filler)
                u = Upload(s, "/v1/sessions", bytes(4 * MB)).send(3 * MB)
                self.assertTrue(eventually(lambda: len(os.listdir(media)) == 1))
                s.process.kill()
                s.process.wait()
                u.c.close()
                self.assertEqual(len(os.listdir(media)), 1)
                time.sleep(1.1)  # files are as old as their second
                s = Server("--data-dir", folder)
                self.assertTrue(eventually(lambda: os.listdir(media) == []))
                u = Upload(s, "/v1/sessions", bytes(4 * MB)).send(3 * MB)
                self.assertTrue(eventually(lambda: len(os.listdir(media)) == 1))
            finally:
                self.assertEqual(s.stop(), 0)
            self.assertEqual(os.listdir(media), [])


if __name__ == "__main__":
    unittest.main()
