"""Three servers, a database with a standby, and HAProxy. Servers are killed at random while people speak, the database is
restarted and fails over: nothing acknowledged is lost, everything comes once, and the words are those that were said."""
import unittest
from machines import *
from test_disk import words_of

SEED = option("SEED", random.randrange(10 ** 6))


def setUpModule():
    global machines
    print(f"seed {SEED}", file=sys.stderr)
    machines = Machines()


def tearDownModule():
    machines.end()


class PeopleSpeak(unittest.TestCase):
    def setUp(self):
        machines.make_whole()

    def speak(self, names_and_sounds):
        people = [Speaker(machines.port, name, pcm, keep_media=True) for name, pcm in names_and_sounds]
        for p in people:
            p.start()
        return people

    def ended(self, people):
        for p in people:
            p.join(180 * PATIENCE)
            self.assertIsNone(p.problem, machines.logs())
            self.assertFalse(p.faults, "\n".join([p.name, *p.faults[:8]]))
            self.assertIsNotNone(p.report, f"{p.name} has no report\n{machines.logs()}")

    def disturb(self, rng, kills, until):
        """Faults in any order, spread over the time that is left."""
        todo = ["kill"] * kills + ["restart", "failover"]
        rng.shuffle(todo)
        began = time.time()
        times = sorted(rng.uniform(2, until - began - 3) for _ in todo)
        done = []
        for what, at in zip(todo, times):
            time.sleep(max(0, began + at - time.time()))
            now = time.time() - began
            done.append(f"{now:.1f} s: {machines.disturb(what, rng)}")
        return done

    def check(self, p, expected):
        self.assertEqual([e["seq"] for e in p.events], list(range(1, len(p.events) + 1)))
        self.assertEqual(sum(e["type"] == "report" for e in p.events), 1)
        # What was not acknowledged is heard anew, from the last final on: a word at the seam may come out otherwise.
        for said in (p.text, words_of(p.report)):
            self.assertLessEqual(word_errors(expected, said), len(p.returns), " ".join(said))
        self.assertLessEqual(differs(machines.kept_sound(p.name), p.pcm), 1)  # rounded once, on the way in
        told = machines.ask(f"SELECT count(*), count(DISTINCT seq), max(seq) FROM told WHERE session = '{p.name}'")
        self.assertEqual(told, ["|".join([str(len(p.events))] * 3)])
        self.assertEqual(machines.ask(f"SELECT state FROM session WHERE id = '{p.name}'"), ["done"])
        self.assertEqual(machines.ask(f"SELECT count(*) FROM audio WHERE session = '{p.name}'"), ["0"])

    def test_nothing_acknowledged_is_lost(self):
        n, seconds, kills = option("SESSIONS", 3), option("SECONDS", 30), option("KILLS", 3)
        sounds = [spoken(i, seconds) for i in range(n)]
        returns = []
        for r in range(option("ROUNDS", 1)):
            rng = random.Random(SEED + r)
            people = self.speak([(f"round-{r}-{i}", pcm) for i, (pcm, _) in enumerate(sounds)])
            done = self.disturb(rng, kills, time.time() + min(len(pcm) for pcm, _ in sounds) / 16000)
            self.ended(people)
            for p, (_, expected) in zip(people, sounds):
                self.check(p, expected)
            returns += [t for p in people for t in p.returns]
            print(f"  round {r}: {'; '.join(done)}; {sum(len(p.returns) for p in people)} came back, "
                  f"reports after {[round(p.report_s, 1) for p in people]} s, "
                  f"words otherwise {[word_errors(expected, p.text) for p, (_, expected) in zip(people, sounds)]}",
                  file=sys.stderr, flush=True)
            machines.make_whole()
        self.assertTrue(returns, "nobody was at a server that was killed")
        print(f"  back after {median(returns):.2f} s (median), {max(returns):.2f} s at most, {len(returns)} times", file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
