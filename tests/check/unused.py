#!/usr/bin/env python3
"""Public functions that the program never calls.

A function of include/rehearse that only tests and benchmarks call is code that nobody
needs: it is to go, with its tests. Told by the relocations of the object files, so
macros and tables of functions count as uses, and so do calls in the same file.

  unused.py OBJECT_OR_LIBRARY..."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Ways in for tests and measurements, each with its reason.
FOR_TESTS = {
    "rh_alloc_fail_at": "memory that runs out at a chosen place",
    "rh_ggml_file_n_tensors": "every tensor of a damaged file is read",
    "rh_ggml_file_tensor_at": "every tensor of a damaged file is read",
    "rh_net_header_at": "every header of an odd request is read",
    "rh_net_ws_binary": "the echo program of the conformance suite",
    "rh_qmat_get_row": "packed rows are compared with what was packed",
    "rh_utf8_count": "the length of subtitle lines is measured by other code than made them",
    "rh_video_open_memory": "videos of the fuzzer",
}
PUBLIC = os.path.join(ROOT, "include", "rehearse")


def declared():
    names = set()
    headers = (os.path.join(folder, f) for folder, _, files in os.walk(PUBLIC) for f in files)
    for header in headers:
        with open(header, encoding="utf-8") as f:
            text = re.sub(r"/\*.*?\*/|//[^\n]*", "", f.read(), flags=re.S)
        text = re.sub(r"static inline[^{]*\{.*?\n\}", "", text, flags=re.S)
        text = re.sub(r"^\s*#.*?(?<!\\)$", "", text, flags=re.M | re.S)
        names |= set(re.findall(r"\b(rh_\w+)\s*\([^;{]*\)[^;{]*;", text))
    return names


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def symbols(files):
    """(names defined, names referred to)"""
    defined = set(re.findall(r"^[0-9a-f]+ T (rh_\w+)$", output("nm", "-g", *files), re.M))
    used = set(re.findall(r" R_\w+ .* (rh_\w+)(?: [-+] [0-9a-f]+)?$", output("readelf", "-rW", *files), re.M))
    return defined, used


def main():
    names = declared()
    defined, used = symbols(sys.argv[1:])
    if len(names & defined) < 100:
        print(f"only {len(names & defined)} public functions were found: the check itself is broken")
        return 1
    unused = (names & defined) - used
    idle = sorted(unused - set(FOR_TESTS))
    for name in idle:
        print(f"{name}() is public, but nothing in src calls it")
    for name in sorted(set(FOR_TESTS) - unused):
        print(f"{name}() need not be listed here: it is gone, or in use")
        idle.append(name)
    if not idle:
        print(f"{len(names & defined)} public functions, all in use but {len(FOR_TESTS)} for tests")
    return 1 if idle else 0


sys.exit(main())
