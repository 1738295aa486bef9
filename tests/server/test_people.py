"""Several people share a server: owners, members, mentors. Who sees, changes and is refused what; tokens by their hash,
made by `rehearse token new`; what stays as it was for one person without tokens."""
import hashlib, subprocess, unittest
from harness import *

server = None
ANNA, BOB, CARL, ROOT_, PLAIN = "anna-secret", "bob-secret", "carl-secret", "rita-secret", "sesame"


def setUpModule():
    global server
    made = subprocess.run([binary(), "token", "new", "dora", "member"], capture_output=True, text=True, check=True)
    secret, line = made.stdout.splitlines()
    Dora.secret, Dora.line = secret, line
    server = Server("--max-upload-mb", "2", env={"REHEARSE_TOKENS": ", ".join([
        f"anna:member:{ANNA}", "bob:member:sha256:" + hashlib.sha256(BOB.encode()).hexdigest(), f"carl:mentor:{CARL}",
        f"rita:owner:{ROOT_}", PLAIN, line.removeprefix("tokens = ")])})
    People.anna, People.bob = practise(ANNA, "s-anna"), practise(BOB, "s-bob")
    People.plain = practise(PLAIN, "s-plain")


def tearDownModule():
    code = server.stop()
    assert code == 0, f"the server ended with {code}:\n{server.text()}"
    for secret in (ANNA, BOB, CARL, ROOT_, Dora.secret):
        assert secret not in server.text(), "a token in the log"


def bearer(token):
    return {"Authorization": "Bearer " + token}


def ask(token, method, path, body=None, **headers):
    data = json.dumps(body) if body is not None else None
    status, _, reply = server.request(method, path, data, {**bearer(token), "Content-Type": "application/json", **headers})
    return status, json.loads(reply) if reply[:1] in (b"{", b"[") else reply


class Live:
    """A socket of /v1/session that somebody opens."""

    def __init__(self, token, id):
        self.ws = server.ws("/v1/session/" + id, headers=f"Authorization: Bearer {token}\r\n")
        self.send, self.close = self.ws.send, self.ws.close

    def until(self, kind):
        while (event := self.ws.recv())["type"] != kind:
            pass
        return event


socket_of = Live


def practise(token, id, **start):
    w = socket_of(token, id)
    w.send(json.dumps({"type": "start", "sample_rate": 16000, "client": "me", "question": "Why you?", **start}))
    w.until("ready")
    w.send(media(3, 0, jfk()[:16000 * 4].tobytes()), 2)
    w.send('{"type": "finish"}')
    w.until("report")
    w.close()
    return id


class Dora(unittest.TestCase):
    """A token that the command line made."""
    secret = line = ""

    def test_the_line_has_its_hash_alone(self):
        self.assertNotIn(self.secret, self.line)
        self.assertEqual(self.line, "tokens = dora:member:sha256:" + hashlib.sha256(self.secret.encode()).hexdigest())
        self.assertEqual(ask(self.secret, "GET", "/v1/me"), (200, {"name": "dora", "role": "member"}))
        self.assertEqual(ask(self.secret, "GET", "/v1/sessions")[1]["sessions"], [])

    def test_bad_names_and_roles(self):
        for words in (("a b", "member"), ("a:b", "member"), ("", "member"), ("x" * 65, "member"), ("anna", "admin")):
            got = subprocess.run([binary(), "token", "new", *words], capture_output=True, text=True)
            self.assertEqual((got.returncode, got.stdout), (2, ""), words)
            self.assertIn("must", got.stderr)

    def test_settings_that_contradict_are_refused_without_their_secrets(self):
        for tokens, said in (("anna:admin:hush1", "entry 1"), ("x,a?b:member:hush1", "entry 2"), ("ok,anna:member:", "entry 2"),
                             ("anna:member:sha256:12ab", "64 digits"), ("anna:member:hush1,anna:owner:hush2", "another role")):
            env = dict(os.environ, REHEARSE_TOKENS=tokens)
            got = subprocess.run([binary(), "serve", "--port", "0", "--data-dir", server.data.name + "/other"], capture_output=True,
                                 text=True, env=env, timeout=60)
            self.assertNotEqual(got.returncode, 0, tokens)
            self.assertIn(said, got.stderr)
            self.assertNotIn("hush", got.stderr)
        shown = subprocess.run([binary(), "config"], capture_output=True, text=True, env=dict(os.environ, REHEARSE_TOKENS="anna:member:hush"))
        self.assertNotIn("hush", shown.stdout)


