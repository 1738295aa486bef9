"""Sound on whatever track, channel or side of zero it was recorded; files that ask for too much."""
import json
import os
import subprocess
import tempfile
import unittest

from odd_media import spread
from program import FIXTURES, binary, run, spent_s

SPEECH = os.path.join(FIXTURES, "jfk_16k.wav")


def ffmpeg(*args):
    subprocess.run(["ffmpeg", "-loglevel", "error", "-y", *args], check=True)


class Sounds(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def made(self, name, *options, seconds=3):
        ffmpeg("-t", str(seconds), "-i", SPEECH, *options, self.path(name))
        return self.path(name)

    def channels(self, name, n, on, *options):
        """Speech on channel `on` of n, silence on the others, without a layout where there is none."""
        whole = spread(SPEECH, n, on)
        with open(self.path("many.wav"), "wb") as f:
            f.write(whole)
        if name == "many.wav":
            return self.path(name)
        ffmpeg("-i", self.path("many.wav"), *options, self.path(name))
        return self.path(name)

    def hears(self, *files):
        code, out, err = run("transcribe", "--format", "tsv", *files)
        if "no model" in err or "model pull" in err:
            raise unittest.SkipTest(err.strip())
        self.assertEqual((code, err), (0, ""))
        for path, line in zip(files, out.splitlines()):
            self.assertRegex(line.lower(), r"\bso,? my fellow americans", path)
        self.assertEqual(len(out.splitlines()), len(files))

    def test_speech_on_any_channel(self):
        files = [self.channels("many.wav", 9, 8)]
        for n, on in ((15, 3), (17, 16), (64, 40)):
            os.rename(self.channels("many.wav", n, on), self.path(f"many{n}.wav"))
            files.append(self.path(f"many{n}.wav"))
        files.append(self.channels("lfe.flac", 6, 3))
        files.append(self.channels("last.flac", 8, 7))
        files.append(self.channels("lfe.mka", 8, 3, "-c:a", "pcm_s24le"))
        self.hears(*files)

    def test_opposite_channels(self):
        two = "pan=stereo|c0=c0|c1=-1*c0"
        self.hears(self.made("a.flac", "-af", two), self.made("a.m4a", "-af", two),
                   self.made("a.mp3", "-ar", "44100", "-af", "pan=stereo|c0=0.5*c0|c1=-0.6*c0"))

    def test_a_silent_track_hides_no_other(self):
        silence = ["-f", "lavfi", "-t", "3", "-i"]
        files = []
        for name, first, flags in (("a.mkv", "anullsrc=r=48000:cl=stereo", ["default", "0"]),
                                   ("b.mp4", "anoisesrc=r=48000:a=0.0003", ["default", "0"]),
                                   ("c.mka", "anullsrc=r=48000:cl=5.1", ["0", "0"]),
                                   ("d.mov", "sine=d=0.15", ["default", "0"])):
            ffmpeg(*silence, first, "-t", "3", "-i", SPEECH, "-map", "0", "-map", "0", "-map", "1", "-c:a", "aac",
                   "-disposition:a:0", flags[0], "-disposition:a:2", flags[1], self.path(name))
            files.append(self.path(name))
        # With a picture, and the speech first and marked.
        ffmpeg("-f", "lavfi", "-t", "3", "-i", "testsrc=s=64x64:r=5", *silence, "anullsrc", "-t", "3", "-i", SPEECH,
               "-map", "0", "-map", "1", "-map", "2", "-pix_fmt", "yuv420p", self.path("e.mp4"))
        files.append(self.path("e.mp4"))
        self.hears(*files)

    def test_the_marked_track_is_taken_when_it_speaks(self):
        ffmpeg("-t", "10", "-i", os.path.join(FIXTURES, "1688-142285-0002.flac"), "-t", "3", "-i", SPEECH, "-map", "0", "-map", "1",
               "-c:a", "flac", "-disposition:a:0", "0", "-disposition:a:1", "default", self.path("marked.mka"))
        self.hears(self.path("marked.mka"))

    def test_too_many_channels_or_tracks_are_named(self):
        many = self.path("tracks.mka")
        ffmpeg("-t", "0.2", "-i", SPEECH, *["-map", "0:a"] * 70, "-c:a", "pcm_s16le", many)
        for path, says in ((self.channels("many.wav", 80, 3), "80 channels; at most 64"), (many, "more than 64 tracks")):
            began = spent_s()
            code, _, err = run("transcribe", path)
            self.assertEqual(code, 1)
            self.assertIn(says, err)
            self.assertLess(spent_s() - began, 10)

    def test_pipes_are_read_whatever_the_format(self):
        m4a = self.made("a.m4a")  # its table of contents is at the end
        for name in ("-", "/dev/stdin"):
            with open(m4a, "rb") as f:
                cat = subprocess.Popen(["cat"], stdin=f, stdout=subprocess.PIPE)
                p = subprocess.run([binary(), "transcribe", name], stdin=cat.stdout, capture_output=True, timeout=300)
                cat.stdout.close()
                cat.wait()
            self.assertEqual((p.returncode, p.stderr), (0, b""), name)
            self.assertIn(b"fellow Americans", p.stdout)

    def test_names_with_line_ends_and_foreign_bytes(self):
        clip = self.made("a.wav")
        for odd in (b"two\nlines\t.wav", b"latin\xe9.wav", b"-.wav"):
            name = os.path.join(os.fsencode(self.dir.name), odd)
            os.rename(clip, name)
            said = {}
            for way in ("tsv", "json"):
                p = subprocess.run([binary(), "transcribe", "--format", way, name], capture_output=True, timeout=300)
                self.assertEqual((p.returncode, p.stderr), (0, b""), odd)
                said[way] = p.stdout
            os.rename(name, clip)
            self.assertEqual((said["tsv"].count(b"\t"), said["tsv"].count(b"\n")), (1, 1), odd)
            self.assertIn(b"fellow Americans", said["tsv"])
            self.assertTrue(json.loads(said["json"])["file"].endswith(odd.decode("utf-8", "replace")), odd)
