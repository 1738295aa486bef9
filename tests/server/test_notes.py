"""Attempts at a question, notes on moments, goals."""
import unittest
from harness import *

server = None
made = []


def setUpModule():
    global server
    made.clear()
    server = Server()
    for question, client in (("Why <b>us</b>?", "ann"), ("Why <b>us</b>?", "ann"), ("Why <b>us</b>?", "bob"), ("Why?", "ann")):
        status, s = server.post_form("/v1/sessions", [("question", question), ("client", client), ("kind", "opening"),
                                                      ("file", fixture("jfk.flac"), "jfk.flac")])
        assert status == 202, s
        made.append(s["id"])
    for id in made:
        wait_done(id)


def tearDownModule():
    code = server.stop()
    assert code == 0, f"the server ended with {code}:\n{server.text()}"


def wait_done(id):
    end = time.time() + 90 * PATIENCE
    while time.time() < end:
        if server.get(f"/v1/sessions/{id}")[1]["state"] == "done":
            return
        time.sleep(0.2)
    raise RuntimeError("not analysed in time")


class Attempts(unittest.TestCase):
    def test_of_a_question_and_a_client_with_their_measures(self):
        asked = "question=Why%20%3Cb%3Eus%3C%2Fb%3E%3F"
        ids = lambda query: {s["id"] for s in server.get("/v1/sessions?" + query)[1]["sessions"]}
        self.assertEqual(ids(asked), set(made[:3]))
        self.assertEqual(ids(asked + "&client=ann"), set(made[:2]))
        self.assertEqual(ids("question=Why%3F"), {made[3]})
        self.assertEqual(ids("question=Wh"), set())
        s, = server.get("/v1/sessions?question=Why%3F")[1]["sessions"]
        self.assertTrue({"pace", "fillers"} <= set(s["measures"]), s)
        report = server.get(f"/v1/sessions/{made[3]}/report?format=json")[1]
        self.assertEqual(s["measures"]["pace"], next(m["value"] for m in report["measures"] if m["name"] == "Pace"))


class Notes(unittest.TestCase):
    def add(self, body, status=201, id=None):
        got, reply = server.post_json(f"/v1/sessions/{id or made[0]}/notes", body)
        self.assertEqual(got, status, reply)
        return reply

    def test_they_are_kept_by_their_moments_and_deleted(self):
        path = f"/v1/sessions/{made[1]}"
        late = self.add({"t": 7.5, "text": "<img src=x onerror=alert(1)> \u00fc\u0007\nnext"}, id=made[1])
        early = self.add({"t": 2}, id=made[1])
        self.assertEqual((late["text"], early["text"]), ("<img src=x onerror=alert(1)> \u00fc \nnext", ""))
        listed = server.get(path + "/notes")[1]["notes"]
        self.assertEqual([n["id"] for n in listed], [early["id"], late["id"]])
        self.assertEqual([(n["t"], n["share"]) for n in listed], [(2, None), (7.5, None)])
        self.assertEqual(server.get(path)[1]["notes"], listed)
        self.assertEqual(server.get(path + "/report?format=json")[1]["moment_notes"], listed)
        exported = {s["id"]: s for s in server.get("/v1/export")[1]["sessions"]}
        self.assertEqual(exported[made[1]]["notes"], listed)
        html = server.request("GET", path + "/report?format=html")[2]
        self.assertNotIn(b"<img src=x", html)
        self.assertIn(b"\\u003cimg", html)
        note = f"{path}/notes/{early['id']}"
        self.assertEqual(server.request("DELETE", note)[0], 204)
        self.assertEqual(server.request("DELETE", note)[0], 404)
        self.assertEqual(server.request("DELETE", f"/v1/sessions/{made[2]}/notes/{late['id']}")[0], 404)
        for odd in ("x", "0", "-1", "99999999999999999999", "1%2e5"):
            self.assertEqual(server.request("DELETE", f"{path}/notes/{odd}")[0], 404, odd)
        self.assertEqual(server.request("GET", note)[0], 405)

    def test_wrong_ones_say_what_would_be_right(self):
        for body, param, words in (({"text": "x"}, "t", "t is missing"), ({"t": -1}, "t", "\"t\" must"), ({"t": "2"}, "t", "\"t\" must"),
                                   ({"t": 1e308}, "t", "\"t\" must"), ({"t": 1, "text": 5}, "text", "text in quotes"),
                                   ({"t": 1, "text": "x" * 501}, "text", "501 characters")):
            reply = self.add(body, 400)
            self.assertEqual(reply["error"]["param"], param)
            self.assertIn(words, reply["detail"])
        for body in (b"", b"[]", b"{", b"\xff"):
            status, reply = server.post_json(f"/v1/sessions/{made[0]}/notes", body)
            self.assertEqual(status, 400)
            self.assertIn("JSON object", reply["detail"])
        self.add({"t": 1, "text": "\u00e9" * 500})
        self.add({"t": 1}, 404, "nobody")
        self.assertEqual(server.post_json(f"/v1/sessions/{made[0]}/notes", b" " * 200000)[0], 413)
        self.assertEqual(server.get("/v1/sessions/nobody/notes")[0], 404)

    def test_so_many_of_a_session_and_they_go_with_it(self):
        status, s = server.post_form("/v1/sessions", [("file", fixture("jfk.flac"), "jfk.flac")])
        for i in range(200):
            self.add({"t": i / 10, "text": f"n{i}"}, id=s["id"])
        self.assertIn("200 notes", self.add({"t": 1}, 429, s["id"])["detail"])
        self.assertEqual(server.request("DELETE", f"/v1/sessions/{s['id']}")[0], 204)
        self.assertEqual(server.get(f"/v1/sessions/{s['id']}/notes")[0], 404)


