"""Starting and stopping: options, a taken port, SIGTERM, reload."""
import shutil, signal, unittest
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
            status, body = s.get("/health")
            if status != 200:  # it may be ready already
                self.assertEqual((status, body["status"]), (503, "unhealthy"))
                status, body = s.post_json("/api/analyze-frame", {"frame": "AAAA"})
                self.assertIn(status, (400, 415, 503))
            with s.ws("/ws/video/early") as w:  # waits for the models rather than failing
                self.assertTrue(w.ask({"frame": data_uri(fixture("astronaut.jpg"))})["face_detected"])
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
        with self.assertRaises(Exception):
            status, _ = upload()
            self.assertNotEqual(status, 200)
            raise ConnectionResetError


class Reload(unittest.TestCase):
    def test_changed_settings_start_it_anew(self):
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "rehearse.ini")
            with open(path, "w") as f:
                f.write("max_clients = 1\n")
            free = socket.socket()
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
            free.close()
            s = Server("--port", str(port), "--reload", "--config", path)
            try:
                first = s.ws("/ws/video/a")
                with self.assertRaises(ConnectionRefusedError):
                    s.ws("/ws/video/b")
                with open(path, "w") as f:
                    f.write("max_clients = 5\n")
                with self.assertRaises(Closed) as caught:
                    first.recv()
                self.assertEqual(caught.exception.code, 1001)
                time.sleep(0.5)
                s.wait_ready()
                with s.ws("/ws/video/a"), s.ws("/ws/video/b") as w:
                    self.assertIn("error", w.ask({}))
            finally:
                s.stop()


if __name__ == "__main__":
    unittest.main()
