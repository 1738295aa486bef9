"""Who may use what holds people's words: tokens, proxies' headers, CORS, errors in OpenAI's shape,
byte ranges of kept sound. One server with tokens, one without."""
import email.utils, unittest
from harness import *

guarded = open_one = None
TOKEN = {"Authorization": "Bearer sesame"}
FORWARDING = ({"X-Forwarded-For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}, {"X-Real-IP": "203.0.113.9"},
              {"x-real-ip": "::1"}, {"X-Forwarded-For": ""}, {"X-Forwarded-For": "127.0.0.1"}, {"Via": "1.1 proxy"})


def setUpModule():
    global guarded, open_one
    guarded = Server("--public-origins", "https://coach.example", "--max-upload-mb", "1", env={"REHEARSE_TOKENS": "sesame"})
    open_one = Server("--public-origins", "https://coach.example")


def tearDownModule():
    for s in (guarded, open_one):
        code = s.stop()
        assert code == 0, f"the server ended with {code}:\n{s.text()}"


def lines(headers):
    return "".join(f"{k}: {v}\r\n" for k, v in headers.items())


class Tokens(unittest.TestCase):
    CLOSED = ("/v1/sessions", "/v1/export", "/v1/models", "/v1/sessions/x/media", "/v1/nowhere", "/v1", "/metrics", "/metrics/")
    OPEN = ("/", "/health", "/live", "/ready", "/docs", "/openapi.json", "/index.html")

    def test_this_machine_needs_one_too(self):
        for path in self.CLOSED:
            status, headers, _ = guarded.request("GET", path)
            self.assertEqual((status, headers["www-authenticate"]), (401, "Bearer"), path)
            self.assertIn(guarded.request("GET", path, headers=TOKEN)[0], (200, 404), path)
            cookie = {"Cookie": "a=b; rehearse_token=sesame"}
            self.assertIn(guarded.request("GET", path, headers=cookie)[0], (200, 404), path)
            self.assertEqual(guarded.request("GET", path, headers={"Host": "rebound.example", **cookie})[0], 403, path)
            self.assertEqual(open_one.request("GET", path, headers={"Host": "rebound.example"})[0], 403, path)
        for path in self.OPEN:
            self.assertEqual(guarded.request("GET", path, headers=FORWARDING[0])[0], 200, path)

    def test_the_host_that_a_trusted_proxy_was_asked_for(self):
        for server, headers in ((guarded, {"Cookie": "rehearse_token=sesame"}), (open_one, {})):
            for host, asked, origin, status in (
                    ("10.0.0.5:8000", "coach.example", "https://coach.example", 200), ("10.0.0.5:8000", "localhost:81", "http://localhost:81", 200),
                    ("10.0.0.5:8000", "localhost:81", "http://10.0.0.5:8000", 403), ("10.0.0.5:8000", "localhost", "https://evil.example", 403),
                    ("10.0.0.5:8000", "evil.example", "https://evil.example", 403), ("evil.example", "localhost", "http://localhost", 403),
                    ("evil.example", "localhost", None, 403), ("10.0.0.5:8000", "a, localhost:81", "http://localhost:81", 200)):
                given = {**headers, "Host": host, "X-Forwarded-Host": asked, **({"Origin": origin} if origin else {})}
                self.assertEqual(server.request("GET", "/v1/sessions", headers=given)[0], status, given)

    def test_sockets_too(self):
        for headers in ({}, *FORWARDING, {"Authorization": "Bearer wrong"}, {"Cookie": "rehearse_token=wrong"}):
            with self.assertRaises(ConnectionRefusedError) as caught:
                guarded.ws("/v1/session/s1", headers=lines(headers))
            self.assertEqual(caught.exception.args[0], 401)
            self.assertEqual(json.loads(caught.exception.args[1])["error"]["code"], "invalid_api_key")
        for headers in (TOKEN, {"Cookie": "rehearse_token=sesame", **FORWARDING[0]}):
            guarded.ws("/v1/session/s1", headers=lines(headers)).close()

    def test_sockets_of_strangers_leave_nothing(self):
        local = {"Origin": "http://localhost:3000"}
        cases = ((guarded, "plain", {}, False), (guarded, "local", local, False), (guarded, "bearer", TOKEN, True),
                 (guarded, "cookie", {"Cookie": "rehearse_token=sesame", **FORWARDING[0]}, True),
                 (open_one, "plain", {}, True), (open_one, "local", local, True),
                 (open_one, "proxied", {**local, **FORWARDING[0]}, False),
                 (open_one, "foreign", {"Origin": "https://evil.example"}, False))
        sockets = []
        for server, name, headers, _ in cases:
            w = server.ws("/ws/video/" + name, headers=lines(headers))
            w.ask({"frame": data_uri(fixture("astronaut.jpg"))})
            sockets.append(w)
        for server, name, _, kept in cases:
            _, _, body = server.request("GET", f"/v1/sessions?client={name}", headers=TOKEN)
            self.assertEqual(len(json.loads(body)["sessions"]), int(kept), name)
        for w in sockets:
            w.close()


class Pages(unittest.TestCase):
    """CORS of what tokens and origins guard."""

    def ask(self, server, path, origin, **more):
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST",
                   "Access-Control-Request-Headers": "authorization,x-stainless-os,x-stainless-runtime-version,range"}
        status, got, _ = server.request("OPTIONS", path, headers={**headers, **more})
        return status, {k: v for k, v in got.items() if k.startswith("access-control")}

    def test_preflight_where_a_token_may_follow(self):
        for path in ("/v1/audio/transcriptions", "/v1/sessions/x/media", "/v1/nowhere", "/metrics"):
            status, got = self.ask(guarded, path, "https://app.example")
            self.assertEqual(status, 204, path)
            self.assertEqual(got["access-control-allow-origin"], "https://app.example")
            for name in ("authorization", "x-stainless-os", "x-stainless-runtime-version", "range"):
                self.assertIn(name, got["access-control-allow-headers"])
            self.assertNotIn("access-control-allow-credentials", got)
        self.assertIn("POST", self.ask(guarded, "/v1/audio/transcriptions", "https://app.example")[1]["access-control-allow-methods"])
        self.assertIn("DELETE", self.ask(guarded, "/v1/sessions/x", "https://app.example")[1]["access-control-allow-methods"])

    def test_preflight_where_the_origin_decides(self):
        status, got = self.ask(open_one, "/v1/models", "https://coach.example")
        self.assertEqual((status, got["access-control-allow-origin"]), (204, "https://coach.example"))
        self.assertEqual(got["access-control-allow-credentials"], "true")
        for origin in ("https://app.example", "null"):
            status, got = self.ask(open_one, "/v1/models", origin)
            self.assertEqual(status, 403)
            self.assertEqual(got, {})
        self.assertEqual(self.ask(open_one, "/v1/models", "https://coach.example", Host="rebound.example")[0], 403)

    def test_preflight_allows_only_what_a_page_may_send(self):
        named = {"Access-Control-Request-Headers": "x-a, X-Forwarded-For, forwarded, x-b"}
        self.assertEqual(self.ask(guarded, "/v1/models", "https://a.example", **named)[1]["access-control-allow-headers"], "x-a, x-b")
        self.assertEqual(self.ask(guarded, "/v1/models", "https://a.example", **{"Access-Control-Request-Headers": "a b"})[0], 400)
        status, got = self.ask(open_one, "/api/analyze-frame", "https://a.example", **named)
        self.assertEqual((status, got["access-control-allow-headers"]), (204, "x-a, x-b"))

    def test_replies_can_be_read(self):
        page = {"Origin": "https://app.example"}
        for headers, status in ((TOKEN, 200), ({"Authorization": "Bearer wrong"}, 401)):
            got, sent, _ = guarded.request("GET", "/v1/models", headers={**page, **headers})
            self.assertEqual((got, sent["access-control-allow-origin"]), (status, "https://app.example"))
            self.assertIn("content-range", sent["access-control-expose-headers"])
            self.assertIn("origin", sent["vary"])
        got, sent, _ = guarded.request("GET", "/v1/models", headers=page)
        self.assertEqual(got, 403)
        self.assertNotIn("access-control-allow-origin", sent)

    def test_an_origin_too_long_to_be_read_is_nobodys(self):
        long = "https://" + ".".join(["a" * 60] * 5)
        self.assertEqual(open_one.request("GET", "/v1/models", headers={"Origin": long})[0], 403)
        with self.assertRaises(ConnectionRefusedError) as caught:
            open_one.ws("/v1/session/s1", headers=f"Origin: {long}\r\n")
        self.assertEqual(caught.exception.args[0], 403)


