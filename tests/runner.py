"""Runs Python tests group by group so that they end: a test, or what prepares for it, that
takes longer than its limit fails with the place where it stood and what the servers wrote;
processes that a test leaves behind are ended. A few tests that failed, as real time makes
them on a machine with other work, are run once more by themselves, which is said with
their names; never those of a build with sanitizers. A group's line goes to standard output, and "N passed, N failed[, N skipped]"
last."""
import contextlib
import faulthandler
import glob
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest

LIMIT_S = float(os.environ.get("REHEARSE_TEST_LIMIT", "300"))
# A test that does not even let go then ends the whole run.
GRACE_S = 120
# More failures than this are no matter of chance.
MOST_AGAIN = 3
# Nor are a crash, what a sanitizer found, a server that did not end, or a test without an end:
# those would be seen once in a while only, and once is enough.
NO_CHANCE = re.compile(r"Overtime|Sanitizer|ended with|did not (end|stop|start)|-(4|6|7|8|9|11) != 0|0 != -\d")


SANITIZED = any(name in os.environ for name in ("ASAN_OPTIONS", "TSAN_OPTIONS"))


COUNTS = r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?"


class Overtime(Exception):
    """A test took longer than its limit."""


def children():
    """Ids of the processes below this one that still run."""
    below = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        with contextlib.suppress(OSError), open(path, errors="replace") as f:
            state, parent = f.read().rsplit(")", 1)[1].split()[:2]
            if state != "Z":
                below.setdefault(int(parent), []).append(int(path.split("/")[2]))
    found, todo = set(), [os.getpid()]
    while todo:
        new = below.get(todo.pop(), [])
        found.update(new)
        todo += new
    return found


