#!/usr/bin/env python3
"""All C is as clang-format 14 writes it by .clang-format; `format.py --fix` makes it so."""
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = ("src", "include", "tests", "bench", "fuzz", "tools")
SKIP = 77


def main():
    program = shutil.which("clang-format-14")
    if not program:
        print("no clang-format-14: tools/setup test installs it")
        return SKIP
    files = sorted(os.path.join(where, f) for folder in FOLDERS for where, _, names in os.walk(os.path.join(ROOT, folder))
                   for f in names if f.endswith((".c", ".h")))
    how = ["-i"] if sys.argv[1:] == ["--fix"] else ["--dry-run", "-Werror", "-ferror-limit=20"]
    return subprocess.run([program, "--style=file", *how, *files]).returncode


sys.exit(main())
