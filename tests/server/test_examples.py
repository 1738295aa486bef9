"""The clients of docs/examples that need nothing installed but Node, as they stand there, but for the address."""
import re, shutil, subprocess, unittest
from harness import *

NODE = shutil.which("node")
setUpModule, tearDownModule = one_server(globals())


def run(name, *options, sound):
    with tempfile.TemporaryDirectory(prefix="rehearse-test-") as folder:
        with open(os.path.join(ROOT, "docs", "examples", name)) as f:
            text = f.read()
        assert "localhost:8000" in text
        with open(os.path.join(folder, name), "w") as f:
            f.write(text.replace("localhost:8000", f"localhost:{server.port}"))
        with open(os.path.join(folder, "answer.wav"), "wb") as f:
            f.write(sound)
        done = subprocess.run([NODE, *options, name, "answer.wav"], cwd=folder, capture_output=True, text=True, timeout=120 * PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def node_version():
    return int(re.match(r"v(\d+)", subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout)[1])


@unittest.skipUnless(NODE and node_version() >= 20, "no Node of version 20 or newer")
class Examples(unittest.TestCase):
    def test_a_recording_becomes_a_report(self):
        self.assertIn("words a minute", run("recording.mjs", sound=wav(jfk())))
        listed = server.request("GET", "/v1/sessions")[2].decode()
        self.assertIn('"scores":{"overall":', listed)
        for name, number in re.findall(r'"(\w+)":([\d.]+)', listed):
            self.assertTrue(name in ("created", "updated") or len(number) < 8, (name, number))

    def test_live_practice_becomes_a_report(self):
        early = ["--experimental-websocket"] if node_version() < 22 else []
        said = run("live.mjs", *early, sound=wav(jfk()[:4 * 16000]))
        self.assertIn("fellow Americans", said)
        self.assertIn("pronunciation", said)