class Goals(unittest.TestCase):
    def put(self, body, status=200, client="ann"):
        got, _, reply = server.request("PUT", f"/v1/goal?client={client}", json.dumps(body))
        self.assertEqual(got, status, reply)
        return json.loads(reply)

    def test_one_of_each_client(self):
        self.assertEqual(server.get("/v1/goal?client=cy")[1], {"goal": None})
        goal = self.put({"measure": "fillers", "high": 4})["goal"]
        self.assertEqual((goal["measure"], goal["high"], goal["client"], "low" in goal), ("fillers", 4, "ann", False))
        self.put({"measure": "pace", "low": 120, "high": 160})
        goal = server.get("/v1/goal?client=ann")[1]["goal"]
        self.assertEqual((goal["measure"], goal["low"], goal["high"]), ("pace", 120, 160))
        self.assertEqual(server.get("/v1/goal?client=bob")[1], {"goal": None})
        self.assertEqual([g["client"] for g in server.get("/v1/export")[1]["goals"]], ["ann"])
        for long in ("%E5%AD%90" * 40, "x" * 4000):  # told apart to their last letter
            self.put({"measure": "fillers", "high": 1}, client=long + "a")
            self.assertEqual(server.get(f"/v1/goal?client={long}b")[1], {"goal": None})
            self.assertEqual(server.request("DELETE", f"/v1/goal?client={long}a")[0], 204)
        for odd in ("%ff", "%01"):
            self.assertEqual(self.put({"measure": "fillers", "high": 1}, 400, odd)["error"]["param"], "client")
            self.assertEqual(server.get(f"/v1/goal?client={odd}")[0], 400)
        self.assertEqual(server.request("DELETE", "/v1/goal?client=ann")[0], 204)
        self.assertEqual(server.get("/v1/goal?client=ann")[1], {"goal": None})

    def test_wrong_ones(self):
        for body, param in (({}, "measure"), ({"measure": "charm", "high": 1}, "measure"), ({"measure": "fillers"}, "high"),
                            ({"measure": "fillers", "high": -1}, "high"), ({"measure": "eye_contact", "low": 101}, "low"),
                            ({"measure": "pace", "low": 160, "high": 120}, "high"), ({"measure": "pace", "low": "120"}, "low")):
            self.assertEqual(self.put(body, 400)["error"]["param"], param, body)


if __name__ == "__main__":
    unittest.main()
