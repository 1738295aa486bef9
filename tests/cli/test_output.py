"""What is written where: full disks, names of files that are any bytes, one form of errors."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from program import FIXTURES, binary, run
from test_usage import commands

CLIP = os.path.join(FIXTURES, "1688-142285-0002.flac")
FACE = os.path.join(FIXTURES, "astronaut.jpg")
# not UTF-8; a tab, line ends, an escape sequence; quotes and a backslash; letters of elsewhere
NAMES = [b"\xff\xfe bad \xc3.x", b"a\tb\nc\rd\x1b[31m.x", b"it's \"q\" \\n.x", "\u00fc \u6f22 \U0001f600.x".encode()]


def call(*args, stdin=None, stdout=subprocess.PIPE, env=None):
    p = subprocess.run([binary(), *args], stdin=stdin or subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
                       env=dict(os.environ, **(env or {})), timeout=300)
    return p.returncode, p.stdout, p.stderr


class Disks(unittest.TestCase):
    def expect_complaint(self, *args, env=None):
        with self.subTest(args), open("/dev/full", "w") as full:
            code, _, err = call(*args, stdout=full, env=env)
            self.assertEqual(code, 1, err)
            self.assertRegex(err.decode(), r"(?m)^rehearse: .*(could not be written|could not be printed)")

    def test_a_full_disk_is_told_by_every_command(self):
        with tempfile.TemporaryDirectory() as folder:
            env = {"REHEARSE_DATA_DIR": folder}
            for name in commands():
                self.expect_complaint(name, "--help")
            for args in (["--help"], ["--version"], ["-V"], ["config"], ["config", "--example"], ["model", "list"],
                         ["model", "path"], ["report", "--export"], ["frame", FACE]):
                self.expect_complaint(*args, env=env)
            for form in ("text", "json"):
                self.expect_complaint("transcribe", "--format", form, CLIP)
            for form in ("json", "html"):
                self.expect_complaint("analyze", "--format", form, CLIP)

    def test_a_failure_keeps_its_own_exit_code(self):
        with open("/dev/full", "w") as full:
            self.assertEqual(call("nonsense", stdout=full)[0], 2)


class Names(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp().encode()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.sounds, cls.faces = [], []
        for list_, source, kind in ((cls.sounds, CLIP, b"s"), (cls.faces, FACE, b"f")):
            for name in NAMES:
                list_.append(os.path.join(cls.folder, kind + name))
                shutil.copy(source, list_[-1])

    def lines(self, *args):
        code, out, err = call(*args)
        self.assertEqual((code, err), (0, b""))
        out.decode()  # valid UTF-8, whatever the names
        return out.decode().split("\n")[:-1]

    def expect_json(self, lines, files):
        self.assertEqual([json.loads(line)["file"] for line in lines], [f.decode(errors="replace") for f in files])

    def test_json_is_valid(self):
        self.expect_json(self.lines("transcribe", "--format", "json", *self.sounds), self.sounds)
        self.expect_json(self.lines("analyze", self.sounds[0]), self.sounds[:1])
        self.expect_json(self.lines("frame", *self.faces), self.faces)

    def test_text_has_them_on_one_line(self):
        rows = [line.split("\t") for line in self.lines("transcribe", "--format", "tsv", *self.sounds)]
        self.assertEqual([len(r) for r in rows], [2] * 4)
        self.assertEqual([r[0] for r in rows], ["s\\xff\\xfe bad \\xc3", "sa\\tb\\nc\\rd\\x1b[31m", "sit's \"q\" \\n",
                                                "s\u00fc \u6f22 \U0001f600"])
        first = self.lines("analyze", "--format", "text", self.sounds[1])[0]
        self.assertRegex(first, r"sa\\tb\\nc\\rd\\x1b\[31m\.x  \d")

    def test_errors_have_them_on_one_line(self):
        for command in ("transcribe", "analyze", "frame"):
            code, out, err = call(command, *(b"/nonexistent/" + name for name in NAMES))
            self.assertEqual((code, out), (1, b""))
            self.assertRegex(err.decode(), r"\A(rehearse: /nonexistent/[^\n\t\r\x1b]+: [^\n\t\r\x1b]+\n){4}\Z")


class Errors(unittest.TestCase):
    def test_all_begin_with_the_program(self):
        wrong = [["nonsense"], ["serve", "--nonsense"], ["serve", "--port"], ["serve", "--port", "x"], ["frame", "-q"],
                 ["frame", "-qh"], ["frame", "--sequence=3", "x"], ["report", "a", "b"], ["report", "--delete"],
                 ["model", "pull", "nothing"], ["config", "--config", "/nonexistent"], ["transcribe", "/nonexistent"],
                 ["transcribe", "--model", "nothing", CLIP], ["analyze"], ["model", "dance"], ["frame", "--s\n"]]
        for args in wrong:
            with self.subTest(args):
                code, out, err = run(*args)
                self.assertIn(code, (1, 2))
                self.assertEqual(out, "")
                self.assertRegex(err, r"\Arehearse: .")
                self.assertNotRegex(err, r"\b(unrecognized|getopt)\b")

    def test_options_are_named_as_they_were_given(self):
        for args, said in ((["frame", "--fast"], "there is no option --fast"), (["frame", "-q"], "there is no option -q"),
                           (["frame", "--fps"], "--fps needs a value"), (["frame", "--sequence=1"], "--sequence=1: this option takes no value")):
            with self.subTest(args):
                self.assertIn(said, run(*args)[2])
                self.assertIn("Try: rehearse frame --help", run(*args)[2])

    def test_versions_are_told_everywhere(self):
        said = run("--version")[1]
        self.assertRegex(said, r"^rehearse \d")
        for args in (["-V"], ["version"], *([name, flag] for name in commands() for flag in ("-V", "--version"))):
            self.assertEqual(run(*args)[:2], (0, said), args)


class Input(unittest.TestCase):
    def test_standard_input_is_a_file_called_dash(self):
        for command, path, wanted in (("transcribe", CLIP, b"\\w"), ("analyze", CLIP, b'"file":"-"'), ("frame", FACE, b'"file":"-"')):
            with self.subTest(command), open(path, "rb") as f:
                code, out, err = call(command, "-", stdin=f)
                self.assertEqual((code, err), (0, b""))
                self.assertTrue(re.search(wanted, out))
