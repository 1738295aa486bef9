"""The readable page of `rehearse analyze`, on a recording of somebody who says "um"."""
import json
import os
import re
import unittest

from program import FIXTURES, run

UM = os.path.join(FIXTURES, "fillers_but_um.flac")


class TextPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        code, out, err = run("analyze", UM)
        if code != 0 and "model" in err:
            raise unittest.SkipTest("no speech model: " + err)
        cls.result = json.loads(out)
        cls.pages = {n: run("analyze", "--format", "text", UM, env={"COLUMNS": str(n)})[1] for n in (80, 120)}

    def page(self, columns):
        return self.pages[columns]

    def test_the_timeline_shows_fillers_and_explains_them(self):
        out = self.page(80)
        rows = re.findall(r"^ +\d:\d\d .*", out, re.M)
        heard = [f for f in self.result["fillers"] if f["words"] == 0]
        self.assertTrue(heard)
        self.assertEqual(sum(r.count("(um)") for r in rows), len(heard))
        self.assertIn("(um) filler", out)
        self.assertNotIn("(drawn)", out)  # the legend holds what is there
        self.assertIn("as it was said: ", out)
        clean = re.sub(r"\W+", " ", self.result["transcribed_text"])
        self.assertNotIn(" um ", clean)

    def test_lines_keep_to_the_width_and_every_word_is_there(self):
        for columns in (80, 120):
            lines = self.page(columns).splitlines()
            self.assertEqual([line for line in lines[1:] if len(line) > columns], [])
            text = re.sub(r"[*]", "", " ".join(lines))
            for word in self.result["words"]:
                self.assertIn(word["word"], text)

    def test_every_score_has_its_sentence_of_advice(self):
        text = re.sub(r"\s+", " ", self.page(80))
        for name, score in self.result["scores"].items():
            self.assertIn(score["advice"], text, name)


class Reports(unittest.TestCase):
    def test_a_report_is_called_by_its_file_or_its_question(self):
        code, out, err = run("analyze", "--format", "md", UM)
        if code != 0 and "model" in err:
            raise unittest.SkipTest("no speech model: " + err)
        self.assertTrue(out.startswith("# fillers\\_but\\_um.flac\n"), out[:80])
        question = "Tell me about a time when you led a team."
        code, out, err = run("analyze", "--format", "md", "--question", question, UM)
        self.assertTrue(out.startswith(f"# {question}\n"), out[:80])
        self.assertRegex(out, r"\| content \| \d+ of 100")

    def test_the_question_is_what_content_is_judged_by(self):
        code, out, err = run("analyze", "--question", "Tell me about a time when you led a team.", UM)
        if code != 0 and "model" in err:
            raise unittest.SkipTest("no speech model: " + err)
        self.assertIn("content", json.loads(out)["scores"])


if __name__ == "__main__":
    unittest.main()
