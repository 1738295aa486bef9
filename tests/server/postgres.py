"""A PostgreSQL of a test's own, where its programs are installed (tests/postgres/with)."""
import os, subprocess, unittest
from harness import ROOT


class Postgres:
    def __init__(self):
        tell = 'printf "%s\\n%s\\n" "$REHEARSE_TEST_STORE_URL" "$REHEARSE_TEST_PG_CTL"; exec cat'
        self.process = subprocess.Popen([os.path.join(ROOT, "tests", "postgres", "with"), "sh", "-c", tell],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url, self.control = (self.process.stdout.readline().strip() for _ in range(2))
        if not self.url:
            raise unittest.SkipTest("PostgreSQL's programs are not installed")

    def ask(self, sql):
        """The rows that psql prints."""
        done = subprocess.run(["psql", "-XAtq", "-c", sql, self.url], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.split("\n")[:-1]

    def stop(self):
        subprocess.run([self.control, "-m", "fast", "stop"], check=True, timeout=60)

    def start(self):
        subprocess.run([self.control, "start"], check=True, timeout=60)

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(60)