class People(unittest.TestCase):
    anna = bob = plain = None

    def ids(self, token, query=""):
        return sorted(s["id"] for s in ask(token, "GET", "/v1/sessions" + query)[1]["sessions"])

    def test_lists(self):
        self.assertEqual(self.ids(ANNA), ["s-anna"])
        self.assertEqual(self.ids(ANNA, "?person=bob"), ["s-anna"])
        self.assertEqual(self.ids(BOB), ["s-bob"])
        self.assertEqual(self.ids(CARL, "?client=me&person=bob"), [])
        for owner in (ROOT_, PLAIN):
            self.assertEqual(self.ids(owner), ["s-anna", "s-bob", "s-plain"])
            self.assertEqual(self.ids(owner, "?person=anna"), ["s-anna"])
            self.assertEqual(self.ids(owner, "?person="), ["s-plain"])
        self.assertEqual(ask(ROOT_, "GET", "/v1/sessions?person=bob")[1]["sessions"][0]["meta"]["person"], "bob")

    def test_anothers_is_not_there(self):
        base = "/v1/sessions/s-anna"
        ways = [("GET", base), ("GET", base + "/report"), ("GET", base + "/transcript"), ("GET", base + "/media"), ("GET", base + "/video"),
                ("GET", base + "/notes"), ("POST", base + "/notes"), ("DELETE", base + "/notes/1"), ("GET", base + "/shares"),
                ("POST", base + "/shares"), ("DELETE", base + "/shares/x"), ("DELETE", base), ("POST", base + "/video")]
        for method, path in ways:
            body = {"t": 1, "text": "hi"} if method == "POST" else None
            got = ask(BOB, method, path, body)
            self.assertEqual(got[0], 404, (method, path, got))
            missing = ask(BOB, method, path.replace("s-anna", "s-none"), body)
            self.assertEqual(json.dumps(missing[1]).replace("s-none", "s-anna"), json.dumps(got[1]), (method, path))
        self.assertEqual(ask(ANNA, "GET", base)[0], 200)
        self.assertEqual(ask(ANNA, "GET", base + "/report")[0], 200)
        for owner in (ROOT_, PLAIN):
            self.assertEqual(ask(owner, "GET", base + "/report?format=md")[0], 200)

    def test_another_cannot_go_on_with_it(self):
        w = socket_of(BOB, "s-anna")
        w.send('{"type": "start", "sample_rate": 16000}')
        self.assertIn("choose another id", w.until("error")["detail"])
        w = socket_of(ANNA, "s-live")
        w.send('{"type": "start", "sample_rate": 16000, "acks": true, "client": "me"}')
        token = w.until("ready")["resume"]
        thief = socket_of(BOB, "s-live")
        thief.send(json.dumps({"type": "start", "sample_rate": 16000, "acks": True, "resume": token}))
        self.assertIn("open elsewhere", thief.until("error")["detail"])
        self.assertEqual(ask(BOB, "DELETE", "/v1/sessions/s-live")[0], 404)
        w.send('{"type": "turn.end"}')
        self.assertIn("has no turns", w.until("error")["detail"], "it still runs")
        again = socket_of(ANNA, "s-live")
        again.send(json.dumps({"type": "start", "sample_rate": 16000, "acks": True, "resume": token}))
        self.assertTrue(again.until("ready")["resumed"])
        self.assertEqual(ask(ANNA, "DELETE", "/v1/sessions/s-live")[0], 204)

    def test_the_trend_and_the_goal_are_ones_own(self):
        report = ask(BOB, "GET", "/v1/sessions/s-bob/report")[1]
        self.assertFalse([t for t in report.get("trend") or [] if t.get("id") in ("s-anna", "s-plain")], report.get("trend"))
        for token, high in ((ANNA, 3), (BOB, 7)):
            self.assertEqual(ask(token, "PUT", "/v1/goal?client=me", {"measure": "fillers", "high": high})[0], 200)
        self.assertEqual(ask(ANNA, "GET", "/v1/goal?client=me&person=bob")[1]["goal"]["high"], 3)
        self.assertEqual(ask(ROOT_, "GET", "/v1/goal?client=me&person=bob")[1]["goal"]["high"], 7)
        self.assertIsNone(ask(ROOT_, "GET", "/v1/goal?client=me")[1]["goal"])
        self.assertEqual(ask(BOB, "DELETE", "/v1/goal?client=me")[0], 204)
        self.assertEqual(ask(ANNA, "GET", "/v1/goal?client=me")[1]["goal"]["high"], 3)

    def test_interviews(self):
        made = ask(ANNA, "POST", "/v1/interviews", {"role": "general", "questions": 1})[1]
        path = "/v1/interviews/" + made["id"]
        self.assertEqual(ask(ANNA, "GET", path)[1]["person"], "anna")
        for method in ("GET", "DELETE"):
            self.assertEqual(ask(BOB, method, path)[0], 404)
        self.assertEqual(ask(BOB, "GET", "/v1/interviews")[1]["interviews"], [])
        self.assertEqual([i["id"] for i in ask(ROOT_, "GET", "/v1/interviews")[1]["interviews"]], [made["id"]])
        w = socket_of(BOB, "s-answer")
        w.send(json.dumps({"type": "start", "sample_rate": 16000, "interview": made["id"], "question_index": 0}))
        self.assertIn("no interview", w.until("error")["detail"])
        self.assertEqual(ask(ANNA, "DELETE", path)[0], 204)

    def test_export(self):
        self.assertEqual([s["id"] for s in ask(ANNA, "GET", "/v1/export")[1]["sessions"]], ["s-anna"])
        self.assertLessEqual({"s-anna", "s-bob", "s-plain"}, {s["id"] for s in ask(ROOT_, "GET", "/v1/export")[1]["sessions"]})

    def test_recordings(self):
        kind, body = form([("file", wav(jfk()[:32000]), "a.wav")])
        _, _, reply = server.request("POST", "/v1/sessions", body, {"Content-Type": kind, **bearer(BOB)})
        id = json.loads(reply)["id"]
        end = time.time() + 60 * PATIENCE
        while time.time() < end and ask(BOB, "GET", "/v1/sessions/" + id)[1]["state"] != "done":
            self.assertEqual(ask(ANNA, "GET", "/v1/sessions/" + id)[0], 404)
            time.sleep(0.2)
        self.assertEqual(ask(BOB, "GET", "/v1/sessions/" + id)[1]["meta"]["person"], "bob")
        self.assertEqual(ask(ANNA, "GET", "/v1/sessions/" + id + "/report")[0], 404)
        self.assertEqual(ask(BOB, "DELETE", "/v1/sessions/" + id)[0], 204)

    def test_sockets_of_one_client_id_are_each_ones_own(self):
        sockets = []
        for token in (ANNA, BOB, CARL):
            w = server.ws("/ws/video/shared-name", headers=f"Authorization: Bearer {token}\r\n")
            w.ask({"frame": data_uri(fixture("astronaut.jpg"))})
            sockets.append(w)
        rows = ask(ROOT_, "GET", "/v1/sessions?client=shared-name")[1]["sessions"]
        self.assertEqual(sorted(r["meta"]["person"] for r in rows), ["anna", "bob"], "nothing is kept of a mentor")
        for r in rows:
            self.assertEqual(ask(ROOT_, "DELETE", "/v1/sessions/" + r["id"])[0], 204)
        for w in sockets:
            w.close()