def processor_s():
    """Processor time of this process and all that it has started."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    total = sum(u.ru_utime + u.ru_stime for u in used)
    for pid in children():
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", errors="replace") as f:
            total += sum(map(int, f.read().rsplit(")", 1)[1].split()[11:15])) / os.sysconf("SC_CLK_TCK")
    return total


def command_of(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", errors="replace") as f:
        return f.read().replace("\0", " ").strip()
    return ""


def threads_of(pid):
    """Name, state and processor time of each thread."""
    out = []
    for path in sorted(glob.glob(f"/proc/{pid}/task/*/stat")):
        with contextlib.suppress(OSError), open(path, errors="replace") as f:
            name, rest = f.read().split("(", 1)[1].rsplit(")", 1)
            rest = rest.split()
            out.append(f"{name} {rest[0]} {(int(rest[11]) + int(rest[12])) / os.sysconf('SC_CLK_TCK'):.1f} s")
    return ", ".join(out)


def end(pids):
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def report(why, describe):
    """Where this process stands, what runs below it and what that wrote."""
    print(f"\n{why}; here is where it stands:", file=sys.stderr, flush=True)
    faulthandler.dump_traceback(all_threads=True)
    for pid in sorted(children()):
        print(f"process {pid}: {command_of(pid)}\n  threads: {threads_of(pid)}", file=sys.stderr)
    print(describe(), file=sys.stderr, flush=True)


class Limit:
    """One clock for all: wound up anew before and after each test."""

    def __init__(self, limit_s, describe):
        self.limit_s, self.describe, self.now, self.late = limit_s, describe, "the start", None
        signal.signal(signal.SIGALRM, self.over)
        for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(s, self.told_to_end)

    def wind(self, now):
        self.now, self.late = now, None
        # again and again, for tests that take the error for one of their own
        signal.setitimer(signal.ITIMER_REAL, self.limit_s, 30)
        faulthandler.dump_traceback_later(self.limit_s + GRACE_S, exit=True)

    def off(self):
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()

    def over(self, *_):
        report(f"OVERTIME: more than {self.limit_s:.0f} s in {self.now}", self.describe)
        end(children())
        self.late = Overtime(f"more than {self.limit_s:.0f} s in {self.now}")
        raise self.late

    def told_to_end(self, number, _):
        signal.signal(number, signal.SIG_IGN)
        report(f"{signal.Signals(number).name} in {self.now}", self.describe)
        end(children())
        os._exit(128 + number)


class Result(unittest.TextTestResult):
    limit = None # set by run()

    def startTest(self, test):
        self.limit.wind(str(test))
        self.before = children()
        self.began, self.began_s = time.time(), processor_s()
        super().startTest(test)

    def addSuccess(self, test):
        if self.limit.late:
            return self.addError(test, (Overtime, self.limit.late, self.limit.late.__traceback__))
        super().addSuccess(test)
        self.stream.writeln(f"  {time.time() - self.began:.1f} s, {processor_s() - self.began_s:.1f} s of processor time")

    def stopTest(self, test):
        super().stopTest(test)
        if left := children() - self.before:
            self.stream.writeln("  left running, now ended: " + "; ".join(map(command_of, left)))
            end(left)
        self.limit.wind("what follows " + test.id())


def run_suite(name, suite):
    began, began_s = time.time(), processor_s()
    Result.limit.wind("what comes before " + name)
    result = unittest.TextTestRunner(stream=sys.stderr, verbosity=2, resultclass=Result).run(suite)
    end(children())
    sys.stderr.flush()
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    print(f"-- {name}: {result.testsRun} tests, {failed} failed, {time.time() - began:.0f} s, "
          f"{processor_s() - began_s:.0f} s of processor time", flush=True)
    return result, failed


def names_of_failed(result):
    """None when something else than tests failed, what prepares for them, or more than chance did."""
    found = result.failures + result.errors
    failed = [test for test, _ in found]
    if SANITIZED or any(NO_CHANCE.search(text) for _, text in found):
        return None
    return [t.id() for t in failed] if all(isinstance(t, unittest.TestCase) for t in failed) else None


def run(groups, limit_s=LIMIT_S, describe=lambda: ""):
    """groups: pairs of a name and a suite. Returns the exit code."""
    Result.limit = Limit(limit_s, describe)
    ran = bad = skipped = 0
    again = []
    for name, suite in groups:
        result, failed = run_suite(name, suite)
        names = names_of_failed(result)
        again = None if again is None or names is None else again + names
        # a fixture that fails is one more failure and no test
        ran, bad, skipped = ran + result.testsRun, bad + failed, skipped + len(result.skipped)
    if again and len(again) == bad <= MOST_AGAIN:
        for name in again:
            _, failed = run_suite(f"once more {name}", unittest.defaultTestLoader.loadTestsFromName(name))
            bad -= not failed
    Result.limit.off()
    passed = max(ran - bad - skipped, 0)
    print(f"{passed} passed, {bad} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if bad or not ran else 0


def without(suite, left_out):
    """The suite less the tests whose names begin with one of `left_out`."""
    kept = [without(t, left_out) if isinstance(t, unittest.TestSuite) else t for t in suite
            if isinstance(t, unittest.TestSuite) or not t.id().startswith(left_out)]
    return unittest.TestSuite(kept)


class Beside:
    """A group in a process of its own, whose output is shown whole when it has ended."""

    def __init__(self, name, left_out):
        self.name, self.began, self.log = name, time.time(), tempfile.TemporaryFile()
        self.process = subprocess.Popen([sys.executable, *sys.argv[:1], name, *left_out], stdout=self.log, stderr=subprocess.STDOUT,
                                        env=dict(os.environ, REHEARSE_TEST_JOBS="1"))

    def show(self):
        """The counts: passed, failed, skipped."""
        self.log.seek(0)
        output = self.log.read().decode(errors="replace")
        *before, last = output.rstrip().split("\n")
        counts = re.fullmatch(COUNTS, last)
        print("\n".join(before) if counts else output, flush=True)
        passed, failed, skipped = (int(n or 0) for n in counts.groups()) if counts else (0, 0, 0)
        return passed, failed if counts and (failed or not self.process.returncode) else failed + 1, skipped


def run_beside(names, left_out, jobs, first, alone):
    """At most `jobs` groups at once, `first` those that take long, those named by `alone` one by one after
    the others. Returns the exit code."""
    names = sorted(names, key=lambda n: first.index(n) if n in first else len(first))
    todo, last, running, total = [n for n in names if n not in alone], [n for n in names if n in alone], [], [0, 0, 0]

    def told_to_end(number, _):
        signal.signal(number, signal.SIG_IGN)
        for it in running:
            it.process.send_signal(number)
        for it in running:
            it.process.wait()
            it.show()
        os._exit(128 + number)

    for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(s, told_to_end)
    told = time.time()
    while todo or last or running:
        while todo and len(running) < jobs or last and not todo and not running:
            running.append(Beside((todo or last).pop(0), left_out))
        time.sleep(0.1)
        for it in [it for it in running if it.process.poll() is not None]:
            running.remove(it)
            total = [a + b for a, b in zip(total, it.show())]
        if time.time() - told > 30:
            told = time.time()
            print(", ".join(f"{it.name} for {told - it.began:.0f} s" for it in running), flush=True)
    print(f"{total[0]} passed, {total[1]} failed" + (f", {total[2]} skipped" if total[2] else ""))
    return 1 if total[1] or not total[0] else 0


def run_folder(folder, names=(), describe=lambda: "", first=(), alone=()):
    """names: those of unittest ("test_x.Class.test_y"), none means all test_*.py; "-NAME" leaves out.
    With none named and REHEARSE_TEST_JOBS above 1, so many files at once, those in `first` before the others, those in `alone`
    by themselves."""
    sys.path.insert(0, folder)
    loader = unittest.TestLoader()
    found = sorted(os.path.basename(p)[:-3] for p in glob.glob(os.path.join(folder, "test_*.py")))
    left_out = tuple(name[1:] for name in names if name.startswith("-"))
    chosen = [name for name in names if not name.startswith("-")]
    jobs = int(os.environ.get("REHEARSE_TEST_JOBS", "1"))
    if not chosen and jobs > 1:
        kept = [n for n in found if without(loader.loadTestsFromName(n), left_out).countTestCases()]
        return run_beside(kept, [f"-{name}" for name in left_out], jobs, first, alone)
    chosen = chosen or found
    suites = [(name, without(loader.loadTestsFromName(name), left_out)) for name in chosen]
    return run([(name, suite) for name, suite in suites if suite.countTestCases()], describe=describe)
