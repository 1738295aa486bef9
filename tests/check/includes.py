#!/usr/bin/env python3
"""The #include lines against the drawing of the house.

CMakeLists.txt says which module may use which (the DEPENDS of rh_module). A public
header is include/rehearse/<module>/<name>.h; a private one lies in its module's folder
and is included from there alone: by its name from its own folder, else by its path from
src. Some libraries are one module's own."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PUBLIC = os.path.join(ROOT, "include", "rehearse")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
SYSTEM = re.compile(r'^\s*#\s*include\s+<([^>]+)>', re.M)
# {start of a library's header: the only modules that may include it}
OWNED = {"uv.h": "net", "llhttp.h": "net", "wslay/": "net", "openssl/ssl.h": "net",
         "curl/": "models llm who", "sqlite3.h": "store", "libpq-fe.h": "store", "openvino/": "nn", "whisper.h": "asr"}


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def arrows():
    """{module: the modules it may include from, itself among them}"""
    direct = {}
    for name, rest in re.findall(r"^rh_module\((\w+)([^)]*)\)", read(os.path.join(ROOT, "CMakeLists.txt")), re.M):
        depends = re.search(r"DEPENDS((?: \w+)+?)(?: LIBS| *$)", rest)
        direct[name] = set(depends[1].split()) if depends else set()
    reach = {}

    def walk(name):
        if name not in reach:
            reach[name] = {name}.union(*(walk(d) for d in direct[name]))
        return reach[name]
    for name in direct:
        walk(name)
    reach["cli"] = set(direct) | {"cli"}
    return reach


def files_of(folder):
    return sorted(os.path.join(where, f) for where, _, files in os.walk(folder) for f in files
                  if f.endswith((".c", ".h")))


def check_public(path, module, reach, bad):
    """The includes of `path` that name a public header, and libraries that are not the module's."""
    text, where = read(path), os.path.relpath(path, ROOT)
    for name in SYSTEM.findall(text):
        for start, only in OWNED.items():
            if name.startswith(start) and module not in only.split():
                bad.append(f"{where} includes <{name}>, which is for {only} alone")
    for name in INCLUDE.findall(text):
        if not name.startswith("rehearse/"):
            continue
        if not os.path.exists(os.path.join(ROOT, "include", name)):
            bad.append(f"{where} includes {name}, which there is not")
        elif name.split("/")[1] not in reach[module]:
            bad.append(f"{where} includes {name}, and {module} may not use {name.split('/')[1]}")


def check_private(path, module, bad):
    """The includes of `path` that name a header of its own module."""
    for name in INCLUDE.findall(read(path)):
        if name.startswith("rehearse/"):
            continue
        beside = "/" not in name and os.path.exists(os.path.join(os.path.dirname(path), name))
        if not beside and not (name.startswith(module + "/") and os.path.exists(os.path.join(ROOT, "src", name))):
            bad.append(f"{os.path.relpath(path, ROOT)} includes \"{name}\", which is neither beside it "
                       f"nor a file of src/{module}")


def main():
    reach, bad = arrows(), []
    modules = sorted(m for m in reach if os.path.isdir(os.path.join(ROOT, "src", m)))
    n_headers = 0
    for m in modules:
        for path in files_of(os.path.join(ROOT, "src", m)):
            check_public(path, m, reach, bad)
            check_private(path, m, bad)
        for path in files_of(os.path.join(PUBLIC, m)) if m != "cli" else ():
            n_headers += 1
            check_public(path, m, reach, bad)
    for path in files_of(PUBLIC):
        if os.path.relpath(path, PUBLIC).split("/")[0] not in modules:
            bad.append(f"{os.path.relpath(path, ROOT)} lies in the folder of no module")
    print("\n".join(bad) if bad else f"{len(modules)} modules, {n_headers} public headers: all as drawn")
    return 1 if bad else 0


sys.exit(main())
