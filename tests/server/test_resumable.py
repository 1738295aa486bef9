"""Resumable uploads, by the tus protocol: what a reply told is kept, over lost connections, kills and, on a shared
PostgreSQL, at another server; with the last byte they are what POST /v1/sessions, or a transcription, would be."""
import contextlib, hashlib, sqlite3, unittest
from harness import *
from postgres import Postgres
from test_recordings import again, data_of, kill, media_of, wait_for
import test_transcriptions

PATH = "/v1/uploads"
ANNA, BOB = "anna-secret", "bob-secret"
TUS = {"Tus-Resumable": "1.0.0"}


def long_recording(seconds):
    """So much silence, then the speech."""
    return wav(array.array("f", [0.0]) * (16000 * seconds) + jfk())


def ask(s, method, path, body=b"", headers=None, token=None):
    """A request as a tus client sends it: status, headers, body."""
    return s.request(method, path, body, {**TUS, **({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})})


def begin(s, n, token=None, body=b"", **metadata):
    pairs = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in metadata.items())
    status, headers, reply = ask(s, "POST", PATH, body, {"Upload-Length": str(n), "Upload-Metadata": pairs}, token)
    assert status == 201, (status, reply)
    assert headers["location"] == "uploads/" + json.loads(reply)["id"], headers
    return "/v1/" + headers["location"]


def more(s, path, at, data, token=None, **headers):
    status, got, reply = ask(s, "PATCH", path, data, {"Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream",
                                                     **headers}, token)
    return status, int(got.get("upload-offset", -1))


def offset(s, path, token=None):
    status, headers, _ = ask(s, "HEAD", path, token=token)
    assert status == 200, status
    assert headers["cache-control"] == "no-store" and headers["tus-resumable"] == "1.0.0"
    return int(headers["upload-offset"])


def cut_off(s, path, at, data, length):
    """A PATCH whose connection is lost after `data`."""
    with socket.create_connection(("127.0.0.1", s.port)) as c:
        c.sendall((f"PATCH {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {at}\r\n"
                   f"Content-Type: application/offset+octet-stream\r\nContent-Length: {length}\r\n\r\n").encode() + data)


def row_of(s, id, change=None):
    with contextlib.closing(sqlite3.connect(os.path.join(data_of(s), "sessions.db"), timeout=10)) as db:
        if change:
            db.execute(f"UPDATE upload SET {change} WHERE id = ?", (id,))
            db.commit()
        return db.execute("SELECT length, kept FROM upload WHERE id = ?", (id,)).fetchone()


