"""Writes turn.txt: what the model makes of parts of the fixtures, heard through pipecat's own code.

Run from the source root with pipecat-ai 1.14.0 (BSD-2), openvino 2026.4.1, numpy and soundfile.
A line: fixture, samples of it from the start, probability that the turn is over. The model is one of
int8: runtimes and processors round it in their own ways (onnxruntime differs by 0.04 on average).
"""
import importlib.resources
import numpy
import openvino
import soundfile
from pipecat.audio.turn.smart_turn._whisper_features import compute_whisper_log_mel_features

path = importlib.resources.files("pipecat.audio.turn.smart_turn.data") / "smart-turn-v3.2-cpu.onnx"
model = openvino.Core().compile_model(str(path), "CPU")
with open("tests/golden/turn/turn.txt", "w", encoding="ascii") as out:
    for name in ("jfk.flac", "237-134500-0025.flac", "1688-142285-0002.flac", "fillers_but_um.flac"):
        x, rate = soundfile.read(f"tests/fixtures/{name}", dtype="float32")
        assert rate == 16000
        for share in (0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1):
            n = int(len(x) * share)
            heard = x[:n][-128000:]
            heard = numpy.pad(heard, (128000 - len(heard), 0))
            features = compute_whisper_log_mel_features(heard)[None]
            out.write(f"{name} {n} {model(features)[0].ravel()[0]:.6f}\n")
