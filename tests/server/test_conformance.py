"""RFC 6455 by Autobahn's cases, against the network module alone (tests/net_echo.c)."""
import unittest
from harness import *

CACHE = os.environ.get("REHEARSE_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "rehearse")
# Where the specification leaves something open, the case informs; nothing else may differ from OK.
INFORMS = {"7.1.6", "7.13.1", "7.13.2"}


class Conformance(unittest.TestCase):
    def test_sections_1_to_7_and_10(self):
        python = os.path.join(CACHE, "venv", "bin", "python")
        self.assertTrue(os.access(python, os.X_OK), f"{python} is not there: run tools/setup test")
        echo = os.path.join(os.path.dirname(binary()), "tests", "net_echo")
        server = subprocess.Popen([echo], stdout=subprocess.PIPE, text=True)
        try:
            port = server.stdout.readline().split()[1]
            done = subprocess.run([python, os.path.join(os.path.dirname(__file__), "conformance_client.py"), port,
                                   *(f"{i}.*" for i in (1, 2, 3, 4, 5, 6, 7, 10))],
                                  capture_output=True, text=True, timeout=240 * PATIENCE)
            self.assertIsNone(server.poll(), "the echo server has ended")
        finally:
            server.kill()
            server.wait()
            server.stdout.close()
        cases = [line.split("\t") for line in done.stdout.splitlines()]
        self.assertGreater(len(cases), 240, done.stderr)
        odd = [c for c in cases if set(c[1:]) != {"OK"} and not (c[0] in INFORMS and set(c[1:]) <= {"OK", "INFORMATIONAL"})]
        self.assertEqual(odd, [])


if __name__ == "__main__":
    unittest.main()
