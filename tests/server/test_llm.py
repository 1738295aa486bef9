"""A language model beside the report: a server of its own that answers well, late, never and wrongly. Nothing that
the answer does not say reaches a report, and nobody waits longer than the limit."""
import http.server, socketserver, subprocess, unittest
from harness import *

QUOTE = "ask what you can do for your country"
LIMIT_S = 3


def remarks(quote=QUOTE, score=4, text="You name what matters.", ask="What did you do for it?"):
    mark = {"score": score, "reason": text, "quote": quote}
    other = dict(mark, quote="ask not what your country can do for you" if quote == QUOTE else quote)
    return {"rubric": {"answered_question": mark, "structure": other, "specificity": mark, "impact": other,
                       "reflection": dict(mark, quote="And so my fellow Americans" if quote == QUOTE else quote)},
            "relevance": {"text": text, "quote": quote}, "follow_ups": [{"text": ask, "quote": quote}],
            "rewrite": {"quote": quote, "text": "Ask yourself what your country needs of you."}}


def completion(said):
    said = said if isinstance(said, str) else json.dumps(said)
    return json.dumps({"choices": [{"index": 0, "message": {"role": "assistant", "content": said}}]}).encode()


class Model(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """`answer` says what it does with a request: (status, body) or a function of the handler."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.asked, self.over = (200, completion(remarks())), [], threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_):
        pass  # who is asked too long hears nothing any more


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers), None))
        self.send(200, b"{}")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, dict(self.headers), body))
        answer = self.server.answer
        if callable(answer):
            answer(self, body)
        else:
            self.send(*answer)

    def send(self, status, body, headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def serve(model, *args, **kw):
    return Server("--llm-url", model.url, "--llm-model", "small-one", "--llm-timeout-s", str(LIMIT_S), *args, **kw)


def upload(s, **fields):
    status, r = s.post_form("/v1/sessions", [("file", wav(jfk()), "a.wav"), ("question", "What is your advice?"),
                                             *fields.items()])
    assert status == 202, (status, r)
    return r["id"]


def report_of(s, name, state=("off", "done", "unavailable"), seconds=60):
    end = time.time() + seconds * PATIENCE
    while time.time() < end:
        status, r = s.get(f"/v1/sessions/{name}/report")
        if status == 200 and r["llm"]["state"] in state:
            return r
        time.sleep(0.1)
    raise AssertionError(f"{name}: {status} {r.get('llm', r)}\n{s.text()}")


def setUpModule():
    global model, server, address
    model = Model()
    address = {"http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1", "REHEARSE_LLM_KEY": "sesame-7"}
    server = serve(model, env=address)


def tearDownModule():
    model.over.set()
    server.stop()
    model.shutdown()


class Told(unittest.TestCase):
    n_failures = 0

    def told(self, answer, n_asked=None):
        """What a report says of the model that answers so."""
        model.answer, model.asked = answer, []
        r = report_of(server, upload(server))
        self.assertTrue(r["keep"] or r["change"], "the rules speak")
        if n_asked is not None:
            self.assertEqual(len(model.asked), n_asked, r["llm"])
        return r["llm"]

    def fails(self, answer, why, n_asked):
        llm = self.told(answer, n_asked)
        self.assertEqual((llm["state"], llm["model"]), ("unavailable", "small-one"))
        self.assertRegex(llm["reason"], why)
        self.assertEqual(set(llm), {"state", "model", "reason"})
        Told.n_failures += 1
        if Told.n_failures % 2 == 0:  # so that they do not add up
            self.assertEqual(self.told((200, completion(remarks())), 1)["state"], "done")

    def test_a_good_answer_is_in_the_report_with_the_answers_own_words(self):
        llm = self.told((200, completion("<think>{hm}</think>\n```json\n" + json.dumps(remarks(QUOTE.upper() + "!")) + "\n```")), 1)
        self.assertEqual((llm["state"], llm["model"], llm["dropped"]), ("done", "small-one", 3), llm)  # worn quotes
        llm = self.told((200, completion(remarks())), 1)
        self.assertEqual((llm["state"], llm["dropped"]), ("done", 0), llm)
        self.assertEqual([m["name"] for m in llm["rubric"]],
                         ["answered_question", "structure", "specificity", "impact", "reflection"])
        self.assertEqual([m["score"] for m in llm["rubric"]], [4] * 5)
        for r in llm["rubric"] + llm["follow_ups"] + [llm["relevance"], llm["rewrite"]]:
            self.assertIn(words(r["quote"]), [words(QUOTE), words("ask not what your country can do for you"),
                                              words("And so my fellow Americans")])
            self.assertTrue(0 <= r["start"] < r["end"] <= 11.1, r)
            self.assertTrue(r["text"])
        path, headers, body = model.asked[0]
        self.assertEqual(path, "/v1/chat/completions")
        self.assertEqual(headers["Authorization"], "Bearer sesame-7")
        self.assertEqual((body["model"], body["stream"]), ("small-one", False))
        self.assertEqual(body["response_format"]["type"], "json_schema")
        data = json.loads(body["messages"][1]["content"])
        self.assertEqual(data["question"], "What is your advice?")
        self.assertIn("fellow Americans", data["answer"])
        self.assertNotIn("sesame-7", server.text())
        status, caps = server.get("/v1/capabilities")
        self.assertEqual((status, caps["llm"]), (200, {"model": "small-one", "remote": False, "host": model.url[7:]}))

    def test_its_forms_and_the_kept_report_have_it(self):
        model.answer = (200, completion(remarks(text="Say <b>more</b> *now*.")))
        name = upload(server)
        report_of(server, name)
        text = server.request("GET", f"/v1/sessions/{name}/report?format=md")[2].decode()
        self.assertIn("## What small-one said", text)
        self.assertIn("Say \\<b\\>more\\</b\\> \\*now\\*.", text)
        page = server.request("GET", f"/v1/sessions/{name}/report?format=html")[2].decode()
        self.assertIn("Say \\u003cb>more", page)
        data = os.path.join(server.data.name, "data")
        out = subprocess.run([binary(), "report", name, "--data-dir", data, "--format", "md"], capture_output=True,
                             text=True, timeout=60 * PATIENCE)
        self.assertIn("## What small-one said", out.stdout, out.stderr)

    def test_invented_quotes_and_numbers_go(self):
        obeyed = remarks("I led forty people and doubled the revenue", 5)
        self.fails((200, completion(obeyed)), "none of its remarks rests on words of the answer", 1)
        mixed = remarks()
        mixed["rubric"]["answered_question"]["quote"] = "I doubled the revenue"
        mixed["rubric"]["structure"]["quote"] = "ask what you could do for your country"  # one word is another
        mixed["rubric"]["specificity"]["score"] = 99
        mixed["rubric"]["impact"]["score"] = 4.5
        mixed["rubric"]["reflection"]["quote"] = "fellow Americans"  # two words
        mixed["relevance"]["quote"] = ["ask what you can"]
        mixed["follow_ups"] += [{"text": "Tell me more.", "quote": QUOTE}, "What?", {"text": "Why?", "quote": None}]
        mixed["rewrite"]["text"] = "I raised revenue by 40 percent for my country."
        llm = self.told((200, completion(mixed)), 1)
        self.assertEqual((llm["state"], [f["text"] for f in llm["follow_ups"]]), ("done", ["What did you do for it?"]))
        self.assertEqual(set(llm), {"state", "model", "follow_ups", "dropped"})
        self.assertEqual(llm["dropped"], 10)

    def test_texts_are_short_plain_lines(self):
        nasty = remarks(text="a\x07b\x1b[31m\n<script>alert(1)</script>\u202e\u200b " + "long " * 300)
        nasty["rewrite"]["text"] = "See https://evil.example for a better answer"
        nasty["follow_ups"][0]["text"] = "\u202e\n"
        llm = self.told((200, completion(nasty)), 1)
        self.assertNotIn("rewrite", llm)
        self.assertNotIn("follow_ups", llm)
        text = llm["relevance"]["text"]
        self.assertTrue(text.startswith("a b [31m <script>alert(1)</script> long long"), text)
        self.assertTrue(len(text) <= 401 and text.endswith("long…"), text)

    def test_wrong_replies_leave_the_report_to_the_rules(self):
        self.fails((500, b"no"), "status 500", 2)
        self.fails((200, b"<html><body>hello</body></html>"), "not JSON", 2)
        self.fails((200, completion("I would rather talk.")), "did not answer with the JSON", 2)
        self.fails((200, completion(json.dumps(remarks())[:300])), "did not answer with the JSON", 2)
        self.fails((200, b'{"choices": [{"message": {"content": 7}}]}'), "no text", 2)
        self.fails((200, completion(remarks(text="a\x00b"))), "did not answer with the JSON", 2)
        self.fails((200, completion({"hello": 1})), "none of the parts", 2)
        self.fails((200, completion("[" * 100000)), "did not answer with the JSON", 2)
        self.fails((200, b"x" * 10_000_000), "longer than 1024 KB", 1)
        self.fails((401, b""), "llm_key", 1)
        self.fails((404, b""), "llm_model", 1)

    def test_a_redirect_is_not_followed(self):
        other = Model()
        self.fails(lambda h, _: h.send(307, b"", [("Location", other.url + "/v1/chat/completions")]), "redirect", 1)
        self.fails(lambda h, _: h.send(302, b"", [("Location", other.url)]), "redirect", 1)
        self.assertEqual(other.asked, [])
        other.shutdown()

    def test_who_does_not_know_the_schema_is_asked_otherwise(self):
        def fussy(h, body):
            form = body.get("response_format", {}).get("type")
            h.send(*((200, completion(remarks())) if form is None else (400, b"unknown response_format")))
        other = Model()
        other.answer = fussy
        s = serve(other)
        try:
            self.assertEqual(report_of(s, upload(s))["llm"]["state"], "done")
            self.assertEqual([b.get("response_format", {}).get("type") for _, _, b in other.asked],
                             ["json_schema", "json_object", None])
            self.assertEqual(report_of(s, upload(s))["llm"]["state"], "done")
            self.assertEqual(len(other.asked), 4)
        finally:
            s.stop()
            other.shutdown()


class Patience(unittest.TestCase):
    def test_late_and_never_end_at_the_limit_and_then_it_is_left_alone(self):
        def never(h, _):
            other.over.wait(60)

        def drips(h, _):
            h.send_response(200)
            h.end_headers()
            with contextlib.suppress(OSError):
                for _ in range(600):
                    h.wfile.write(b" ")
                    h.wfile.flush()
                    time.sleep(0.1)
        other = Model()
        s = serve(other)
        try:
            for answer in (never, drips, never):
                other.answer, before = answer, len(other.asked)
                name = upload(s)
                r = report_of(s, name, ("asked",))  # the report itself waits for nothing
                self.assertTrue(r["keep"] or r["change"])
                t = time.time()
                r = report_of(s, name)
                self.assertLess(time.time() - t, (LIMIT_S + 3) * PATIENCE)
                self.assertEqual((r["llm"]["state"], r["llm"]["reason"]), ("unavailable", "it did not answer in time"))
                self.assertEqual(len(other.asked), before + 1)
            other.answer = (200, completion(remarks()))
            r = report_of(s, upload(s))
            self.assertEqual(r["llm"]["state"], "unavailable")
            self.assertIn("failed 3 times", r["llm"]["reason"])
            self.assertEqual(len(other.asked), 3)
        finally:
            other.over.set()
            s.stop()
            other.shutdown()

    def test_what_is_deleted_or_stopped_meanwhile(self):
        def never(h, _):
            other.over.wait(60)
        other = Model()
        other.answer = never
        s = serve(other, "--llm-timeout-s", "60")
        try:
            gone = upload(s)
            report_of(s, gone, ("asked",))
            eventually(lambda: len(other.asked) == 1)
            self.assertEqual(s.request("DELETE", f"/v1/sessions/{gone}")[0], 204)
            self.assertEqual(s.get(f"/v1/sessions/{gone}/report")[0], 404)
            stopped, waiting = upload(s), upload(s)
            eventually(lambda: len(other.asked) == 2)  # the deleted one holds nobody up
            self.assertEqual(s.get(f"/v1/sessions/{gone}")[0], 404)
            report_of(s, stopped, ("asked",))
            report_of(s, waiting, ("asked",))
            t = time.time()
            self.assertEqual(s.stop(), 0)
            self.assertLess(time.time() - t, 10 * PATIENCE)
            again = Server("--data-dir", os.path.join(s.data.name, "data"))
            for name in (stopped, waiting):
                r = report_of(again, name)
                self.assertEqual(r["llm"]["state"], "unavailable")
                self.assertIn("stopped before", r["llm"]["reason"])
            self.assertEqual(again.get("/v1/capabilities")[1], {"llm": None})
            self.assertEqual(report_of(again, upload(again))["llm"], {"state": "off"})
            again.stop()
        finally:
            other.over.set()
            s.stop()
            other.shutdown()

    def test_a_kill_leaves_no_report_that_waits_for_ever(self):
        def never(h, _):
            other.over.wait(60)
        other = Model()
        other.answer = never
        s = serve(other, "--llm-timeout-s", "60")
        name = upload(s)
        report_of(s, name, ("asked",))
        s.kill()
        other.over.set()
        again = serve(other, "--data-dir", os.path.join(s.data.name, "data"))
        r = report_of(again, name)
        self.assertEqual((r["llm"]["state"], r["llm"]["reason"]),
                         ("unavailable", "the program ended before it had answered"))
        self.assertTrue(r["keep"] or r["change"])
        again.stop()
        other.shutdown()


class Settings(unittest.TestCase):
    def refused(self, *args):
        out = subprocess.run([binary(), "serve", "--port", "0", "--data-dir", server.data.name + "/other", *args],
                             capture_output=True, text=True, timeout=30 * PATIENCE)
        self.assertNotEqual(out.returncode, 0, out.stderr)
        return out.stderr

    def test_addresses_elsewhere_are_refused_at_the_start(self):
        for url in ("http://192.0.2.7:8080", "http://[2001:db8::1]/v1", "http://llm.invalid", "https://0.0.0.0"):
            said = self.refused("--llm-url", url, "--llm-model", "m")
            self.assertIn("is not this machine: what people say would go there", said)
            self.assertIn("llm_allow_remote = on", said)
        for url in ("ftp://127.0.0.1", "http://", "http://me:secret@127.0.0.1", "file:///etc/passwd", "127.0.0.1:80?x=1"):
            self.assertIn("llm_url", self.refused("--llm-url", url, "--llm-model", "m"))
        self.assertIn("llm_model", self.refused("--llm-url", "http://127.0.0.1"))
        self.assertIn("llm_key must be printable", self.refused("--llm-url", "http://127.0.0.1", "--llm-model", "m",
                                                               "--llm-key", "a\r\nX: y"))

    def test_a_place_elsewhere_is_told(self):
        s = Server("--llm-url", "http://192.0.2.7:8080", "--llm-model", "m", "--llm-allow-remote", "on")
        try:
            self.assertEqual(s.get("/v1/capabilities")[1]["llm"], {"model": "m", "host": "192.0.2.7:8080", "remote": True})
            self.assertIn("what people say goes to another machine", s.text())
        finally:
            s.stop()

    def test_the_key_is_never_shown(self):
        out = subprocess.run([binary(), "config"], capture_output=True, text=True, timeout=30,
                             env=dict(os.environ, REHEARSE_LLM_KEY="sesame-7"))
        self.assertIn("llm_key = (hidden)", out.stdout)
        self.assertNotIn("sesame", out.stdout + out.stderr)


if __name__ == "__main__":
    unittest.main()
