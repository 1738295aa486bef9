"""`rehearse analyze`: what it says of a recording without speech."""
import json
import os
import tempfile
import unittest
import wave

from program import run

BEGIN = "There was no speech in the recording, only silence"


class NothingSaid(unittest.TestCase):
    def test_the_reason_is_told_as_json_and_as_text(self):
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "silence.wav")
            with wave.open(path, "wb") as w:
                w.setparams((1, 2, 16000, 0, "NONE", ""))
                w.writeframes(bytes(2 * 32000))
            code, out, err = run("analyze", path)
            self.assertEqual(code, 0, err)
            reply = json.loads(out)
            self.assertTrue(reply["reason"].startswith(BEGIN), reply["reason"])
            self.assertEqual((reply["transcribed_text"], reply["overall_score"]), ("", 0))
            code, out, err = run("analyze", "--format", "text", path)
            self.assertEqual(code, 0, err)
            self.assertIn(reply["reason"], " ".join(out.split()))
            self.assertLessEqual(max(map(len, out.splitlines()[1:])), 100)


if __name__ == "__main__":
    unittest.main()
