#!/usr/bin/env python3
"""Writes filters.txt: the values above 0 of openai-whisper's mel filter banks.

openai-whisper 20250625 (MIT), assets/mel_filters.npz, tables mel_80 and mel_128.
Lines: number of mels, mel, bin, value as a C hexadecimal float. The test allows
1e-6 relative, since libraries of other systems round exp() differently."""
import os
import numpy as np
import whisper

tables = np.load(os.path.join(os.path.dirname(whisper.__file__), "assets", "mel_filters.npz"))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "filters.txt"), "w") as out:
    for n in (80, 128):
        table = tables[f"mel_{n}"]
        for m, b in np.argwhere(table > 0):
            out.write(f"{n} {m} {b} {float(table[m, b]).hex()}\n")
