"""Runs the program under test with nothing of the caller's own settings."""
import os
import resource
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIXTURES = os.path.join(ROOT, "tests", "fixtures")


def binary():
    named = os.environ.get("REHEARSE_BIN")
    for path in [named] if named else [os.path.join(ROOT, d, "rehearse") for d in ("build", "build-dev")]:
        if os.access(path, os.X_OK):
            return path
    raise SystemExit("no program to test: build it first, or name it in REHEARSE_BIN")


def spent_s():
    """Processor time of all programs that have ended: what is wrong costs little of it, however busy the machine is."""
    return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def run(*args, env=None, timeout=300, binary_path=None):
    """(exit code, standard output, standard error)"""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("REHEARSE_") or k == "REHEARSE_CACHE"}
    clean["XDG_CONFIG_HOME"] = "/nonexistent"
    clean.update(env or {})
    p = subprocess.run([binary_path or binary(), *args], capture_output=True, text=True, env=clean,
                       stdin=subprocess.DEVNULL, timeout=timeout)
    return p.returncode, p.stdout, p.stderr
