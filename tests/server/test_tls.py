"""https and wss with a certificate made here."""
import shutil, ssl, unittest
from harness import *


@unittest.skipUnless(shutil.which("openssl"), "no openssl program to make a certificate with")
class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="rehearse-test-")
        cls.cert, cls.key = (os.path.join(cls.folder.name, n) for n in ("cert.pem", "key.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", cls.key, "-out", cls.cert], check=True, capture_output=True)
        cls.server = Server("--tls-cert", cls.cert, "--tls-key", cls.key, wait=False)
        cls.context = ssl.create_default_context(cafile=cls.cert)
        end = time.time() + 60 * PATIENCE
        while cls.get("/health")[0] != 200 and time.time() < end:
            time.sleep(0.1)

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        cls.folder.cleanup()
        assert code == 0, cls.server.text()

    @classmethod
    def get(cls, path, body=None, headers={}):
        c = http.client.HTTPSConnection("127.0.0.1", cls.server.port, timeout=60, context=cls.context)
        try:
            c.request("POST" if body else "GET", path, body, headers)
            r = c.getresponse()
            return r.status, r.read()
        finally:
            c.close()

    def test_page_and_pictures_over_https(self):
        self.assertIn("https://", self.server.text())
        status, body = self.get("/", headers={"Accept": "text/html"})
        self.assertEqual(status, 200)
        self.assertIn(b"<html", body)
        status, body = self.get("/api/analyze-frame", fixture("astronaut.jpg"), {"Content-Type": "image/jpeg"})
        self.assertTrue(json.loads(body)["face_detected"])
        status, _ = self.get("/v1/sessions", headers={"Origin": f"https://127.0.0.1:{self.server.port}"})
        self.assertEqual(status, 200)
        status, _ = self.get("/v1/sessions", headers={"Origin": "https://evil.example"})
        self.assertEqual(status, 403)

    def test_a_session_over_wss(self):
        w = WebSocket(self.server.port, "/ws/video/tls", wrap=self.context)
        self.assertTrue(w.ask({"frame": data_uri(fixture("astronaut.jpg"))})["face_detected"])
        big = {"audio": base64.b64encode(bytes(4 * 16000 * 20)).decode(), "sample_rate": 16000}
        a = WebSocket(self.server.port, "/ws/audio/tls", wrap=self.context)
        self.assertEqual(a.ask(big)["status"], "buffering")
        w.close()
        a.close()

    def test_plain_http_is_told_and_harms_nothing(self):
        with socket.create_connection(("127.0.0.1", self.server.port), 10) as s:
            s.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            s.settimeout(20 * PATIENCE)
            data = b""
            while piece := s.recv(1000):
                data += piece
        self.assertTrue(data.startswith(b"HTTP/1.1 400 "), data)
        self.assertIn(b"https", data)
        self.assertEqual(self.get("/health")[0], 200)

    def open(self, *protocols, **versions):
        context = ssl.create_default_context(cafile=self.cert)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        for name, value in versions.items():
            setattr(context, name, value)
        return context.wrap_socket(socket.create_connection(("127.0.0.1", self.server.port), 20), server_hostname="127.0.0.1")

    def test_http_1_1_is_all_that_is_offered(self):
        for offer, chosen in ((("h2", "http/1.1"), "http/1.1"), (("http/1.1",), "http/1.1"), ((), None)):
            with self.open(*offer) as s:
                self.assertEqual(s.selected_alpn_protocol(), chosen)
                s.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                with s.makefile("rb") as f:
                    self.assertEqual(read_reply(f)[0], 200)
        with self.assertRaises(ssl.SSLError):
            self.open("h2").close()

    def test_versions_1_2_and_1_3(self):
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            with self.open(minimum_version=version, maximum_version=version) as s:
                self.assertEqual(s.version(), name)

    def test_a_burst_with_a_large_body_and_an_end(self):
        health = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
        image = fixture("astronaut.jpg")
        post = (b"POST /api/analyze-frame HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n"
                b"Content-Length: %d\r\n\r\n" % len(image)) + image
        big = b"POST /api/analyze-frame HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (20 << 20)
        with self.open() as s, s.makefile("rb") as f:
            send = in_background(s.sendall, health * 30 + post + big + b"x" * (20 << 20) + health)
            self.assertEqual([read_reply(f)[0] for _ in range(33)], [200] * 31 + [413, 200])
            send()
        with self.open() as s:  # cut in the middle of a record
            s.sendall(post[:len(post) // 2])
            raw = s.detach()
            os.close(raw)
        self.assertEqual(self.get("/health")[0], 200)

    def test_half_a_setting_or_a_bad_file_is_told(self):
        for args, why in ((["--tls-cert", self.cert], "both"), (["--tls-cert", self.cert, "--tls-key", "/nowhere.pem"], "tls_key"),
                          (["--tls-cert", __file__, "--tls-key", self.key], "PEM")):
            with tempfile.TemporaryDirectory() as data:
                p = subprocess.run([binary(), "serve", "--port", "0", "--data-dir", data, *args], capture_output=True, text=True, timeout=60 * PATIENCE)
            self.assertEqual(p.returncode, 1, args)
            self.assertIn(why, p.stderr)


if __name__ == "__main__":
    unittest.main()
