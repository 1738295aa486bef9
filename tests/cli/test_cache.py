"""The folder of compiled networks: made by several programs at once, and left by one that was killed."""
import glob
import os
import subprocess
import tempfile
import time
import unittest

from program import FIXTURES, binary

SANITIZED = "ASAN_OPTIONS" in os.environ


def models_dir():
    told = subprocess.run([binary(), "model", "path"], capture_output=True, text=True, check=True).stdout
    return os.path.dirname(told.strip().splitlines()[0])


class Cache(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.env = dict(os.environ, REHEARSE_CACHE=self.folder.name, REHEARSE_MODELS_DIR=models_dir())

    def start(self):
        # In 8 bits nothing is compiled.
        return subprocess.Popen([binary(), "transcribe", "--precision", "f32", "--threads", "1",
                                 os.path.join(FIXTURES, "jfk.flac")], env=self.env,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def expect_text(self, p):
        out, err = p.communicate(timeout=600)
        self.assertEqual(p.returncode, 0, err)
        self.assertIn("ask not what your country can do for you", out)

    def blobs(self):
        return glob.glob(os.path.join(self.folder.name, "networks-*", "*.blob"))

    def test_many_at_once_from_nothing(self):
        for p in [self.start() for _ in range(2 if SANITIZED else 4)]:
            self.expect_text(p)
        self.assertTrue(self.blobs())
        self.assertEqual(glob.glob(os.path.join(self.folder.name, "networks-*", "unfinished")), [])

    def test_what_a_killed_one_left_is_made_anew(self):
        self.expect_text(self.start())
        before = self.blobs()
        self.assertTrue(before)
        for path in before:
            os.chmod(path, 0o644)
            os.truncate(path, os.path.getsize(path) // 2)
        open(os.path.join(os.path.dirname(before[0]), "unfinished"), "w").close()
        self.expect_text(self.start())
        self.assertEqual(len(self.blobs()), len(before))

    @unittest.skipIf(SANITIZED, "the same by time, which is another there")
    def test_killed_at_any_moment(self):
        for after in (0.1, 0.2, 0.3, 0.45, 0.6, 0.9):
            p = self.start()
            time.sleep(after)
            p.kill()
            p.communicate()
        self.expect_text(self.start())


if __name__ == "__main__":
    unittest.main()
