"""One server on SQLite that is killed at random and started again while people speak: the same must hold as with many."""
from people import *


def setUpModule():
    print(f"seed {SEED}", file=sys.stderr)
    PeopleSpeak.machines = Alone()


def tearDownModule():
    PeopleSpeak.machines.end()


class PeopleSpeak(People):
    def test_nothing_acknowledged_is_lost(self):
        self.rounds(12, 2)
