"""Writes encoder.txt: values of openai-whisper's encoder with made-up weights.

Run from the source root with openai-whisper 20250625 (MIT) and torch. For the
width of every official size, two layers and a window of 200 positions; weights
and sound come from the formulas below, which test_encoder.c repeats. A line:
bands, width, heads, position, channel, value. Tolerance of the test: 1e-3 of
the largest value.
"""
import numpy as np
import torch
import whisper
from whisper.model import AudioEncoder

CTX, LAYERS = 200, 2
SHAPES = [(80, 384, 6), (80, 512, 8), (80, 768, 12), (80, 1024, 16), (80, 1280, 20), (128, 1280, 20)]


def noise(seed, n):
    """n values in [-0.5, 0.5): a multiplicative hash of the index."""
    i = np.arange(n, dtype=np.uint64)
    h = (i * 2654435761 + seed * 40503 + 12345) & 0xFFFFFFFF
    h = ((h ^ (h >> 15)) * 2246822519) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 3266489917) & 0xFFFFFFFF
    return ((h >> 8).astype(np.float64) / 2**24 - 0.5).astype(np.float32)


def fill(encoder):
    for seed, (name, tensor) in enumerate(ordered(encoder)):
        v = noise(seed, tensor.numel()).reshape(tuple(tensor.shape))
        if name.endswith("weight") and tensor.dim() > 1:
            v = v * np.float32(2.0 / np.sqrt(tensor[0].numel()))
        elif name.endswith("weight"):
            v = v * np.float32(0.2) + np.float32(1.0)
        else:
            v = v * np.float32(0.2)
        tensor.copy_(torch.from_numpy(v.astype(np.float32)))


def ordered(encoder):
    state = encoder.state_dict()
    names = ["positional_embedding", "conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias"]
    for i in range(LAYERS):
        for part in ["attn_ln.weight", "attn_ln.bias", "attn.query.weight", "attn.query.bias",
                     "attn.key.weight", "attn.value.weight", "attn.value.bias", "attn.out.weight",
                     "attn.out.bias", "mlp_ln.weight", "mlp_ln.bias", "mlp.0.weight", "mlp.0.bias",
                     "mlp.2.weight", "mlp.2.bias"]:
            names.append(f"blocks.{i}.{part}")
    names += ["ln_post.weight", "ln_post.bias"]
    assert sorted(names) == sorted(state)
    return [(n, state[n]) for n in names]


i = np.arange(CTX * 320, dtype=np.float64)
sound = (0.3 * np.sin(0.05 * i) + 0.1 * np.sin(i * i * 1e-5)).astype(np.float32)
with open("tests/golden/encoder/encoder.txt", "w") as out, torch.no_grad():
    for n_mels, width, heads in SHAPES:
        encoder = AudioEncoder(n_mels, CTX, width, heads, LAYERS)
        fill(encoder)
        mel = whisper.log_mel_spectrogram(sound, n_mels, padding=480000)[:, : 2 * CTX]
        y = encoder(mel[None])[0].numpy()
        for position in (0, 1, 57, 120, 198, 199):
            for channel in (0, 1, width // 2, width - 1):
                out.write(f"{n_mels} {width} {heads} {position} {channel} {y[position, channel]:.6f}\n")