class Errors(unittest.TestCase):
    """Under /v1 every refusal has both shapes."""

    def check(self, reply, status, param=None, code=None, kind="invalid_request_error"):
        got, headers, body = reply
        self.assertEqual(got, status, body)
        self.assertEqual(headers["content-type"], "application/json")
        r = json.loads(body)
        self.assertEqual(set(r["error"]), {"message", "type", "param", "code"})
        self.assertEqual(r["detail"], r["error"]["message"])
        self.assertEqual((r["error"]["type"], r["error"]["param"], r["error"]["code"]), (kind, param, code), r)
        return r

    def ask(self, method, path, body=None, **headers):
        return guarded.request(method, path, body, {**TOKEN, **headers})

    def form(self, path, *fields):
        kind, body = form(fields)
        return self.ask("POST", path, body, **{"Content-Type": kind})

    def test_of_the_request(self):
        self.check(guarded.request("GET", "/v1/sessions"), 401, code="invalid_api_key")
        self.check(guarded.request("GET", "/v1/models", headers={"Host": "x.example"}), 403)
        self.check(self.ask("GET", "/v1/nowhere"), 404)
        self.check(self.ask("GET", "/v1/sessions/nobody"), 404)
        self.check(self.ask("POST", "/v1/models", b"{}"), 405)
        self.check(self.ask("PUT", "/v1/audio/transcriptions", b"{}"), 405)
        self.check(self.ask("GET", "/v1/session/x"), 400)
        self.check(self.ask("POST", "/v1/audio/transcriptions", b"x", **{"Content-Type": "text/plain"}), 415)
        self.check(self.form("/v1/sessions", ("question", "?")), 422, "file")
        self.check(self.form("/v1/sessions", ("file", b"", "a.wav")), 400, "file")
        self.check(self.form("/v1/sessions", ("file", b"x", "a.wav"), ("keep_media", "perhaps")), 400, "keep_media")
        self.check(self.ask("GET", "/v1/sessions/nobody/report?format=pdf"), 404)
        self.check(self.ask("GET", "/v1/sessions?limit=x"), 400, "limit")
        self.check(self.ask("GET", "/v1/sessions?limit=1000000"), 400, "limit")
        self.check(self.ask("GET", "/v1/sessions?before=x"), 400, "before")

    def test_of_uploads(self):
        path = "/v1/audio/transcriptions"
        self.check(self.form(path, ("file", b"x" * (3 << 20), "a.wav")), 413, "file")
        self.check(self.form(path, ("file", b"x", "a.wav"), ("prompt", "x" * 70000)), 413, "prompt")
        self.check(self.form(path, ("model", "whisper-1")), 400, "file")
        self.check(self.form(path, ("file", b"", "a.wav")), 400, "file")
        self.check(self.form(path, ("file", b"no sound", "a.wav")), 400, "file")
        good = ("file", wav([0.0] * 16000), "a.wav")
        for name, value in (("response_format", "pdf"), ("temperature", "hot"), ("temperature", "nan"), ("language", "x" * 40),
                            ("stream", "perhaps"), ("timestamp_granularities[]", "letter"),
                            ("prompt", b"\xff\xfe")):
            self.check(self.form(path, good, (name, value)), 400, name)

    def test_of_models(self):
        for name in ("gpt-4o-transcribe", "gpt-4o-mini-transcribe", "whisper-2", "whisper-large-v3", "tts-1", "\N{SNOWMAN}"):
            r = self.check(self.form("/v1/audio/transcriptions", ("file", b"x", "a.wav"), ("model", name)),
                           404, "model", "model_not_found")
            self.assertIn("whisper-1", r["detail"])
        self.check(self.ask("GET", "/v1/models/whisper-2"), 404, "model", "model_not_found")
        listed = [m["id"] for m in json.loads(self.ask("GET", "/v1/models")[2])["data"]]
        self.assertEqual(listed, ["whisper-1", "whisper-base"])
        for name in listed:
            self.assertEqual(json.loads(self.ask("GET", "/v1/models/" + name)[2])["id"], name)
            status, _, body = self.form("/v1/audio/transcriptions", ("file", wav([0.0] * 16000), "a.wav"), ("model", name))
            self.assertEqual(status, 200, body)


