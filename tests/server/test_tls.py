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

    def test_plain_http_gets_no_answer_and_harms_nothing(self):
        s = socket.create_connection(("127.0.0.1", self.server.port), 10)
        s.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        s.settimeout(20 * PATIENCE)
        try:
            self.assertNotIn(b"200", s.recv(1000)[:12])
        except ConnectionResetError:
            pass
        s.close()
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
