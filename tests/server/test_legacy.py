"""What a client of the Python server may rely on, in real time: a piece of sound when it has
been spoken, one reply read, the next piece. The clients of a class talk at the same time."""
import math, multiprocessing, subprocess, unittest
from harness import *
from test_rest import AUDIO_KEYS, VIDEO_KEYS, check_shape

RATE = 16000
LONGEST_WAIT_S = 4.0  # between two results while somebody speaks
REST_S = 1.5          # after the last speech, then the next message brings what is left
CRAYFISH = words("The Pacific crayfish however serves every purpose and while many contend that its meat is not so "
                 "delicate in flavor as that of its eastern cousin the Californian will as strenuously insist that it "
                 "is better but of course something must always be allowed for the patriotism of the Californian")
VERSES = words("What ails thee then that thou must needs recite verses seeing that we are tired out with walking and "
               "watching and all the folk are asleep for they require sleep to rest them of their fatigue")

setUpModule, tearDownModule = one_server(globals())


def filtered(samples, effects):
    done = subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "f32le", "-ar", "16000", "-ac", "1", "-i", "-", "-af", effects,
                           "-f", "f32le", "-"], input=samples.tobytes(), stdout=subprocess.PIPE, check=True)
    return array.array("f", done.stdout)


def without_pauses(samples):
    """Quiet stretches cut down to 100 ms."""
    out, quiet = array.array("f"), 0
    loud = 0.03 * max(samples)
    for i in range(0, len(samples), 160):
        part = samples[i:i + 160]
        quiet = 0 if max(part) > loud else quiet + 1
        if quiet <= 10:
            out.extend(part)
    return out


def speech_end(samples):
    loud = 0.05 * max(samples)
    return max(i for i, v in enumerate(samples) if v > loud) / RATE


def spoken_on_air():
    """22 s and more without a pause, and its words."""
    sound = array.array("f")
    for part in (recording("367-130732-0003.ogg"), jfk(), recording("2033-164914-0006.ogg")):
        sound.extend(without_pauses(part))
    return sound, CRAYFISH + JFK_WORDS + VERSES


def audio_of(reply, path):
    """The result in a reply, or None."""
    if path.startswith("/ws/combined"):
        return reply.get("audio")
    return reply if "transcribed_text" in reply else None


class Talk:
    """One client's talk: when which result came."""

    def __init__(self, test, path, samples, ms, silence_s=2.5, pictures=False, end=None):
        self.test, self.path, self.samples, self.ms, self.pictures, self.end = test, path, samples, ms, pictures, end
        self.sound = samples + array.array("f", [0] * int(silence_s * RATE))
        self.results = []  # (seconds since the talk began, text)
        self.said_until = speech_end(samples)

    def take(self, reply):
        r = audio_of(reply, self.path)
        self.test.assertNotIn("error", reply)
        self.test.assertNotIn("audio_error", reply)
        if r and r["transcribed_text"]:
            check_shape(self.test, r, AUDIO_KEYS)
            self.test.assertNotIn(r["transcribed_text"][0], ",.;:!?)%'\u2026", r["transcribed_text"])
            self.results.append((time.time() - self.began, r["transcribed_text"]))
        elif self.path.startswith("/ws/audio") and "status" in reply:
            self.test.assertEqual(reply["status"], "buffering")
        elif "audio_status" in reply:
            self.test.assertEqual(reply["audio_status"], "buffering")

    def run(self):
        piece = self.ms * RATE // 1000
        with server.ws(self.path, timeout=60) as w:
            self.began = time.time()
            for i in range(0, len(self.sound), piece):
                part = self.sound[i:i + piece]
                time.sleep(max(0, self.began + (i + len(part)) / RATE - time.time()))
                message = audio_message(part)
                if self.pictures:
                    message.update(frame())
                self.take(w.ask(message))
            if self.end:
                self.end(self, w)
            self.rest = w.ask({"command": "analyze"})
        return self

    def text(self):
        return " ".join(t for _, t in self.results)

    def longest_wait(self):
        times = [0] + [t for t, _ in self.results]
        return max(b - a for a, b in zip(times, times[1:]) if a < self.said_until)

    def rest_after(self):
        return self.results[-1][0] - self.said_until

    def check(self, expected, most_wrong, longest_wait=LONGEST_WAIT_S, rest=REST_S):
        said = f"{self.path} in {self.ms} ms: " + " | ".join(f"{t:.1f} {x}" for t, x in self.results)
        self.test.assertTrue(self.results, said)
        self.test.assertLessEqual(self.longest_wait(), longest_wait * PATIENCE, said)
        # a piece of slack: the message that brings it comes when its sound is over
        self.test.assertLessEqual(self.rest_after(), (rest + self.ms / 1000 + 0.3) * PATIENCE, said)
        left = audio_of(self.rest, self.path)
        self.test.assertEqual(left["transcribed_text"], "", said)
        got = words(self.text())
        self.test.assertLessEqual(word_errors(expected, got), most_wrong, said)
        doubled = [a for a, b in zip(got, got[1:]) if a == b and " ".join((a, b)) not in " ".join(expected)]
        self.test.assertEqual(doubled, [], said)


