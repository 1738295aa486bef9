"""The connection itself: requests in one piece, ambiguous ones, slow and silent clients, places."""
import resource, unittest
from harness import *

MAX_CLIENTS = 12

setUpModule, tearDownModule = one_server(globals(), "--max-clients", str(MAX_CLIENTS))


def connect(timeout=30):
    s = socket.create_connection(("127.0.0.1", server.port), 10)
    s.settimeout(timeout * PATIENCE)
    return s


def talk(data, n=1, piece=0):
    """Sends `data` (in pieces) and reads n replies: [(status, body)]; (0, None) = the end."""
    with connect() as c:
        for i in range(0, len(data), piece or len(data)):
            c.sendall(data[i:i + (piece or len(data))])
        with c.makefile("rb") as f:
            return [read_reply(f) for _ in range(n)]


def head(method="GET", path="/health", *more):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *more, "", ""]).encode()


def picture():
    return fixture("images/grey.jpg")


def post(body=None, path="/api/analyze-frame"):
    body = picture() if body is None else body
    return head("POST", path, "Content-Type: image/jpeg", f"Content-Length: {len(body)}") + body


class Requests(unittest.TestCase):
    def test_a_hundred_in_one_piece(self):
        got = talk(head("GET", "/openapi.json") + head() * 99, 100)
        self.assertEqual([s for s, _ in got], [200] * 100)
        self.assertIn(b"openapi", got[0][1])
        for piece in (1, 7, 61):
            self.assertEqual([s for s, _ in talk(head() * 5, 5, piece)], [200] * 5)

    def test_bodies_in_one_piece_with_what_follows(self):
        image = picture()
        chunked = head("POST", "/api/analyze-frame", "Content-Type: image/jpeg", "Transfer-Encoding: chunked")
        chunked += b"".join(b"%x;x=y\r\n" % len(image[i:i + 999]) + image[i:i + 999] + b"\r\n" for i in range(0, len(image), 999))
        chunked += b"0\r\nTrailer: x\r\n\r\n"
        got = talk(post() + head() + chunked + head() + chunked + post() + head("GET", "/nowhere"), 7)
        self.assertEqual([s for s, _ in got], [200, 200, 200, 200, 200, 200, 404])
        for i in (0, 2, 4, 5):
            self.assertIn("face_detected", json.loads(got[i][1]))
        self.assertEqual(json.loads(got[3][1])["status"], "healthy")

    def test_a_refused_body_is_read_to_its_end(self):
        big = b"x" * (20 << 20)
        got = talk(head("POST", "/api/analyze-frame", f"Content-Length: {len(big)}") + big + head(), 2)
        self.assertEqual([s for s, _ in got], [413, 200])

    def test_what_can_be_read_in_two_ways_gets_400_and_the_end(self):
        body = picture()
        for name, data in {
                "no host": b"GET /health HTTP/1.1\r\n\r\n",
                "two hosts": head("GET", "/health", "Host: localhost"),
                "two lengths": head("POST", "/api/analyze-frame", f"Content-Length: {len(body)}", f"Content-Length: {len(body)}") + body,
                "other lengths": head("POST", "/api/analyze-frame", "Content-Length: 5", f"Content-Length: {len(body)}") + body,
                "list of lengths": head("POST", "/api/analyze-frame", "Content-Length: 5, 5") + b"abcde",
                "both": head("POST", "/api/analyze-frame", "Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
                "both, turned": head("POST", "/api/analyze-frame", "Transfer-Encoding: chunked", "Content-Length: 5") + b"0\r\n\r\n",
                "two codings": head("POST", "/api/analyze-frame", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
                "space before colon": head("POST", "/api/analyze-frame", "Transfer-Encoding : chunked") + b"0\r\n\r\n",
                "bare line end": b"GET /health HTTP/1.1\nHost: localhost\n\n",
                "folded": b"GET /health HTTP/1.1\r\nHost: localhost\r\n x: y\r\n\r\n",
                "chunk size": head("POST", "/api/analyze-frame", "Transfer-Encoding: chunked") + b"0x5\r\nabcde\r\n0\r\n\r\n",
                "NUL in the path": head("GET", "/health%00"), "NUL": head("GET", "/hea\0lth"),
                "NUL in an id": head("GET", "/v1/sessions/a%00b"), "coding": head("GET", "/health%2"),
                "no version": b"GET /health\r\n\r\n", "no target": b"GET HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "words": b"good morning\r\n\r\n", "TLS": b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"x" * 160}.items():
            (status, text), end = talk(data + head(), 2)
            self.assertEqual((status, end), (400, (0, None)), (name, text))
            self.assertIsInstance(json.loads(text)["detail"], str, name)

    def test_a_request_line_has_two_blanks_and_nothing_else(self):
        rest = b"\r\nHost: localhost\r\n\r\n"
        for line in (b"GET  /health HTTP/1.1", b"GET /health  HTTP/1.1", b"GET\t/health HTTP/1.1", b"GET /health\tHTTP/1.1",
                     b"GET /health HTTP/1.1 ", b"GET /health HTTP/1.1\t", b" GET /health HTTP/1.1", b"\tGET /health HTTP/1.1",
                     b"GET  HTTP/1.1", b"GET HTTP/1.1", b"GET", b"GET /health", b"GET /health ", b"GET /health http/1.1", b"get /health HTTP/1.1",
                     b"GET /health HTTP/1.1 x", b"GET /hea lth HTTP/1.1", b"GET /health HTTP/1", b"GET /health HTTP/1.1.1",
                     b"GET /health HTTP/11", b"GET /health HTTPS/1.1", b"GET /health\x0b HTTP/1.1", b"GET /health\x7f HTTP/1.1",
                     b"/health HTTP/1.1", b"HTTP/1.1 200 OK", b"\r\n GET /health HTTP/1.1"):
            for piece in (0, 1):
                (status, text), end = talk(line + rest, 2, piece)
                self.assertEqual((status, end), (400, (0, None)), (line, text))
                self.assertIn("request line", json.loads(text)["detail"], line)
            self.assertEqual(talk(head() + line + rest, 2)[1][0], 400, line)
        self.assertEqual(talk(b"\r\n\r\n" + head() + b"\r\n" + head(), 2)[1][0], 200)  # empty lines before it are nothing

    def test_other_refusals(self):
        for name, data, status in (
                ("gzip", head("POST", "/api/analyze-frame", "Content-Encoding: gzip", "Content-Length: 3") + b"abc", 415),
                ("identity", head("POST", "/api/analyze-frame", "Content-Encoding: identity", "Content-Type: image/jpeg",
                                  f"Content-Length: {len(picture())}") + picture(), 200),
                ("coding", head("POST", "/api/analyze-frame", "Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n", 501),
                ("version", b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505), ("h2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
                ("header", head("GET", "/health", "X: " + "y" * 20000), 431), ("target", head("GET", "/" + "y" * 20000), 414),
                ("many", head("GET", "/health", *["X: y"] * 150), 431), ("expect", head("GET", "/health", "Expect: gifts"), 417),
                ("length", head("POST", "/api/analyze-frame"), 411), ("h2c", head("GET", "/health", "Connection: Upgrade, HTTP2-Settings",
                                                                                 "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"), 200)):
            got = talk(data)[0]
            self.assertEqual(got[0], status, (name, got))
            json.loads(got[1])
        for path in (b"/ws/video/%ff", b"/ws/audio/a%c3", b"/ws/combined/%ed%a0%80"):
            with self.assertRaises(ConnectionRefusedError) as caught:
                server.ws(path.decode())
            self.assertEqual(caught.exception.args[0], 400)
        server.ws("/ws/video/%C3%A9").close()

    def test_date_head_and_old_clients(self):
        for path in ("/health", "/nowhere", "/openapi.json"):
            _, headers, body = server.request("GET", path)
            self.assertRegex(headers["date"], r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
            _, bare, nothing = server.request("HEAD", path)
            self.assertEqual((bare["content-type"], nothing), (headers["content-type"], b""))
        with connect() as c:
            c.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            with c.makefile("rb") as f:
                self.assertEqual(read_reply(f)[0], 200)
                self.assertEqual(f.read(), b"")

    def test_expect_continue(self):
        with connect() as c, c.makefile("rb") as f:
            c.sendall(head("POST", "/api/analyze-frame", "Content-Type: image/jpeg", "Expect: 100-continue", f"Content-Length: {len(picture())}"))
            self.assertEqual(f.readline(), b"HTTP/1.1 100 Continue\r\n")
            self.assertEqual(f.readline(), b"\r\n")
            c.sendall(picture())
            self.assertEqual(read_reply(f)[0], 200)
        with connect() as c, c.makefile("rb") as f:  # no need to send what won't be read
            c.sendall(head("POST", "/api/analyze-frame", "Expect: 100-continue", f"Content-Length: {1 << 30}"))
            self.assertEqual(read_reply(f)[0], 413)

    def test_a_client_that_shuts_its_side_gets_its_replies(self):
        for data, n in ((head(), 1), (head() * 20, 20), (post(), 1), (post() + head(), 2)):
            with connect() as c:
                c.sendall(data)
                c.shutdown(socket.SHUT_WR)
                with c.makefile("rb") as f:
                    self.assertEqual([read_reply(f)[0] for _ in range(n)], [200] * n)
                    self.assertEqual(f.read(), b"")
        with connect() as c:
            c.sendall(post()[:-100])
            c.shutdown(socket.SHUT_WR)
            with c.makefile("rb") as f:
                self.assertEqual(read_reply(f)[0], 400)

    def test_a_slow_reader_gets_it_all(self):
        c = socket.socket()
        c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        c.settimeout(30 * PATIENCE)
        c.connect(("127.0.0.1", server.port))
        n = 30
        c.sendall(head("GET", "/openapi.json") * n)
        one = server.request("GET", "/openapi.json")[2]
        data = b""
        while data.count(b"\r\n\r\n" + one[:40]) < n or not data.endswith(one[-40:]):
            data += c.recv(1 << 16)
            time.sleep(0.005)
        self.assertEqual(data.count(one), n)
        c.close()


class Listening(unittest.TestCase):
    def serve(self, *args, **more):
        folder = tempfile.TemporaryDirectory(prefix="rehearse-test-")
        self.addCleanup(folder.cleanup)
        log = open(os.path.join(folder.name, "log"), "w+")
        self.addCleanup(log.close)
        p = subprocess.Popen([*more.pop("before", []), binary(), "serve", "--data-dir", os.path.join(folder.name, "data"), *args],
                             stdout=subprocess.DEVNULL, stderr=log, **more)

        def end():
            p.terminate()
            self.assertEqual(p.wait(60 * PATIENCE), 0)
        self.addCleanup(end)
        until = time.time() + 20 * PATIENCE
        while "listens" not in open(log.name).read() and time.time() < until:
            self.assertIsNone(p.poll(), open(log.name).read())
            time.sleep(0.05)
        return p

    def ask(self, s):
        s.settimeout(20 * PATIENCE)
        s.sendall(head("GET", "/openapi.json"))
        with s.makefile("rb") as f:
            return read_reply(f)[0]

    def test_a_unix_socket_also_after_a_crash(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "rehearse.sock")
            left = socket.socket(socket.AF_UNIX)  # of a program that was killed
            left.bind(path)
            left.close()
            self.serve("--host", "unix:" + path)
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(path)
                self.assertEqual(self.ask(s), 200)
            with tempfile.TemporaryDirectory() as data:  # a second one does not take it away
                p = subprocess.run([binary(), "serve", "--host", "unix:" + path, "--data-dir", data], capture_output=True,
                                   text=True, timeout=60 * PATIENCE)
            self.assertEqual(p.returncode, 1)
            self.assertIn("taken", p.stderr)
            self.doCleanups()
            self.assertFalse(os.path.exists(path))

    def test_a_socket_that_systemd_hands_over(self):
        with socket.create_server(("127.0.0.1", 0)) as l:
            env = {**os.environ, "LISTEN_FDS": "1"}
            script = f'exec 3<&{l.fileno()}; LISTEN_PID=$$ exec "$@"'
            self.serve("--host", "fd:", before=["bash", "-c", script, "-"], pass_fds=(l.fileno(),), env=env)
            with socket.create_connection(l.getsockname()) as s:
                self.assertEqual(self.ask(s), 200)
        p = subprocess.run([binary(), "serve", "--host", "fd:"], capture_output=True, text=True, timeout=60 * PATIENCE)
        self.assertIn("LISTEN_FDS", p.stderr)


class Places(unittest.TestCase):
    def health(self):
        with connect(5) as c:
            c.sendall(head())
            with c.makefile("rb") as f:
                return read_reply(f)[0]

    def test_dripping_connections_hold_nobody_up(self):
        own = server.ws("/ws/video/running")
        self.assertTrue(own.ask({"frame": data_uri(fixture("astronaut.jpg"))})["face_detected"])
        held = []
        started = time.time()
        for i in range(200):
            s = connect()
            s.sendall((b"GET /hea", post()[:-1][:150], b"", head("GET", "/ws/video/x", "Upgrade: websocket")[:-2])[i % 4])
            held.append(s)
        silent = []
        with contextlib.suppress(ConnectionRefusedError):
            for i in range(MAX_CLIENTS):
                silent.append(server.ws(f"/ws/video/silent{i}"))
        self.assertEqual(len(silent), MAX_CLIENTS - 1)
        while time.time() - started < 38 * PATIENCE ** 0.2:
            self.assertEqual(self.health(), 200)
            self.assertTrue(own.ask({"frame": data_uri(fixture("astronaut.jpg"))})["face_detected"])
            for s in held:
                with contextlib.suppress(OSError):
                    s.sendall(b"a")
            time.sleep(2)
        self.assertEqual([s for s in held if not self.ended(s)], [])
        with server.ws("/ws/video/late") as late:  # a socket that never said a word gave way
            self.assertTrue(late.ask({"frame": data_uri(fixture("astronaut.jpg"))})["face_detected"])
        self.assertTrue(own.ask({"frame": data_uri(fixture("astronaut.jpg"))})["face_detected"])
        own.close()
        for s in held + [w.sock for w in silent]:
            s.close()

    def ended(self, s):
        s.settimeout(0.5)
        try:
            while s.recv(65536):
                pass
            return True
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def test_pages_from_elsewhere_can_take_half_of_the_sockets(self):
        for _ in range(50):
            if server.get("/health")[1]["clients"] == 0:
                break
            time.sleep(0.1)
        foreign = "Origin: https://elsewhere.example\r\n"
        held = [server.ws(f"/ws/video/far{i}", headers=foreign) for i in range(MAX_CLIENTS // 2)]
        with self.assertRaises(ConnectionRefusedError) as caught:
            server.ws("/ws/video/far", headers=foreign)
        self.assertEqual(caught.exception.args[0], 429)
        with server.ws("/ws/video/own", headers=f"Origin: http://127.0.0.1:{server.port}\r\n") as w:
            self.assertTrue(w.ask({"frame": data_uri(fixture("astronaut.jpg"))})["face_detected"])
        for w in held:
            w.close()

    def test_without_descriptors_the_server_waits_and_recovers(self):
        pid = server.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        own = server.ws("/ws/video/running")
        used = len(os.listdir(f"/proc/{pid}/fd"))
        held = []
        try:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 6, before[1]))
            for i in range(4):  # these stay: nothing may be closed for others
                held.append(server.ws(f"/ws/video/held{i}"))
            for _ in range(40):
                held.append(connect())
            cpu = server.cpu_s()
            time.sleep(3)
            self.assertLess(server.cpu_s() - cpu, 0.5 * PATIENCE)
            self.assertTrue(own.ask({"frame": data_uri(fixture("astronaut.jpg"))})["face_detected"])
            self.assertEqual(self.health(), 200)
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        for h in held:
            h.close()
        own.close()
        self.assertRegex(server.text(), "no new connections for the moment|many connections")
        self.assertEqual(self.health(), 200)


if __name__ == "__main__":
    unittest.main()
