"""People who speak while what they speak to is killed, and what must hold for each of them afterwards."""
import unittest
from machines import *
from test_disk import words_of

SEED = option("SEED", random.randrange(10 ** 6))
LOST_WORDS = 3  # so many in a row that are left out may be a matter of less clear speech


class People(unittest.TestCase):
    """`machines`: what they speak to, and what is done to it."""

    def speak(self, names_and_sounds):
        people = [Speaker(self.machines.port, name, pcm, keep_media=True) for name, pcm in names_and_sounds]
        for p in people:
            p.start()
        return people

    def ended(self, people):
        for p in people:
            p.join(180 * PATIENCE)
            self.assertIsNone(p.problem, self.machines.logs())
            self.assertFalse(p.faults, "\n".join([p.name, *p.faults[:8]]))
            self.assertIsNotNone(p.report, f"{p.name} has no report\n{self.machines.logs()}")

    def disturb(self, rng, kills, until):
        """Faults in any order, spread over the time that is left."""
        todo = ["kill"] * kills + self.machines.more_faults
        rng.shuffle(todo)
        began = time.time()
        times = sorted(rng.uniform(2, until - began - 3) for _ in todo)
        done = []
        for what, at in zip(todo, times):
            time.sleep(max(0, began + at - time.time()))
            now = time.time() - began
            done.append(f"{now:.1f} s: {self.machines.disturb(what, rng)}")
        return done

    def check_words(self, p, expected, said, clear):
        lost = longest_lost(expected, said)
        told = "\n".join([f"{p.name}, of which is lost: {' '.join(lost)}", " ".join(said), f"came back after {p.returns} s", *(
            f"{e['seq']} {e['start']:.2f} to {e['end']:.2f} s: {e['text']}" for e in p.events if e["type"] == "transcript.final")])
        if clear:  # what was not acknowledged is heard anew, from the last final on: a word at the seam may come out otherwise
            self.assertLessEqual(word_errors(expected, said), len(p.returns), told)
        self.assertLessEqual(len(lost), LOST_WORDS, told)

    def check(self, p):
        self.assertEqual([e["seq"] for e in p.events], list(range(1, len(p.events) + 1)))
        self.assertEqual(sum(e["type"] == "report" for e in p.events), 1)
        self.assertLessEqual(differs(self.machines.kept_sound(p.name), p.pcm), 1, p.name)  # rounded once, on the way in
        told = self.machines.ask(f"SELECT count(*), count(DISTINCT seq), max(seq) FROM told WHERE session = '{p.name}'")
        self.assertEqual(told, ["|".join([str(len(p.events))] * 3)])
        self.assertEqual(self.machines.ask(f"SELECT state FROM session WHERE id = '{p.name}'"), ["done"])
        self.assertEqual(self.machines.ask(f"SELECT count(*) FROM audio WHERE session = '{p.name}'"), ["0"])

    def check_said(self, people, sounds, clear):
        """After all of what is kept was checked: which words are heard is another matter. What was told is what the report says."""
        for p, (_, expected) in zip(people, sounds):
            self.check_words(p, expected, p.text, clear)
            self.assertEqual(words_of(p.report), p.text, p.name)

    def sounds(self, n, seconds):
        """What each says, and its words: with --clips as they come out where nobody is killed."""
        if not option("CLIPS", 0):
            return [spoken(i, seconds, n) for i in range(n)]
        if not real_clips.clip_paths():
            self.skipTest("no recordings: set REHEARSE_DATA to the folder that has librispeech and fillers")
        sounds = [real_clips.joined(i + 100 * SEED, seconds) for i in range(n)]
        people = self.speak([(f"whole-{i}", pcm) for i, pcm in enumerate(sounds)])
        self.ended(people)
        return [(p.pcm, p.text) for p in people]

    def rounds(self, n, kills):
        seconds, clear = option("SECONDS", 30), not option("CLIPS", 0)
        self.machines.make_whole()
        sounds = self.sounds(option("SESSIONS", n), seconds)
        returns, errors, acknowledged = [], 0, 0
        for r in range(option("ROUNDS", 1)):
            rng = random.Random(SEED + r)
            people = self.speak([(f"round-{r}-{i}", pcm) for i, (pcm, *_) in enumerate(sounds)])
            done = self.disturb(rng, option("KILLS", kills), time.time() + min(len(pcm) for pcm, *_ in sounds) / 16000)
            self.ended(people)
            for p in people:
                self.check(p)
            back = [t for p in people for t in p.returns]
            otherwise = [word_errors(expected, p.text) for p, (_, expected) in zip(people, sounds)]
            returns += back
            errors += sum(otherwise)
            print(f"  round {r}: {'; '.join(done)}; {len(back)} came back after {median(back):.2f} s (median), "
                  f"{max(back, default=0):.2f} s at most; finals after {median([t for p in people for t in p.final_s]):.2f} s (median); reports after {median([p.report_s for p in people]):.1f} s (median), "
                  f"{max(p.report_s for p in people):.1f} s; {sum(otherwise)} words otherwise", file=sys.stderr, flush=True)
            self.check_said(people, sounds, clear)
            self.machines.make_whole()
        self.assertTrue(returns, "nobody was at a server that was killed")
        print(f"  {len(sounds)} people a round, back after {median(returns):.2f} s (median), {max(returns):.2f} s at most, "
              f"{len(returns)} times; {errors} words otherwise", file=sys.stderr)
        return returns