class Mentors(unittest.TestCase):
    def test_what_the_role_cannot_do(self):
        for method, path in (("POST", "/v1/interviews"), ("GET", "/v1/interviews"), ("GET", "/v1/export"), ("PUT", "/v1/goal"),
                             ("GET", "/v1/goal"), ("DELETE", "/v1/sessions/s-anna"), ("POST", "/v1/sessions"), ("GET", "/metrics"),
                             ("POST", "/v1/audio/transcriptions"), ("POST", "/v1/sessions/s-anna/shares")):
            status, got = ask(CARL, method, path, {} if method in ("POST", "PUT") else None)
            self.assertEqual(status, 403, (method, path))
            self.assertRegex(got["detail"], "mentor may read|only an owner")
        with self.assertRaises(ConnectionRefusedError) as caught:
            socket_of(CARL, "s-carl")
        self.assertEqual(caught.exception.args[0], 403)
        self.assertEqual(ask(ANNA, "GET", "/metrics")[0], 403)
        self.assertEqual(ask(PLAIN, "GET", "/metrics")[0], 200)
        self.assertEqual(ask(CARL, "GET", "/v1/me")[1], {"name": "carl", "role": "mentor"})

    def test_reads_what_is_shared_and_writes_notes(self):
        base = "/v1/sessions/s-anna"
        self.assertEqual(ask(CARL, "GET", base)[0], 404)
        own = ask(ANNA, "POST", base + "/notes", {"t": 1, "text": "mine alone"})[1]
        status, share = ask(ANNA, "POST", base + "/shares", {"with": "carl"})
        self.assertEqual((status, share["with"], "url" in share), (201, "carl", False))
        self.assertEqual(ask(ANNA, "POST", base + "/shares", {"with": "c a"})[0], 400)
        self.assertEqual([s["id"] for s in ask(CARL, "GET", "/v1/sessions")[1]["sessions"]], ["s-anna"])
        whole = ask(CARL, "GET", base)[1]
        self.assertEqual((whole["notes"], whole["meta"]["person"], "client" in whole["meta"]), ([], "anna", False))
        self.assertIn("scores", ask(CARL, "GET", base + "/report")[1])
        self.assertEqual(ask(CARL, "GET", base + "/transcript")[0], 200)
        for of in ("media", "video"):
            status, got = ask(CARL, "GET", f"{base}/{of}")
            self.assertEqual(status, 404)
            self.assertIn("not shared with you", got["error"]["message"])
        note = ask(CARL, "POST", base + "/notes", {"t": 2, "text": "look up here"})
        self.assertEqual((note[0], note[1]["author"]), (201, "carl"))
        self.assertEqual([n["text"] for n in ask(CARL, "GET", base + "/notes")[1]["notes"]], ["look up here"])
        self.assertEqual(ask(CARL, "DELETE", f"{base}/notes/{own['id']}")[0], 404)
        self.assertEqual([n["text"] for n in ask(ANNA, "GET", base + "/notes")[1]["notes"]], ["mine alone", "look up here"])
        self.assertEqual(ask(CARL, "DELETE", f"{base}/notes/{note[1]['id']}")[0], 204)
        self.assertEqual(ask(ANNA, "DELETE", f"{base}/shares/{share['id']}")[0], 204)
        self.assertEqual(ask(CARL, "GET", base)[0], 404)
        self.assertEqual(ask(CARL, "GET", "/v1/sessions")[1]["sessions"], [])


