#!/usr/bin/env python3
"""No two files of one module need each other, directly or by way of further ones.

Told by the symbols of the object files, so that calls through a shared header count,
and functions that one file is handed as pointers do not.

  circles.py OBJECT..."""
import collections
import os
import re
import subprocess
import sys


def file_of(path):
    """("server", "server/ws.c") of .../rh_server.dir/src/server/ws.c.o; None for what is not in src."""
    found = re.search(r"/src/((\w+)/.*)\.o$", path)
    return (found[2], found[1]) if found else None


def symbols(paths):
    """{file: (the names it defines, those it needs)}"""
    files = {path: (set(), set()) for path in paths}
    for line in subprocess.check_output(["nm", "-gA", "--format=posix", *files], text=True).splitlines():
        path, name, kind = re.match(r"(.+?): (\S+) (\S)", line).groups()
        files[path][kind == "U"].add(name)
    return files


def circles(edges):
    """The sets of files of which each can be reached from each (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def walk(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        for w in sorted(edges[v]):
            if w not in index:
                walk(w)
            if w in stack:
                low[v] = min(low[v], low[w])
        if low[v] == index[v]:
            at = stack.index(v)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]
    for v in sorted(edges):
        if v not in index:
            walk(v)
    return found


def main():
    modules = collections.defaultdict(dict)
    for path, names in symbols(p for p in sys.argv[1:] if file_of(p) and os.path.exists(p)).items():
        module, file = file_of(path)
        modules[module][file] = names
    rings, n = [], 0
    for files in modules.values():
        owner = {name: file for file, (defined, _) in files.items() for name in defined}
        edges = {file: {owner[name] for name in needed if name in owner} - {file}
                 for file, (_, needed) in files.items()}
        rings += circles(edges)
        n += len(files)
    for ring in rings:
        print("these need each other: " + ", ".join(ring))
    if not rings:
        print(f"{n} files of {len(modules)} modules, no circle")
    return 1 if rings or not n else 0


sys.exit(main())
