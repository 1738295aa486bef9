"""Three servers, a database with a standby, and HAProxy. Servers are killed at random while people speak, the database is
restarted and fails over: nothing acknowledged is lost, everything comes once, and the words are those that were said."""
from people import *

SOON_S = 2  # half of those who lose their server are at another one by then


def setUpModule():
    print(f"seed {SEED}", file=sys.stderr)
    PeopleSpeak.machines = Machines()


def tearDownModule():
    PeopleSpeak.machines.end()


class PeopleSpeak(People):
    def test_nothing_acknowledged_is_lost(self):
        returns = self.rounds(12, 3)
        self.assertLess(median(returns), SOON_S * PATIENCE)
