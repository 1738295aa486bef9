#!/usr/bin/env python3
"""Functions and tables that the program does not need, or not outside their own file.

What only tests and benchmarks call is code that nobody needs: it is to go, with its tests.
What only its own file calls is to be static. Told by the symbols of the object files, so
that macros and tables of functions count as uses.

  unused.py OBJECT..."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Ways in for tests and measurements, each with its reason.
FOR_TESTS = {
    "dec_find_align_heads": "the heads of each official size",
    "rh_alloc_fail_at": "memory that runs out at a chosen place",
    "rh_body_open": "bodies of the fuzzer",
    "rh_contact_head_signs": "what the weights of eye contact are learnt from",
    "rh_contact_signs": "as rh_contact_head_signs",
    "rh_eye_signs": "what tells hidden eyes, on pictures that tell which are",
    "rh_forwarded_client": "what proxies say of a visitor, without a request",
    "rh_ggml_file_n_tensors": "every tensor of a damaged file is read",
    "rh_ggml_file_parse": "damaged files in memory",
    "rh_ggml_file_tensor_at": "every tensor of a damaged file is read",
    "rh_hear": "benchmarks of what is heard, before it is measured",
    "rh_hearing_done": "as rh_hear",
    "rh_gemm_named": "products of each instruction set are compared",
    "rh_header_param": "headers of the fuzzer",
    "rh_kernels_named": "kernels of each instruction set are compared",
    "rh_log_mel_n_mels": "the filters are compared with the reference's",
    "rh_mouth_signs": "what tells a hidden mouth, on pictures that tell which are",
    "rh_net_ws_binary": "the echo program of the conformance suite",
    "rh_part_signs": "what the tables of hidden parts are learnt from",
    "rh_qmat_get_row": "packed rows are compared with what was packed",
    "rh_sample_prepare_c": "kernels of each instruction set are compared",
    "rh_speech_measure_by": "speakers judged by tables that were learnt without them",
    "rh_tokenizer_split_words": "words are compared with the reference's",
    "rh_video_open_memory": "videos of the fuzzer",
}
OUTSIDE = ("tests", "bench", "fuzz", "tools")


def symbols(paths):
    """{file: (the names it defines, those it needs)}"""
    files = {path: (set(), set()) for path in paths}
    for line in subprocess.check_output(["nm", "-gA", "--format=posix", *files], text=True).splitlines():
        path, name, kind = re.match(r"(.+?): (\S+) (\S)", line).groups()
        if not name.startswith("__"):  # of the compiler
            files[path][kind == "U"].add(name)
    return files


def used_outside(names):
    found = set()
    for folder in OUTSIDE:
        for where, _, files in os.walk(os.path.join(ROOT, folder)):
            for f in files:
                if f.endswith((".c", ".h")):
                    with open(os.path.join(where, f), encoding="utf-8") as text:
                        found |= names & set(re.findall(r"\w+", text.read()))
    return found


def main():
    files = symbols(path for path in sys.argv[1:] if "/src/" in path and os.path.exists(path))
    needed = set().union(*(n for _, n in files.values()))
    owner = {name: path.split("/src/", 1)[1][:-2] for path, (defined, _) in files.items() for name in defined}
    if len(owner) < 100:
        print(f"only {len(owner)} names were found: the check itself is broken")
        return 1
    idle = {n for n in owner if n not in needed and n != "main"}
    outside = used_outside(idle)
    bad = [f"{owner[n]}: {n} is used by "
           + ("tests and measurements alone: it is to go" if n in outside else "no other file: static, or to go")
           for n in sorted(idle - set(FOR_TESTS))]
    bad += [f"{n} need not be listed here: it is gone, or in use" for n in sorted(set(FOR_TESTS) - (idle & outside))]
    print("\n".join(bad) if bad else f"{len(owner)} names, all in use but {len(FOR_TESTS)} for tests")
    return 1 if bad else 0


sys.exit(main())
