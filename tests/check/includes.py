#!/usr/bin/env python3
"""The #include lines of each module against the arrows between modules.

CMakeLists.txt says which module may use which (the DEPENDS of rh_module). A
public header belongs to the module its folder names, else to the one whose
source defines its functions; a quoted header without a folder must lie beside
the file that includes it. Some libraries are one module's own."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PUBLIC = os.path.join(ROOT, "include", "rehearse")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
SYSTEM = re.compile(r'^\s*#\s*include\s+<([^>]+)>', re.M)
# {start of a library's header: the only module that may include it}
OWNED = {"uv.h": "net", "llhttp.h": "net", "wslay/": "net", "openssl/ssl.h": "net"}


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)


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


def sources(module):
    folder = os.path.join(ROOT, "src", module)
    return sorted(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith((".c", ".h")))


def headers():
    """Public headers as they are included, without "rehearse/"."""
    return sorted(os.path.relpath(os.path.join(folder, f), PUBLIC)
                  for folder, _, files in os.walk(PUBLIC) for f in files if f.endswith(".h"))


def owners(modules):
    """{public header: its module}: the one whose .c files define what it declares."""
    defined = {}
    for m in modules:
        text = "\n".join(without_comments(read(p)) for p in sources(m) if p.endswith(".c"))
        for name in re.findall(r"^[\w \*]+?\b(rh_\w+)\([^;{]*\)\s*\{", text, re.M):
            defined.setdefault(name, m)
    result = {}
    for header in headers():
        if "/" in header:
            result[header] = header.split("/")[0]
            continue
        declared = re.findall(r"\b(rh_\w+)\(", without_comments(read(os.path.join(PUBLIC, header))))
        found = [defined[d] for d in declared if d in defined]
        if found:
            result[header] = max(set(found), key=found.count)
    return result


def main():
    reach = arrows()
    modules = sorted(m for m in reach if os.path.isdir(os.path.join(ROOT, "src", m)))
    owner = owners(modules)
    bad = []
    for m in modules:
        for path in sources(m):
            for name in SYSTEM.findall(read(path)):
                for start, only in OWNED.items():
                    if name.startswith(start) and m != only:
                        bad.append(f"{os.path.relpath(path, ROOT)} includes <{name}>, which is for {only} alone")
            for name in INCLUDE.findall(read(path)):
                where = os.path.relpath(path, ROOT)
                if name.startswith("rehearse/"):
                    target = owner.get(name[len("rehearse/"):])
                    if target and target not in reach[m]:
                        bad.append(f"{where} includes {name} of module {target}, which {m} may not use")
                elif not os.path.exists(os.path.join(os.path.dirname(path), name)):
                    bad.append(f"{where} includes \"{name}\", which is not beside it")
    for header in headers():
        m = owner.get(header)
        for name in INCLUDE.findall(read(os.path.join(PUBLIC, header))):
            target = owner.get(name[len("rehearse/"):])
            if m and target and target not in reach[m]:
                bad.append(f"{header} of module {m} includes {name} of module {target}")
    print("\n".join(bad) if bad else f"{len(modules)} modules, {len(owner)} public headers: all as drawn")
    return 1 if bad else 0


sys.exit(main())
