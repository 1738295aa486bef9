"""The server behind nginx and HAProxy, set up as in deploy/*.example, at the root and under a path."""
import shutil, unittest
from harness import *

PATHS = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
TOKEN = {"Authorization": "Bearer sesame"}
PROXY = "127.0.0.2"
server = big = None


def setUpModule():
    global server, big
    big = wav([v for v in jfk(96000) for _ in range(2)], 192000)  # 11 s in 4 MB
    # The proxies' own address is another than the visitors', so that one is believed and the other is not.
    server = Server("--public-origins", "http://coach.example", "--trust-loopback", "on", "--trusted-proxies", PROXY,
                    "--log-level", "debug", env={"REHEARSE_TOKENS": "sesame"})


def tearDownModule():
    code = server.stop()
    assert code == 0, f"the server ended with {code}:\n{server.text()}"


def program(name):
    found = shutil.which(name, path=PATHS)
    assert found, f"no {name}: tools/setup test installs it"
    return found


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def example(name, *changes):
    """The text of the example with its values replaced; each must be there."""
    with open(os.path.join(ROOT, "deploy", name)) as f:
        text = f.read()
    for old, new in changes:
        assert old in text, (name, old)
        text = text.replace(old, new)
    return text


class Proxy:
    def __init__(self, command, text):
        self.folder = tempfile.TemporaryDirectory(prefix="rehearse-proxy-")
        self.config = os.path.join(self.folder.name, "config")
        with open(self.config, "w") as f:
            f.write(text)
        self.log = open(os.path.join(self.folder.name, "log"), "w+b")
        self.process = subprocess.Popen(command(self.folder.name, self.config), stdout=self.log, stderr=self.log)

    def wait(self, port):
        end = time.time() + 20 * PATIENCE
        while time.time() < end and self.process.poll() is None:
            with contextlib.suppress(OSError):
                return socket.create_connection(("127.0.0.1", port), 1).close()
            time.sleep(0.05)
        self.log.seek(0)
        raise RuntimeError("the proxy did not start: " + self.log.read().decode(errors="replace"))

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()
        self.folder.cleanup()


def nginx(port, path):
    text = example("nginx.conf.example", ("listen 443 ssl", f"listen 127.0.0.1:{port}"), ("server 127.0.0.1:8000", f"server 127.0.0.1:{server.port}"),
                   ("proxy_http_version", f"proxy_bind {PROXY};\n        proxy_http_version"),
                   ('X-Forwarded-Prefix ""', f'X-Forwarded-Prefix "{path[:-1]}"'),
                   ("    ssl_certificate /etc/ssl/coach.example.pem;\n    ssl_certificate_key /etc/ssl/coach.example.key;\n", ""),
                   ("location / {", f"location {path} {{"))
    places = "".join(f"{kind}_temp_path {kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return Proxy(lambda folder, config: [program("nginx"), "-e", "stderr", "-p", folder, "-c", config],
                 f"daemon off; master_process off; pid nginx.pid; error_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{places}{text}}}\n")


def haproxy(port, path):
    changes = [("bind :443 ssl crt /etc/haproxy/coach.example.pem", f"bind 127.0.0.1:{port}"), ("127.0.0.1:8000", f"127.0.0.1:{server.port} source {PROXY}")]
    if path != "/":
        changes += [(f"#http-request {what}", f"http-request {what}") for what in ("replace-path", "set-header X-Forwarded-Prefix")]
    return Proxy(lambda _, config: [program("haproxy"), "-db", "-f", config], example("haproxy.cfg.example", *changes))


