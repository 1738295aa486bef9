"""Clients that vanish, stall, flood or lie; the server stays well and small."""
import os, unittest
from harness import *

AUDIO_FORM = (b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
              + fixture("jfk_16k.wav")[:40000] + b"\r\n--b--\r\n")

setUpModule, tearDownModule = one_server(globals(), "--max-message-kb", "1024", "--max-clients", "40")


def clients():
    return server.get("/health")[1]["clients"]


class Hostile(unittest.TestCase):
    def tearDown(self):
        status, body = server.get("/health")
        self.assertEqual((status, body["status"]), (200, "healthy"))

    def test_message_too_large_is_told_and_the_socket_stays(self):
        with server.ws("/ws/video/big") as w:
            r = w.ask('{"frame":"' + "A" * (2 << 20) + '"}')
            self.assertIn("1024 KB", r["error"])
            self.assertTrue(w.ask(frame())["face_detected"])
            data = b"x" * 65536  # without end: fragment upon fragment
            w.sock.sendall(w.frame(data, 1, fin=False))
            for _ in range(40):
                w.sock.sendall(w.frame(data, 0, fin=False))
            w.sock.sendall(w.frame(b"", 0, fin=True))
            self.assertIn("error", w.recv())
            self.assertTrue(w.ask(frame())["face_detected"])

    def test_huge_message_is_stopped(self):
        with server.ws("/ws/video/bomb") as w:
            w.send(b'{"frame":"' + b"A" * (64 << 20) + b'"}')
            self.assertIn("error", w.recv())
        self.assertLess(server.rss_mb(), 1200 * max(1, PATIENCE))

    def test_protocol_violations_close_only_that_socket(self):
        for junk in (b"\xff" * 200, WebSocket.frame(b"hello", mask=None), WebSocket.frame(b"x", opcode=5),
                     WebSocket.frame(b"x" * 200, opcode=9), WebSocket.frame(b"\xff\xfe\xfd", opcode=1),
                     WebSocket.frame(b"x", opcode=0), WebSocket.frame(b"x", rsv1=True),
                     b"\x81\xff" + b"\xff" * 8 + b"\0\0\0\0xx"):
            w = server.ws("/ws/video/junk", timeout=5)
            w.sock.sendall(junk)
            with self.assertRaises(Closed) as caught:
                w.recv()
            self.assertIn(caught.exception.code, (1002, 1007), junk[:20])
            w.sock.close()
        self.assertTrue(eventually(lambda: clients() == 0))

    def test_client_vanishes_in_mid_upload_and_mid_transcription(self):
        kind, body = form([("audio", wav(list(jfk()) * 12), "long.wav")])
        head = (f"POST /api/analyze-audio HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        for part in (len(body) // 3, len(body)):
            s = socket.create_connection(("127.0.0.1", server.port))
            s.sendall(head + body[:part])
            time.sleep(0.5)
            s.close()
        before = server.cpu_s()
        time.sleep(3)
        self.assertTrue(eventually(lambda: self._idle()), f"still working: {server.cpu_s() - before:.1f} s of CPU")

    def _idle(self):
        a = server.cpu_s()
        time.sleep(0.7)
        return server.cpu_s() - a < 0.2

    def test_live_client_vanishes_in_mid_transcription(self):
        for kind in ("audio", "combined"):
            w = server.ws(f"/ws/{kind}/gone")
            w.send(audio_message(jfk()))
            w.send({"command": "analyze"})
            time.sleep(0.3)
            w.vanish()
        self.assertTrue(eventually(lambda: clients() == 0))
        self.assertTrue(eventually(self._idle))

    def test_client_that_never_reads_does_not_grow_the_server(self):
        # Replies with pictures in them, never read: reading stops, then the socket goes.
        before = server.rss_mb()
        w = server.ws("/ws/video/deaf?annotate=1", read_buffer=4096, timeout=3)
        message = w.frame(json.dumps(frame()).encode())
        sent = 0
        try:
            for _ in range(600):
                w.sock.sendall(message)
                sent += 1
        except (TimeoutError, OSError):
            pass
        self.assertLess(sent, 600, "the server took everything although nobody reads its replies")
        self.assertLess(server.rss_mb() - before, 80 * max(1, PATIENCE))
        with server.ws("/ws/video/other") as other:  # and nobody else feels it
            self.assertTrue(other.ask(frame())["face_detected"])
        self.assertTrue(eventually(lambda: clients() == 0, 50), "the deaf client was never closed")
        w.sock.close()

    def test_slow_client_gets_all_its_replies(self):
        with server.ws("/ws/video/slow") as w:
            message = json.dumps(frame()).encode()
            data = w.frame(message)
            for i in range(0, len(data), 4000):
                w.sock.sendall(data[i:i + 4000])
                time.sleep(0.01)
            self.assertTrue(w.recv()["face_detected"])

    def test_many_clients_and_one_too_many(self):
        sockets = [server.ws(f"/ws/video/many{i}") for i in range(40)]
        with self.assertRaises(ConnectionRefusedError) as caught:
            server.ws("/ws/video/one-too-many")
        self.assertEqual(caught.exception.args[0], 429)
        for w in sockets:
            w.send(frame())
        for w in sockets:
            self.assertTrue(w.recv()["face_detected"])
        for w in sockets[::2]:
            w.close()
        for w in sockets[1::2]:
            w.vanish()
        self.assertTrue(eventually(lambda: clients() == 0))
        with server.ws("/ws/video/again") as w:
            self.assertTrue(w.ask(frame())["face_detected"])

    def test_flood_of_small_messages(self):
        with server.ws("/ws/audio/flood") as w:
            one = w.frame(b"{}")
            done = in_background(w.sock.sendall, one * 20000)
            for _ in range(20000):
                self.assertIn("error", w.recv())
            done()

    def test_too_many_recordings_at_once(self):
        data = wav(list(jfk()[:48000]))
        waiting = [in_background(server.post_form, "/api/analyze-audio", [("audio", data, "a.wav")], 300)
                   for _ in range(24)]
        status = [w(300)[0] for w in waiting]
        self.assertTrue(set(status) <= {200, 429}, status)
        self.assertIn(200, status)
        self.assertIn(429, status)

    def raw(self, head, body):
        with socket.create_connection(("127.0.0.1", server.port), 10) as c:
            c.sendall(head.encode() + body)  # one piece: that is the point
            c.settimeout(10 * PATIENCE)
            try:
                return c.recv(4096)
            except ConnectionResetError:
                return b""

    def test_more_bytes_than_announced(self):
        frame_body = json.dumps({"frame": data_uri(fixture("images/grey.jpg"))}).encode()
        health = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for path, type_, body in (("/api/analyze-frame", "application/json", frame_body),
                                  ("/v1/audio/transcriptions", "multipart/form-data; boundary=b", AUDIO_FORM)):
            post = (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {type_}\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n").encode() + body
            for more, last in ((b"x" * 300 + b"\r\n", 400), (health, 200)):
                got = self.all_of(health + post + more, 3)
                self.assertEqual([status for status, _ in got], [200, 200, last], (path, more[:10], got))
                self.assertEqual(json.loads(got[0][1])["status"], "healthy")

    def all_of(self, data, n):
        """What is answered to `data`, sent in one piece: [(status, body)] of n replies."""
        with socket.create_connection(("127.0.0.1", server.port), 10) as c:
            c.settimeout(60 * PATIENCE)
            c.sendall(data)
            with c.makefile("rb") as f:
                return [read_reply(f) for _ in range(n)]

    def test_empty_body_of_every_method(self):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            for path in ("/", "/api/analyze-frame", "/nope"):
                before = server.get("/health")[1]["clients"]
                reply = self.raw(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", b"")
                self.assertTrue(reply.startswith(b"HTTP/1.1 "), (method, path, reply))
                self.assertEqual(server.get("/health")[1]["clients"], before)

    def test_half_open_connections_do_not_starve_others(self):
        held = []
        for _ in range(60):
            s = socket.create_connection(("127.0.0.1", server.port))
            s.sendall(b"GET / HTTP/1.1\r\nHos")
            held.append(s)
        self.assertEqual(server.get("/health")[0], 200)
        for s in held:
            s.close()

    def test_transcription_does_not_hold_up_video(self):
        data = wav(list(jfk()) * 4)
        done = in_background(server.post_form, "/api/analyze-audio", [("audio", data, "a.wav")], 300)
        times = []
        with server.ws("/ws/video/quick") as w:
            w.ask(frame())
            for _ in range(20):
                t = time.time()
                w.ask(frame())
                times.append(time.time() - t)
                time.sleep(0.03)
        self.assertLess(sorted(times)[10], 0.25 * PATIENCE, times)
        self.assertEqual(done(300)[0], 200)


if __name__ == "__main__":
    unittest.main()
