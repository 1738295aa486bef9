#!/usr/bin/env python3
"""Writes shapes.txt: logits of openai-whisper's text decoder with made-up weights.

Run with openai-whisper 20250625 (MIT) and torch. Widths and vocabularies of
official sizes (tiny.en, small, large-v3), two layers, 64 tokens of context;
weights and encoder output come from the formulas below, which
test_decoder_shapes.c repeats. A line: width, position, token, logit.
Usage: make_shapes.py > shapes.txt
"""
import numpy as np
import torch
from whisper.model import TextDecoder

CTX, LAYERS, POSITIONS = 64, 2, 50
SHAPES = [(384, 6, 51864), (768, 12, 51865), (1280, 20, 51866)]
TOKENS = [50258, 50259, 100, 2000, 30000, 7]


def noise(seed, n):
    """n values in [-0.5, 0.5): a multiplicative hash of the index."""
    i = np.arange(n, dtype=np.uint64)
    h = (i * 2654435761 + seed * 40503 + 12345) & 0xFFFFFFFF
    h = ((h ^ (h >> 15)) * 2246822519) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 3266489917) & 0xFFFFFFFF
    return ((h >> 8).astype(np.float64) / 2**24 - 0.5).astype(np.float32)


def names():
    yield "positional_embedding"
    yield "token_embedding.weight"
    for i in range(LAYERS):
        for part in ("attn", "cross_attn"):
            for name in ("_ln.weight", "_ln.bias", ".query.weight", ".query.bias", ".key.weight",
                         ".value.weight", ".value.bias", ".out.weight", ".out.bias"):
                yield f"blocks.{i}.{part}{name}"
        for name in ("mlp_ln.weight", "mlp_ln.bias", "mlp.0.weight", "mlp.0.bias", "mlp.2.weight",
                     "mlp.2.bias"):
            yield f"blocks.{i}.{name}"
    yield "ln.weight"
    yield "ln.bias"


def fill(decoder):
    state = decoder.state_dict()
    assert sorted(names()) == sorted(state)
    for seed, name in enumerate(names()):
        tensor = state[name]
        v = noise(seed, tensor.numel()).reshape(tuple(tensor.shape))
        if name.endswith("weight") and tensor.dim() > 1:
            v = v * np.float32(2.0 / np.sqrt(tensor.shape[1]))
        elif name.endswith("weight"):
            v = v * np.float32(0.2) + np.float32(1.0)
        else:
            v = v * np.float32(0.2)
        tensor.copy_(torch.from_numpy(v.astype(np.float32)))


with torch.no_grad():
    for width, heads, vocab in SHAPES:
        decoder = TextDecoder(vocab, CTX, width, heads, LAYERS)
        fill(decoder)
        audio = torch.from_numpy(noise(999, POSITIONS * width).reshape(1, POSITIONS, width) * 4)
        logits = decoder(torch.tensor([TOKENS]), audio)[0].numpy()
        for position, row in enumerate(logits):
            for token in (0, 777, 31000, 50256, vocab - 1, int(row.argmax())):
                print(f"{width} {position} {token} {row[token]:.6f}")
