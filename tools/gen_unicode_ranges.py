#!/usr/bin/env python3
"""Writes src/asr/unicode_ranges.h: letters, numbers and white space by code point.

The split pattern of the tokenizer needs the classes L and N of Unicode; the
tables come from Python's own database (its version is written into the file).
Usage: tools/gen_unicode_ranges.py > src/asr/unicode_ranges.h
"""
import sys
import unicodedata


def ranges(test):
    out = []
    for cp in range(0x110000):
        if not test(cp):
            continue
        if out and out[-1][1] == cp - 1:
            out[-1][1] = cp
        else:
            out.append([cp, cp])
    return out


def table(name, test):
    rows = ["{0x%x, 0x%x}" % tuple(r) for r in ranges(test)]
    print("static const uint32_t %s[][2] = {" % name)
    line = "   "
    for r in rows:
        if len(line) + len(r) + 2 > 98:
            print(line)
            line = "   "
        line += " " + r + ","
    print(line)
    print("};\n")


def category(letter):
    return lambda cp: unicodedata.category(chr(cp))[0] == letter


# White_Space property, which is what \s means to the pattern.
SPACE = {0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}
SPACE |= set(range(0x09, 0x0E)) | {0x20} | set(range(0x2000, 0x200B))

print("/* unicode_ranges.h - made by tools/gen_unicode_ranges.py from Unicode %s; first and last"
      % unicodedata.unidata_version)
print(" * code point of each run. */")
print("#ifndef RH_UNICODE_RANGES_H\n#define RH_UNICODE_RANGES_H\n\n#include <stdint.h>\n")
print("/* clang-format off */")
table("unicode_letters", category("L"))
table("unicode_numbers", category("N"))
table("unicode_spaces", SPACE.__contains__)
print("/* clang-format on */\n\n#endif")
sys.stdout.flush()