class Behind:
    """Runs against each proxy and each place; what takes long at the root only."""
    places = {}

    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.proxy = cls.make(cls.port, cls.path)
        cls.proxy.wait(cls.port)

    @classmethod
    def tearDownClass(cls):
        cls.proxy.stop()

    def ask(self, method, path, body=None, source="127.0.0.1", **headers):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60 * PATIENCE, source_address=(source, 0))
        try:
            c.request(method, self.path + path, body, {k.replace("_", "-"): v for k, v in headers.items()})
            r = c.getresponse()
            return r.status, dict((k.lower(), v) for k, v in r.getheaders()), r.read()
        finally:
            c.close()

    def test_tokens_hold_although_the_proxy_is_on_this_machine(self):
        self.assertEqual(server.request("GET", "/v1/sessions")[0], 200)  # trusted without a proxy
        for path in ("v1/sessions", "v1/export", "metrics", "v1/models"):
            self.assertEqual(self.ask("GET", path)[0], 401, path)
            self.assertEqual(self.ask("GET", path, **TOKEN)[0], 200, path)
        self.assertEqual(self.ask("DELETE", "v1/sessions/x")[0], 401)
        with self.assertRaises(ConnectionRefusedError) as caught:
            WebSocket(self.port, self.path + "v1/session/s1")
        self.assertEqual(caught.exception.args[0], 401)

    def test_host_and_origin_are_those_of_the_browser(self):
        cookie = {"Cookie": "rehearse_token=sesame"}
        here = f"127.0.0.1:{self.port}"
        for host, origin, status in ((here, f"http://{here}", 200), ("coach.example", "http://coach.example", 200),
                                     (here, "http://evil.example", 403), (here, "http://coach.example", 200),
                                     ("rebound.example", "http://rebound.example", 403), ("coach.example", "null", 403)):
            self.assertEqual(self.ask("GET", "v1/sessions", Host=host, Origin=origin, **cookie)[0], status, (host, origin))

    def test_the_page_and_its_parts(self):
        status, headers, body = self.ask("GET", "", Accept="text/html")
        self.assertEqual(status, 200)
        self.assertIn("frame-ancestors 'none'", headers["content-security-policy"])
        self.assertNotRegex(body, rb'(?:src|href)="/')
        for part in (b"docs", b"openapi.json", b"questions.json", *re.findall(rb'(?:src|href)="([a-z][^":#?]*\.(?:js|css|svg))"', body)):
            self.assertEqual(self.ask("GET", part.decode())[0], 200, part)

    def test_visitors_are_known_by_what_the_proxy_says_of_them_and_by_nothing_else(self):
        guesser, other = ("127.0.0.1%d%d" % (n, Behind.places.setdefault(type(self), len(Behind.places))) for n in (1, 2))
        forged = [{"X_Forwarded_For": f"203.0.113.{i}", "Forwarded": f"for=203.0.113.{i}"} for i in range(21)]
        codes = [self.ask("GET", "shared/" + "0" * 32, source=guesser, **headers)[0] for headers in forged]
        self.assertEqual(codes, [404] * 20 + [429])
        self.assertEqual(self.ask("GET", "shared/" + "0" * 32, source=other)[0], 404)
        # Without the proxy: who is not in trusted_proxies speaks for nobody else.
        c = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60 * PATIENCE)
        c.request("GET", "/shared/" + "0" * 32, headers={"X-Forwarded-For": guesser})
        self.assertEqual(c.getresponse().status, 404)
        c.close()

    def test_sockets_answer_and_keep_nothing_of_strangers(self):
        with WebSocket(self.port, self.path + "ws/combined/proxied") as w:
            self.assertTrue(w.ask({"frame": data_uri(fixture("astronaut.jpg"))})["video"]["face_detected"])
        with WebSocket(self.port, self.path + "v1/session/s1", headers="Cookie: rehearse_token=sesame\r\n") as w:
            self.assertEqual(w.ask({"type": "start", "sample_rate": 16000})["type"], "ready")
            w.send({"type": "discard"})
        _, _, body = self.ask("GET", "v1/sessions?client=proxied", **TOKEN)
        self.assertEqual(json.loads(body)["sessions"], [])
        self.assertIn("client proxied connected to /ws/combined/proxied from 127.0.0.1\n", server.text())


class WithMedia(Behind):
    def test_an_upload_of_several_megabytes(self):
        kind, body = form([("file", big, "a.wav")])
        self.assertGreater(len(body), 4 << 20)
        status, _, reply = self.ask("POST", "v1/audio/transcriptions", body, Content_Type=kind, **TOKEN)
        self.assertEqual(status, 200)
        self.assertEqual(words(json.loads(reply)["text"]), JFK_WORDS)
        self.assertEqual(self.ask("POST", "v1/audio/transcriptions", body, Content_Type=kind)[0], 401)

    def test_sound_through_a_socket(self):
        with WebSocket(self.port, self.path + "ws/combined/heard") as w:
            texts = [w.ask(m)["audio"]["transcribed_text"] for m in (audio_message(jfk()), {"command": "analyze"})]
            self.assertEqual(words(" ".join(texts)), JFK_WORDS)


class Nginx(WithMedia, unittest.TestCase):
    make, path = staticmethod(nginx), "/"


class NginxUnderAPath(Behind, unittest.TestCase):
    make, path = staticmethod(nginx), "/coach/"


class Haproxy(WithMedia, unittest.TestCase):
    make, path = staticmethod(haproxy), "/"


class HaproxyUnderAPath(Behind, unittest.TestCase):
    make, path = staticmethod(haproxy), "/coach/"


if __name__ == "__main__":
    unittest.main()