class Ranges(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        kind, body = form([("file", wav(jfk()[:80000]), "a.wav"), ("keep_media", "1")])
        _, _, reply = guarded.request("POST", "/v1/sessions", body, {"Content-Type": kind, **TOKEN})
        cls.session = json.loads(reply)["id"]
        cls.path = f"/v1/sessions/{cls.session}/media"
        end = time.time() + 60 * PATIENCE
        while time.time() < end and json.loads(guarded.request("GET", f"/v1/sessions/{cls.session}", headers=TOKEN)[2])["state"] != "done":
            time.sleep(0.2)
        status, cls.headers, cls.whole = guarded.request("GET", cls.path, headers=TOKEN)
        assert status == 200, cls.whole

    def ask(self, method="GET", **headers):
        return guarded.request(method, self.path, headers={**TOKEN, **{k.replace("_", "-"): v for k, v in headers.items()}})

    def test_the_whole_says_that_parts_are_possible(self):
        self.assertEqual(self.headers["accept-ranges"], "bytes")
        self.assertEqual(int(self.headers["content-length"]), len(self.whole))
        self.assertTrue(email.utils.parsedate_to_datetime(self.headers["last-modified"]))
        status, headers, body = self.ask("HEAD", Range="bytes=0-9")
        self.assertEqual((status, body, headers["content-length"]), (200, b"", str(len(self.whole))))
        self.assertEqual(headers["accept-ranges"], "bytes")
        status, _, body = self.ask(If_None_Match=self.headers["etag"])
        self.assertEqual((status, body), (304, b""))

    def test_closed_open_and_suffix(self):
        n = len(self.whole)
        for asked, a, b in (("bytes=0-0", 0, 1), ("bytes=0-", 0, n), ("bytes=44-1043", 44, 1044), ("bytes=1000-", 1000, n),
                            (f"bytes={n - 1}-", n - 1, n), ("bytes=-500", n - 500, n), (f"bytes=-{n + 5}", 0, n),
                            (f"bytes=5-{n * 9}", 5, n), ("BYTES=7-8", 7, 9)):
            status, headers, body = self.ask(Range=asked)
            self.assertEqual(status, 206, asked)
            self.assertEqual(headers["content-range"], f"bytes {a}-{b - 1}/{n}", asked)
            self.assertEqual(headers["accept-ranges"], "bytes")
            self.assertEqual(headers["content-type"], "audio/wav")
            self.assertEqual(body, self.whole[a:b], asked)

    def test_behind_the_end(self):
        n = len(self.whole)
        for asked in (f"bytes={n}-", f"bytes={n}-{n + 5}", "bytes=-0", "bytes=99999999999999999999-"):
            status, headers, body = self.ask(Range=asked)
            self.assertEqual((status, headers["content-range"]), (416, f"bytes */{n}"), asked)
            self.assertIn("detail", json.loads(body))

    def test_what_is_no_single_range_gets_the_whole(self):
        for asked in ("bytes=5-4", "bytes=x-", "items=0-1", "bytes=0-1,4-5", "bytes=-", "0-5", "bytes=" + "1" * 300 + "-"):
            status, headers, body = self.ask(Range=asked)
            self.assertIn((status, body), ((200, self.whole), (416, body)) if len(asked) > 99 else ((200, self.whole),), asked)

    def test_if_range(self):
        etag, date = self.headers["etag"], self.headers["last-modified"]
        for value, status in ((etag, 206), (date, 206), ('"other"', 200), ("W/" + etag, 200),
                              ("Thu, 01 Jan 1970 00:00:00 GMT", 200), ("x" * 500, 200)):
            got, _, body = self.ask(Range="bytes=10-19", If_Range=value)
            self.assertEqual((got, body), (status, self.whole[10:20] if status == 206 else self.whole), value)

    def test_the_readable_report_brings_its_rules(self):
        status, headers, body = guarded.request("GET", f"/v1/sessions/{self.session}/report?format=html", headers=TOKEN)
        self.assertEqual((status, headers["x-content-type-options"], headers["referrer-policy"]), (200, "nosniff", "no-referrer"))
        policy = dict(p.strip().split(" ", 1) for p in headers["content-security-policy"].split(";"))
        self.assertEqual((policy["default-src"], policy["frame-ancestors"]), ("'none'", "'none'"))
        nonce = re.fullmatch(r"'nonce-([0-9a-f]{32})'", policy["script-src"]).group(1)
        scripts = re.findall(rb"<script([^>]*)>", body)
        self.assertEqual(sum(f'nonce="{nonce}"'.encode() in s for s in scripts), 2, scripts)
        again = guarded.request("GET", f"/v1/sessions/{self.session}/report?format=html", headers=TOKEN)[1]
        self.assertNotIn(nonce, again["content-security-policy"])


if __name__ == "__main__":
    unittest.main()