class Audit(unittest.TestCase):
    """Who read, deleted, exported and shared; never what was said."""

    def rows(self, query=""):
        status, got = ask(ROOT_, "GET", "/v1/audit" + query)
        self.assertEqual(status, 200, got)
        return got["audit"]

    def test_what_was_done_is_told_to_owners(self):
        id, base = practise(BOB, "s-audit"), "/v1/sessions/s-audit"
        began = time.time()
        self.assertEqual(ask(BOB, "GET", base + "/report")[0], 200)
        self.assertEqual(ask(BOB, "GET", base + "/report?format=md")[0], 200)
        self.assertEqual(ask(ANNA, "GET", base + "/report")[0], 404)
        self.assertEqual(server.request("GET", base + "/report", headers={**bearer(ROOT_), "X-Forwarded-For": "203.0.113.9"})[0], 200)
        link = ask(BOB, "POST", base + "/shares", {"comments": True})[1]
        self.assertEqual(server.request("GET", link["url"])[0], 200)
        self.assertEqual(server.request("POST", link["url"] + "/comments", json.dumps({"t": 1, "text": "hidden words", "name": "Zoe"}))[0], 201)
        self.assertEqual(ask(BOB, "DELETE", f"{base}/shares/{link['id']}")[0], 204)
        self.assertEqual(ask(BOB, "GET", "/v1/export")[0], 200)
        self.assertEqual(ask(BOB, "DELETE", base)[0], 204)
        got = self.rows("?session=s-audit")
        self.assertEqual([(r.get("person"), r["role"], r["what"]) for r in reversed(got)],
                         [("bob", "member", "read"), ("rita", "owner", "read"), ("bob", "member", "share"), (None, "link", "read"),
                          (None, "link", "note"), ("bob", "member", "unshare"), ("bob", "member", "delete")])
        self.assertEqual([r["address"] for r in reversed(got)][:2], ["127.0.0.1", "203.0.113.9"])
        for r in got:
            self.assertLessEqual(set(r), {"id", "t", "person", "role", "what", "session", "address"})
            self.assertTrue(began - 1 < r["t"] < time.time() + 1)
        self.assertIn("export", [r["what"] for r in self.rows("?person=bob")])
        self.assertEqual({r.get("person") for r in self.rows("?person=bob")}, {"bob"})
        pages, before = [], "before=0"
        while page := self.rows(f"?limit=2&session=s-audit&{before}"):
            pages += page
            before = f"before={page[-1]['t']!r}&before_id={page[-1]['id']}"
        self.assertEqual(pages, got)
        self.assertNotIn("hidden words", json.dumps(got))
        shown = subprocess.run([binary(), "audit", "--data-dir", os.path.join(server.data.name, "data"), "--session", id],
                               capture_output=True, text=True, check=True).stdout
        self.assertEqual(shown.splitlines()[0].split()[2:5], ["bob", "member", "delete"])

    def test_is_for_owners_alone(self):
        for token in (ANNA, CARL):
            self.assertEqual(ask(token, "GET", "/v1/audit")[0], 403)
        self.assertEqual(ask(ROOT_, "GET", "/v1/audit?limit=0")[0], 400)


if __name__ == "__main__":
    unittest.main()
