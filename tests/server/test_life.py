"""Starting and stopping: options, a taken port, SIGTERM, reload."""
import signal, unittest
from harness import *


def run(*args, timeout=30):
    r = subprocess.run([binary(), "serve", *args], capture_output=True, text=True, timeout=timeout * PATIENCE)
    return r.returncode, r.stdout + r.stderr


class Start(unittest.TestCase):
    def test_help_and_wrong_options(self):
        code, out = run("--help")
        self.assertEqual(code, 0)
        for word in ("--host", "--port", "--threads", "--max-clients", "--log-level", "--reload"):
            self.assertIn(word, out)
        for args in (("--port", "99999"), ("--max-clients", "0"), ("--log-level", "loud"), ("--nonsense",), ("x",)):
            code, out = run(*args)
            self.assertEqual(code, 2, (args, out))

    def test_port_taken_host_wrong_model_missing(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            port = str(s.getsockname()[1])
            code, out = run("--port", port)
            self.assertEqual(code, 1)
            self.assertIn(f"port {port}", out)
            self.assertIn("taken", out)
        code, out = run("--port", "0", "--host", "203.0.113.7")
        self.assertEqual(code, 1)
        self.assertIn("203.0.113.7", out)
        code, out = run("--port", "0", "--model", "/nowhere/ggml-none.bin")
        self.assertEqual(code, 1)
        self.assertIn("/nowhere/ggml-none.bin", out)

    def test_answers_while_the_models_load(self):
        s = Server(wait=False)
        try:
            self.assertEqual(s.get("/live"), (200, {"status": "live"}))
            ready = s.get("/ready")
            status, body = s.get("/health")
            if status != 200:  # it may be ready already
                self.assertEqual(ready, (503, {"status": "loading"}))
                self.assertEqual((status, body["status"]), (503, "unhealthy"))
                status, body = s.post_json("/api/analyze-frame", {"frame": "AAAA"})
                self.assertIn(status, (400, 415, 503))
            with s.ws("/ws/video/early") as w:  # waits for the models rather than failing
                self.assertTrue(w.ask({"frame": data_uri(fixture("astronaut.jpg"))})["face_detected"])
            self.assertEqual(s.get("/ready"), (200, {"status": "ready"}))
        finally:
            s.stop()

    def test_localhost_by_name_and_ipv6(self):
        s = Server("--host", "localhost")
        self.assertEqual(s.get("/health")[0], 200)
        self.assertEqual(s.stop(), 0)


class Stop(unittest.TestCase):
    def test_sigterm_finishes_what_is_running_and_closes_1001(self):
        s = Server()
        audio, video = s.ws("/ws/audio/a"), s.ws("/ws/video/b")
        video.ask({"frame": data_uri(fixture("astronaut.jpg"))})
        upload = in_background(s.post_form, "/api/analyze-audio", [("audio", fixture("jfk.flac"), "jfk.flac")])
        audio.send(audio_message(jfk()))
        time.sleep(0.3)
        s.process.send_signal(signal.SIGTERM)
        self.assertEqual(words(audio.recv()["transcribed_text"])[:3], JFK_WORDS[:3])
        for w in (audio, video):
            with self.assertRaises(Closed) as caught:
                w.recv()
            self.assertEqual(caught.exception.code, 1001)
        status, r = upload()
        self.assertEqual(status, 200)
        self.assertEqual(words(r["transcribed_text"]), JFK_WORDS)
        self.assertEqual(s.process.wait(40 * PATIENCE), 0)

    def test_a_balancer_is_told_until_the_end(self):
        s = Server()
        kept = socket.create_connection(("127.0.0.1", s.port), 30 * PATIENCE)
        kept.sendall(b"GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertEqual(read_reply(f := kept.makefile("rb")), (200, b'{"status":"ready"}'))
        upload = in_background(s.post_form, "/api/analyze-audio", [("audio", wav(list(jfk()) * 4), "long.wav")])
        time.sleep(0.3)
        s.process.send_signal(signal.SIGTERM)
        self.assertEqual(f.read(), b"")  # what waits for a next request is closed
        self.assertEqual(s.get("/live"), (200, {"status": "live"}))
        self.assertEqual(s.get("/ready"), (503, {"status": "stopping"}))
        status, headers, body = s.request("POST", "/api/analyze-frame", json.dumps(frame()))
        self.assertEqual((status, headers["retry-after"], headers["connection"]), (503, "1", "close"), body)
        for path in ("/ws/video/late", "/v1/session/late"):
            with self.assertRaises(ConnectionRefusedError) as caught:
                s.ws(path)
            self.assertEqual(caught.exception.args[0], 503)
        self.assertEqual(s.get("/ready")[0], 503)
        self.assertEqual(upload()[0], 200)
        self.assertEqual(s.process.wait(20 * PATIENCE), 0, s.text())
        with self.assertRaises(OSError):
            s.get("/live")

    def test_idle_server_stops_at_once_and_frees_the_port(self):
        s = Server()
        port = s.port
        t = time.time()
        self.assertEqual(s.stop(), 0)
        self.assertLess(time.time() - t, 3 * PATIENCE)
        again = Server("--port", str(port))
        self.assertEqual(again.stop(), 0)

    def test_second_signal_does_not_wait(self):
        s = Server()
        upload = in_background(s.post_form, "/api/analyze-audio", [("audio", wav(list(jfk()) * 30), "long.wav")])
        time.sleep(1)
        s.process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        s.process.send_signal(signal.SIGINT)
        t = time.time()
        s.process.wait(15 * PATIENCE)
        self.assertLess(time.time() - t, 10 * PATIENCE)
        self.assertEqual(s.process.returncode, 0)
        try:
            answer = upload()
        except (OSError, http.client.HTTPException) as e:  # no reply is one way to be told
            answer = e
        self.assertNotEqual(answer[0] if isinstance(answer, tuple) else None, 200)


def media_message(samples, at_s=0.0, rate=16000):
    return media(3, at_s * 1e6, array.array("f", samples).tobytes())


def practise(s, name, video=False, seconds=11):
    """A live session that has taken `seconds` of sound; the socket stays open."""
    w = s.ws(f"/v1/session/{name}")
    w.send({"type": "start", "sample_rate": 16000})
    while w.recv()["type"] != "ready":
        pass
    x = (jfk() * (1 + seconds // 11))[:seconds * 16000]
    for i in range(0, len(x), 8000):
        w.send(media_message(x[i:i + 8000], i / 16000), 2)
        if video:
            w.send(media(1, i * 1000000 // 16000, fixture("astronaut.jpg")), 2)
    w.send({"type": "command", "command": "are you there"})
    while w.recv()["type"] != "error":  # the answer to the last message: all before it has arrived
        pass
    return w


def close_code(w):
    while True:
        try:
            w.recv()
        except Closed as e:
            return e.code
        except OSError:
            return None


def read_on(w):
    return in_background(close_code, w)


class StopInEveryState(unittest.TestCase):
    """SIGTERM: exit 0 in time, and what was accepted is there at the next start."""

    def stop(self, s, seconds=40):
        t = time.time()
        s.process.send_signal(signal.SIGTERM)
        self.assertEqual(s.process.wait(seconds * PATIENCE), 0, s.text())
        self.assertNotRegex(s.text(), "Sanitizer|did not end in time")
        return time.time() - t

    def again(self, s):
        new = Server("--data-dir", os.path.join(s.data.name, "data"))
        new.before = s  # whose folder it is
        return new

    def test_while_the_models_load(self):
        for after in (0, 0.05, 0.3, 0.8, 1.5):
            s = Server(wait=False)
            time.sleep(after)
            self.assertLess(self.stop(s), 6 * PATIENCE)

    def test_while_the_models_load_and_a_socket_waits_for_them(self):
        s = Server(wait=False)
        w = s.ws("/ws/video/early")
        w.send({"frame": data_uri(fixture("astronaut.jpg"))})
        closed = read_on(w)
        self.assertLess(self.stop(s), 6 * PATIENCE)
        self.assertIn(closed(), (1001, None))

    def test_live_sessions_keep_all_their_sound(self):
        s = Server()
        ears, both = practise(s, "ears"), practise(s, "both", video=True, seconds=22)
        closed = [read_on(w) for w in (ears, both)]
        self.stop(s)
        self.assertEqual([c() for c in closed], [1001, 1001])
        s = self.again(s)
        try:
            for name, seconds in (("ears", 11), ("both", 22)):
                with s.ws(f"/v1/session/{name}") as w:
                    w.send({"type": "start", "sample_rate": 16000})
                    ready = w.recv()
                    self.assertEqual((ready["type"], ready["audio_us"]), ("ready", seconds * 1000000))
        finally:
            self.assertEqual(s.stop(), 0)

    def test_a_report_that_was_asked_for_is_still_sent_and_a_discarded_session_is_gone(self):
        s = Server()
        told, gone = practise(s, "told"), practise(s, "gone")
        told.send({"type": "finish"})
        gone.send({"type": "discard"})
        closed = read_on(gone)
        time.sleep(0.1)
        s.process.send_signal(signal.SIGTERM)
        types, code = [], None
        while code is None:
            try:
                types.append(told.recv()["type"])
            except Closed as e:
                code = e.code
        self.assertEqual((types[-1], code), ("report", 1000))
        self.assertEqual(s.process.wait(40 * PATIENCE), 0, s.text())
        self.assertIn(closed(), (1000, 1001))
        s = self.again(s)
        try:
            self.assertEqual(s.get("/v1/sessions/told")[1]["state"], "done")
            self.assertEqual(s.get("/v1/sessions/gone")[0], 404)
        finally:
            s.stop()

    def test_legacy_sockets_with_sound_and_half_an_upload(self):
        s = Server()
        ears, both, idle = s.ws("/ws/audio/a"), s.ws("/ws/combined/b"), s.ws("/ws/video/c")
        for w in (ears, both):
            for i in range(0, 16000 * 11, 8000):
                w.send(audio_message(jfk()[i:i + 8000]))
        half = socket.create_connection(("127.0.0.1", s.port))
        half.sendall(b"POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
                     b"Content-Length: 100000\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nRI")
        closed = [read_on(w) for w in (ears, both, idle)]
        time.sleep(0.5)
        self.stop(s)
        half.close()
        self.assertEqual([c() for c in closed], [1001] * 3)
        s = self.again(s)
        try:
            kept = s.get("/v1/sessions")[1]["sessions"]
            self.assertEqual(sorted(k["meta"]["client"] for k in kept), ["a", "b"])
            for k in kept:
                self.assertGreater(max(k["duration_s"], 11 * (k["state"] == "live")), 10.9)
        finally:
            s.stop()

    def test_a_client_that_does_not_answer_the_close_is_not_waited_for(self):
        s = Server()
        w = s.ws("/ws/video/mute")
        w.ask({"frame": data_uri(fixture("astronaut.jpg"))})
        self.assertLess(self.stop(s), 8 * PATIENCE)


class Reload(unittest.TestCase):
    def test_changed_settings_start_it_anew(self):
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "rehearse.ini")
            with open(path, "w") as f:
                f.write("max_clients = 2\n")
            free = socket.socket()
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
            free.close()
            s = Server("--port", str(port), "--reload", "--config", path)
            try:
                live = read_on(practise(s, "on"))
                first = s.ws("/ws/video/a")
                with self.assertRaises(ConnectionRefusedError):
                    s.ws("/ws/video/b")
                with open(path, "w") as f:
                    f.write("max_clients = 5\n")
                with self.assertRaises(Closed) as caught:
                    first.recv()
                self.assertEqual((caught.exception.code, live()), (1001, 1001))
                time.sleep(0.5)
                s.wait_ready()
                with s.ws("/v1/session/on") as w:
                    w.send({"type": "start", "sample_rate": 16000})
                    self.assertEqual(w.recv()["audio_us"], 11000000)
                with s.ws("/ws/video/a"), s.ws("/ws/video/b") as w:
                    self.assertIn("error", w.ask({}))
            finally:
                s.stop()


if __name__ == "__main__":
    unittest.main()
