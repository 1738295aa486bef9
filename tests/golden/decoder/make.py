#!/usr/bin/env python3
"""Writes logits.tsv: logits of openai-whisper's text decoder (base, f32) for a
made-up encoder output, to compare ours with.

The encoder output is [200][512] numbers of a linear congruential generator
(see fill() in test_decoder.c). A line a position: the token run there, then
pairs id:logit of the ten largest logits and of every 997th token.
Made with openai-whisper 20250625 (MIT). Usage: make.py base.pt > logits.tsv
"""
import sys

import numpy as np
import torch
import whisper

N_POS, WIDTH = 200, 512
TOKENS = [50258, 50259, 50359, 50363, 400, 370, 452, 7177, 6280, 11, 1029, 406, 437, 428, 1941]

model = whisper.load_model(sys.argv[1], "cpu")
seed, values = 1, np.empty(N_POS * WIDTH, np.float32)
for i in range(values.size):
    seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
    values[i] = np.float32(seed >> 8) / np.float32(8388608.0) - np.float32(1.0)
with torch.no_grad():
    audio = torch.from_numpy(values.reshape(1, N_POS, WIDTH))
    logits = model.decoder(torch.tensor([TOKENS]), audio)[0].numpy()
for token, row in zip(TOKENS, logits):
    ids = list(np.argsort(-row)[:10]) + list(range(0, row.size, 997))
    print(token, " ".join("%d:%.5f" % (i, row[i]) for i in ids), sep="\t")