def together(talks):
    waiting = [in_background(t.run) for t in talks]
    for wait in waiting:
        wait(120)


# Their recognition takes longer than the speech, so that what is heard there says nothing.
TOO_SLOW = "a build with sanitizers can't follow speech in real time"


@unittest.skipIf(PATIENCE >= 5, TOO_SLOW)
class InRealTime(unittest.TestCase):
    def test_speech_without_a_pause(self):
        sound, said = spoken_on_air()
        self.assertGreater(len(sound), 22 * RATE)
        talks = [Talk(self, "/ws/audio/air", sound, 100), Talk(self, "/ws/combined/air-2", sound, 250, pictures=True),
                 Talk(self, "/ws/combined/air-3", without_pauses(jfk()), 3000)]
        together(talks[:2])
        together(talks[2:])
        for t in talks[:2]:
            t.check(said, len(said) // 5)
        # pieces of 3 s: nearly each has its result
        talks[2].check(JFK_WORDS, 4, longest_wait=6.5, rest=3)
        self.assertGreaterEqual(len(talks[2].results), len(talks[2].samples) // (3 * RATE) - 1)

    def test_speech_of_other_kinds(self):
        kennedy, slow = jfk(), filtered(jfk(), "atempo=0.75")
        fast = filtered(kennedy + recording("367-130732-0003.ogg"), "atempo=1.4")
        level = math.sqrt(sum(v * v for v in kennedy) / len(kennedy))
        noise = filtered(kennedy, f"aeval=val(0)+{level * 10 ** -0.5 * 3 ** 0.5:.5f}*(2*random(1)-1)")  # 10 dB
        talks = [(Talk(self, "/ws/combined/jfk", kennedy, 100), JFK_WORDS, 0),
                 (Talk(self, "/ws/audio/slow", slow, 250), JFK_WORDS, 3),
                 (Talk(self, "/ws/audio/fast", fast, 1000), JFK_WORDS + CRAYFISH, 18),
                 (Talk(self, "/ws/combined/noise", noise, 100, pictures=True), JFK_WORDS, 6)]
        together([t for t, _, _ in talks[:2]])
        together([t for t, _, _ in talks[2:]])
        for talk, said, most in talks:
            talk.check(said, most, rest=REST_S + (1.0 if talk.ms == 1000 else 0))


@unittest.skipIf(PATIENCE >= 5, TOO_SLOW)
class TheRest(unittest.TestCase):
    """The client stops sending when it stops speaking; its next message brings the last words."""

    def test_any_message_brings_it(self):
        def rest_by(talk, w, message):
            """The next message; on a busy machine it may bring a part, and another one the rest."""
            time.sleep(max(0, talk.began + talk.said_until + REST_S + 0.3 - time.time()))
            n = len(talk.results)
            for _ in range(int(2 * PATIENCE)):
                before = len(talk.results)
                talk.take(w.ask(message))
                if n < before == len(talk.results):
                    break
                time.sleep(1.5)  # so long without sound: it has stopped sending

        def silent_piece(talk, w):
            rest_by(talk, w, audio_message([0.0] * 160))

        def picture(talk, w):
            rest_by(talk, w, frame())

        def calibration(talk, w):
            rest_by(talk, w, {"command": "calibrate"})

        def long_silence(talk, w):
            talk.take(w.ask(audio_message([0.0] * int(REST_S * RATE))))

        sound = jfk()[int(7.9 * RATE):int((speech_end(jfk()) + 0.2) * RATE)]
        talks = [Talk(self, path, sound, 100, silence_s=0, end=end) for path, end in (
            ("/ws/audio/quiet", silent_piece), ("/ws/combined/quiet-2", silent_piece), ("/ws/combined/quiet-3", picture),
            ("/ws/combined/quiet-4", calibration), ("/ws/audio/quiet-5", long_silence), ("/ws/combined/quiet-6", long_silence))]
        for i in range(0, len(talks), 2):
            together(talks[i:i + 2])
        for t in talks:
            t.check(JFK_WORDS[-8:], 2, rest=REST_S + 1)


def burn(stop):
    while not stop.is_set():
        sum(range(10000))


class BusyMachine(unittest.TestCase):
    def test_results_are_late_but_come(self):
        stop = multiprocessing.Event()
        other = multiprocessing.Process(target=burn, args=(stop,))
        other.start()
        try:
            sound, _ = spoken_on_air()
            talk = Talk(self, "/ws/audio/busy", sound[:12 * RATE], 100).run()
        finally:
            stop.set()
            other.join()
        self.assertLessEqual(talk.longest_wait(), 6 * PATIENCE, talk.results)
        self.assertEqual(talk.rest["transcribed_text"], "", talk.results)


class Rules(unittest.TestCase):
    """The rest of the list, one short talk each."""

    def test_each_message_has_its_reply_in_order(self):
        sound = jfk()[:RATE]
        with server.ws("/ws/combined/order") as w:
            both = {**frame(), **audio_message(sound[1600:3200])}
            sent = [audio_message(sound[:1600]), frame(), {"nothing": 1}, both, {"audio": "!!!"},
                    {"frame": "!!!"}, {"command": "dance"}, {"command": "clear"}, {"command": "analyze"}]
            replies = []
            for part in (sent[:5], sent[5:]):  # a frame that comes later would overtake
                for m in part:
                    w.send(m)
                replies += [w.recv() for _ in part]
        keys = [set(r) - {"timestamp"} for r in replies]
        self.assertEqual(keys[0], {"audio_status", "audio_duration"})
        self.assertEqual(keys[1], {"video"})
        self.assertEqual(keys[2], {"error"})
        self.assertEqual(keys[3], {"video", "audio_status", "audio_duration"})
        self.assertEqual(keys[4], {"audio_error"})
        self.assertEqual(keys[5], {"video_error"})
        self.assertEqual(keys[6], {"error"})
        self.assertEqual(replies[7]["audio_status"], "cleared")
        self.assertEqual(replies[8]["audio"]["transcribed_text"], "")
        for r in (replies[1], replies[3]):
            check_shape(self, r["video"], VIDEO_KEYS)

    def test_buffered_duration_grows_until_it_is_reported(self):
        sound = jfk()[:2 * RATE]
        with server.ws("/ws/audio/buffer") as w:
            for i in range(0, len(sound), 1600):
                r = w.ask(audio_message(sound[i:i + 1600]))
                if "status" in r:
                    self.assertEqual(set(r), {"status", "buffered_duration", "timestamp"})
                    self.assertAlmostEqual(r["buffered_duration"], (i + 1600) / RATE, delta=0.02)
                    self.assertAlmostEqual(r["timestamp"], time.time(), delta=5)
            result = w.ask({"command": "analyze"})
            self.assertGreater(result["audio_duration"], 0)
            self.assertLess(w.ask(audio_message(sound[:1600]))["buffered_duration"], 0.12)
            self.assertEqual(w.ask({"command": "clear"})["buffered_duration"], 0)

    def test_every_declared_rate(self):
        for rate in (8000, 11025, 22050, 44100, 48000, 96000):
            with server.ws("/ws/audio/rate") as w:
                x = jfk(rate)[:3 * rate]
                replies = [w.ask(audio_message(x[i:i + rate // 2], rate)) for i in range(0, len(x), rate // 2)]
                replies.append(w.ask({"command": "analyze"}))
            results = [r for r in replies if "transcribed_text" in r]
            heard = words(" ".join(r["transcribed_text"] for r in results))
            self.assertTrue({"fellow", "americans"} <= set(heard) or rate < 16000, (rate, heard))
            self.assertAlmostEqual(sum(r["audio_duration"] for r in results), 3.0, delta=0.1)

    def test_one_name_on_several_sockets_is_one_session(self):
        with server.ws("/ws/video/one") as v, server.ws("/ws/audio/one") as a:
            for i in range(5):
                self.assertTrue(v.ask(frame())["face_detected"])
                a.ask(audio_message(jfk()[i * 16000:(i + 1) * 16000]))
            self.assertNotEqual(a.ask({"command": "analyze"}), {})
        rows = [s for s in server.get("/v1/sessions?client=one")[1]["sessions"]]
        self.assertEqual(len(rows), 1, rows)


if __name__ == "__main__":
    unittest.main()
