"""Recordings that three servers analyse, one of which is killed at it: each gets its report, and gets it once."""
import unittest
from machines import *
from test_disk import words_of

# Counts how often each session is given a report.
COUNT = """CREATE TABLE reported (session TEXT);
CREATE FUNCTION note_report() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF NEW.report::text IS DISTINCT FROM OLD.report::text THEN INSERT INTO reported VALUES (NEW.id); END IF; RETURN NEW; END $$;
CREATE TRIGGER note_report AFTER UPDATE ON session FOR EACH ROW EXECUTE FUNCTION note_report()"""
ELSEWHERE_S = 30  # a job whose server is gone goes on at another one within that


def setUpModule():
    global machines
    machines = Machines()


def tearDownModule():
    machines.end()


class Recordings(unittest.TestCase):
    def sounds(self, n, seconds):
        """Each with the words it must have; None where it is less clear speech."""
        if option("CLIPS", 0):
            return [(real_clips.joined(i, seconds), None) for i in range(n)]
        clip = clear_speech()
        times = max(1, round(seconds / 12))
        return [((clip + array.array("h", [0] * 16000)) * times, times * JFK_WORDS)] * n

    def send(self, pcm):
        kind, body = form([("file", wav([v / 32767 for v in pcm]), "practice.wav")])
        while True:
            status, reply = machines.request("POST", "/v1/sessions", body, {"Content-Type": kind}, timeout=120)
            if status != 429:
                self.assertEqual(status, 202, reply)
                return json.loads(reply)["id"]
            time.sleep(0.5)  # so many wait already

    def n(self, sql):
        return int(machines.ask(sql)[0])

    def working(self):
        """A server that is at recordings, and their claims."""
        held = set(machines.ask("SELECT id || ' ' || epoch FROM job WHERE state = 'running'"))
        for n in range(1, machines.n + 1):
            files = {name for _, _, names in os.walk(machines.cluster.path(f"node{n}")) for name in names}
            claims = {claim for claim in held if claim.split(" ")[0] + ".upload" in files}
            if claims:
                return n, claims
        return None

    def test_each_is_reported_once_though_a_server_is_killed(self):
        n, seconds = option("RECORDINGS", 6), option("RECORDING_SECONDS", 24)
        machines.ask(COUNT)
        sounds = self.sounds(n, seconds)
        began = time.time()
        ids = [self.send(pcm) for pcm, _ in sounds]
        self.assertEqual(len(set(ids)), n)
        self.assertTrue(eventually(lambda: self.n("SELECT count(*) FROM reported") >= n // 4, 60 + n * seconds))
        killed, claims = eventually(self.working, 60) or (None, None)
        self.assertTrue(killed, "no server is at a recording")
        machines.cluster.kill_node(killed)
        at = time.time()
        held = "SELECT id || ' ' || epoch FROM job"
        self.assertTrue(eventually(lambda: not claims & set(machines.ask(held)), ELSEWHERE_S), (claims, machines.logs()))
        elsewhere = time.time() - at
        self.assertTrue(eventually(lambda: not self.n("SELECT count(*) FROM job"), 120 + n * seconds), machines.logs())
        whole = time.time() - began
        self.assertEqual(self.n("SELECT count(*) FROM session WHERE state = 'done' AND report IS NOT NULL"), n)
        self.assertEqual(machines.ask("SELECT session FROM reported ORDER BY session"), sorted(ids))
        for id, (_, expected) in zip(ids, sounds):
            status, report = machines.get(f"/v1/sessions/{id}/report")
            self.assertEqual(status, 200)
            said = words_of(report)
            self.assertTrue(said, id)
            if expected:
                self.assertEqual(said, expected)
        print(f"  {n} recordings of {len(sounds[0][0]) / 16000:.0f} s, node {killed} killed after {at - began:.0f} s at {len(claims)}, "
              f"which others had {elsewhere:.0f} s later: all reported once after {whole:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