class Protocol(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.s = Server("--max-upload-mb", "1", env={"REHEARSE_TOKENS": f"anna:member:{ANNA}, bob:member:{BOB}, carl:mentor:c-secret"})

    @classmethod
    def tearDownClass(cls):
        code = cls.s.stop()
        assert code == 0, f"the server ended with {code}:\n{cls.s.text()}"

    def test_what_it_tells_of_itself(self):
        for path, methods in ((PATH, "POST, OPTIONS"), (PATH + "/x", "GET, PATCH, DELETE, HEAD, OPTIONS")):
            status, headers, _ = self.s.request("OPTIONS", path, headers={"Origin": "http://localhost:1", "Authorization": "Bearer " + ANNA,
                                                "Access-Control-Request-Headers": "tus-resumable, upload-offset"})
            self.assertEqual((status, headers["tus-version"], headers["tus-extension"], headers["tus-max-size"]),
                             (204, "1.0.0", "creation,expiration,termination", str(1 << 20)))
            self.assertEqual(headers["access-control-allow-methods"], methods)
            self.assertIn("upload-offset", headers["access-control-allow-headers"])
        status, headers, _ = ask(self.s, "POST", PATH, headers={"Origin": "http://elsewhere", "Upload-Length": "5"}, token=ANNA)
        self.assertEqual(status, 201)
        for name in ("location", "upload-offset", "upload-length", "tus-resumable", "upload-expires"):
            self.assertIn(name, headers["access-control-expose-headers"])
        self.assertRegex(headers["upload-expires"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")

    def test_what_is_wrong_has_its_status(self):
        s = self.s
        for headers, status in (({"Tus-Resumable": "0.2.2", "Upload-Length": "5"}, 412), ({}, 400), ({"Upload-Length": "-1"}, 400),
                                ({"Upload-Length": "0"}, 400), ({"Upload-Length": str((1 << 20) + 1)}, 413),
                                ({"Upload-Length": "5", "Upload-Metadata": "question %%%"}, 400),
                                ({"Upload-Length": "5", "Upload-Metadata": "for YmFuYW5h"}, 400),
                                ({"Upload-Length": "5", "Upload-Metadata": "language a2xpbmdvbg=="}, 400),
                                ({"Upload-Length": "5", "Upload-Metadata": "kind YQ==,kind YQ=="}, 400)):
            got, answer, body = ask(s, "POST", PATH, headers=headers, token=ANNA)
            self.assertEqual((got, answer["tus-resumable"]), (status, "1.0.0"), (headers, body))
        status, headers, _ = s.request("POST", PATH, b"", {"Authorization": "Bearer " + ANNA, "Upload-Length": "5"})
        self.assertEqual((status, headers["tus-version"]), (412, "1.0.0"))
        self.assertEqual(ask(s, "POST", PATH, b"RIFF", {"Upload-Length": "5"}, ANNA)[0], 400)
        p = begin(s, 10, ANNA)
        self.assertEqual(more(s, p, 0, b"01234", ANNA), (204, 5))
        for at, data, headers, status in ((0, b"01234", {}, 409), (6, b"6", {}, 409), (5, b"567890", {}, 413),
                                          (5, b"5", {"Content-Type": "text/plain"}, 415), (5, b"5", {"Tus-Resumable": "2.0"}, 412),
                                          ("x", b"5", {}, 400), (4, b"", {}, 409)):
            self.assertEqual(more(s, p, at, data, ANNA, **headers)[0], status, (at, data, headers))
        self.assertEqual(more(s, p, 5, bytes((1 << 20) + 1), ANNA)[0], 413)
        self.assertEqual(more(s, p, 5, b"", ANNA), (204, 5))
        self.assertEqual(offset(s, p, ANNA), 5)
        for token, status in ((BOB, 404), ("c-secret", 403), ("nobody's", 401)):
            self.assertEqual([more(s, p, 5, b"5", token)[0], ask(s, "DELETE", p, token=token)[0], ask(s, "HEAD", p, token=token)[0]], [status] * 3)
        self.assertEqual(ask(s, "HEAD", PATH + "/none", token=ANNA)[0], 404)
        row_of(s, p.rsplit("/", 1)[1], "expires = 1")
        self.assertEqual([ask(s, "HEAD", p, token=ANNA)[0], more(s, p, 5, b"5", ANNA)[0], ask(s, "DELETE", p, token=ANNA)[0]], [410, 410, 410])

    def test_it_can_be_ended_also_without_delete_and_patch(self):
        s = self.s
        p = begin(s, 1000, ANNA)
        by_post = lambda method, **h: ask(s, "POST", p, h.pop("body", b""), {"X-HTTP-Method-Override": method, **h}, ANNA)[0]
        self.assertEqual(by_post("PATCH", body=b"abc", **{"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}), 204)
        self.assertIn(p.rsplit("/", 1)[1] + ".upload", media_of(s))
        self.assertEqual(offset(s, p, ANNA), 3)
        self.assertEqual(by_post("DELETE"), 204)
        self.assertEqual((ask(s, "HEAD", p, token=ANNA)[0], ask(s, "DELETE", p, token=ANNA)[0]), (404, 404))
        self.assertNotIn(p.rsplit("/", 1)[1] + ".upload", media_of(s))

    def test_only_so_much_is_unfinished_at_once(self):
        s, paths = self.s, []
        while (got := ask(s, "POST", PATH, b"", {"Upload-Length": str(1 << 20)}, BOB))[0] == 201:
            paths.append("/v1/" + got[1]["location"])
        self.assertEqual((got[0], got[1]["retry-after"]), (429, "5"))
        self.assertLessEqual(len(paths), 16)
        for p in paths:
            self.assertEqual(ask(s, "DELETE", p, token=BOB)[0], 204)
        self.assertEqual(ask(s, "DELETE", begin(s, 1 << 20, BOB), token=BOB)[0], 204)

    def test_a_transcription_of_fields_that_a_header_has_no_room_for(self):
        s, x = self.s, wav(jfk())
        body = json.dumps({"prompt": " " * 17000 + "A speech.", "response_format": "text"}).encode()
        p = begin(s, len(x), ANNA, body, **{"for": "transcription", "filename": "a.wav"})
        self.assertEqual(more(s, p, 0, x, ANNA), (204, len(x)))
        made = test_transcriptions.wait_for(s, p.rsplit("/", 1)[1], token=ANNA)
        self.assertEqual(words(made["result"]), JFK_WORDS)


class Kept(unittest.TestCase):
    def test_over_lost_connections_and_kills_it_becomes_the_session_that_the_form_makes(self):
        x = long_recording(120)  # 4 MB
        s = Server()
        p = begin(s, len(x), question="Why? Ümläut", client="ann", filename="C:\\tmp\\answer.wav", keep_media="true")
        id = p.rsplit("/", 1)[1]
        self.assertEqual(more(s, p, 0, x[:100000]), (204, 100000))
        cut_off(s, p, 100000, x[100000:1700000], len(x) - 100000)
        self.assertTrue(eventually(lambda: offset(s, p) == 1700000), offset(s, p))  # to the last byte that came
        kill(s)
        s = again(s)
        self.assertEqual((offset(s, p), row_of(s, id)), (1700000, (len(x), 1700000)))
        cut_off_at = 1700000 + (3 << 19)
        c = socket.create_connection(("127.0.0.1", s.port))
        c.sendall((f"PATCH {p} HTTP/1.1\r\nHost: 127.0.0.1\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 1700000\r\nContent-Type: "
                   f"application/offset+octet-stream\r\nContent-Length: {len(x) - 1700000}\r\n\r\n").encode() + x[1700000:cut_off_at])
        self.assertTrue(eventually(lambda: offset(s, p) > 1700000))  # kept while it comes
        kill(s)
        c.close()
        s = again(s)
        at = offset(s, p)
        self.assertGreaterEqual(at, 1700000 + (1 << 20) - 65536)
        self.assertEqual(s.get(f"/v1/sessions/{id}")[0], 404)
        self.assertEqual(more(s, p, at, x[at:]), (204, len(x)))
        self.assertIn(s.get(f"/v1/sessions/{id}")[1]["state"], ("queued", "analysing", "done"))
        kill(s)
        s = again(s)
        try:
            made = wait_for(s, id)
            status, reply = s.post_form("/v1/sessions", [("file", x, "answer.wav"), ("question", "Why? Ümläut"), ("client", "ann"),
                                                         ("keep_media", "true")])
            other = wait_for(s, reply["id"])
            self.assertEqual((made["state"], made["meta"], made["segments"]), ("done", other["meta"], other["segments"]))
            self.assertEqual(words(" ".join(t["text"] for t in made["segments"])), JFK_WORDS)
            sums = [hashlib.sha256(s.request("GET", f"/v1/sessions/{i}/media")[2]).digest() for i in (id, reply["id"])]
            self.assertEqual(sums[0], sums[1])
            status, headers, body = s.request("GET", p)  # for a client that lost the last reply
            self.assertEqual((status, json.loads(body)["complete"], headers["upload-offset"]), (200, True, str(len(x))))
            self.assertEqual(more(s, p, len(x), b"")[0], 204)
            self.assertEqual(ask(s, "DELETE", p)[0], 204)
            self.assertEqual(s.get(f"/v1/sessions/{id}")[1]["state"], "done")  # what it has become stays
            old = begin(s, 10)
            self.assertEqual(more(s, old, 0, b"abc"), (204, 3))
            row_of(s, old.rsplit("/", 1)[1], "expires = 1")
            self.assertIn(old.rsplit("/", 1)[1] + ".upload", media_of(s))
            self.assertEqual(s.stop(), 0)
            s = again(s)
            self.assertTrue(eventually(lambda: media_of(s) == sorted(f"{i}.wav" for i in (id, reply["id"]))), media_of(s))
            self.assertEqual(ask(s, "HEAD", old)[0], 404)
        finally:
            s.stop()


class Shared(unittest.TestCase):
    def test_any_server_goes_on_and_of_two_at_once_one(self):
        db = Postgres()
        self.addCleanup(db.end)
        a, b = [Server(env={"REHEARSE_STORE_URL": db.url}) for _ in range(2)]
        try:
            x = long_recording(100)  # 3.5 MB
            p = begin(a, len(x), question="Why?")
            id = p.rsplit("/", 1)[1]
            self.assertEqual(more(a, p, 0, x[:700000]), (204, 700000))
            self.assertEqual(more(b, p, 700000, x[700000:1500001]), (204, 1500001))
            cut_off(a, p, 1500001, x[1500001:1600000], len(x) - 1500001)
            self.assertTrue(eventually(lambda: offset(b, p) == 1600000), offset(b, p))
            kill(a)
            both = [in_background(more, b, p, 1600000, x[1600000:2800000]) for _ in range(2)]
            self.assertEqual(sorted(r()[0] for r in both), [204, 409])
            self.assertEqual(media_of(b), [])  # nothing of it is at one server alone
            at = offset(b, p)
            self.assertEqual(more(b, p, at, x[at:]), (204, len(x)))
            kept = db.ask(f"SELECT count(*), sum(length(data)), max(length(data)) FROM media_piece WHERE name = '{id}.upload'")
            made = wait_for(b, id)
            self.assertIn(kept, ([f"4|{len(x)}|{1 << 20}"], ["0||"]))  # in pieces of 1 MB, or done already
            self.assertEqual(words(" ".join(t["text"] for t in made["segments"])), JFK_WORDS)
            self.assertEqual(made["meta"]["question"], "Why?")
            self.assertEqual(settled(lambda: db.ask("SELECT count(*) FROM media"), ["0"]), ["0"])
            p = begin(b, 10)
            self.assertEqual(more(b, p, 0, b"abc"), (204, 3))
            self.assertEqual(ask(b, "DELETE", p)[0], 204)
            self.assertEqual(db.ask("SELECT (SELECT count(*) FROM media) + (SELECT count(*) FROM media_piece)"), ["0"])
        finally:
            a.kill()
            self.assertEqual(b.stop(), 0)


if __name__ == "__main__":
    unittest.main()
