"""Writes turn.txt: what the model makes of parts of the fixtures, heard through pipecat's own code.

Run from the source root with pipecat-ai 1.14.0 (BSD-2), onnx 1.23, onnxruntime 1.32, numpy and soundfile.
A line: fixture, samples of it from the start, probability that the turn is over. The model is one of
int8, whose rounding runtimes and processors do in their own ways: what rounds between its operations is taken out.
"""
import importlib.util
import pathlib
import numpy
import onnx
import onnxruntime
import soundfile


def unrounded(path):
    model = onnx.load(path)
    by_output = {name: node for node in model.graph.node for name in node.output}
    instead = {}
    for node in model.graph.node:
        before = by_output.get(node.input[0]) if node.op_type == "DequantizeLinear" else None
        if before is not None and before.op_type == "QuantizeLinear":
            instead[node.output[0]] = before.input[0]
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            while name in instead:
                name = instead[name]
            node.input[i] = name
    return model.SerializeToString()


smart_turn = pathlib.Path(importlib.util.find_spec("pipecat").origin).parent / "audio/turn/smart_turn"
path = smart_turn / "data/smart-turn-v3.2-cpu.onnx"
spec = importlib.util.spec_from_file_location("features", smart_turn / "_whisper_features.py")
pipecat = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pipecat)
options = onnxruntime.SessionOptions()
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # it would put some back
options.log_severity_level = 3
model = onnxruntime.InferenceSession(unrounded(str(path)), options)
with open("tests/golden/turn/turn.txt", "w", encoding="ascii") as out:
    for name in ("jfk.flac", "237-134500-0025.flac", "1688-142285-0002.flac", "fillers_but_um.flac"):
        x, rate = soundfile.read(f"tests/fixtures/{name}", dtype="float32")
        assert rate == 16000
        for share in (0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1):
            n = int(len(x) * share)
            heard = x[:n][-128000:]
            heard = numpy.pad(heard, (128000 - len(heard), 0))
            features = pipecat.compute_whisper_log_mel_features(heard)[None]
            out.write(f"{name} {n} {model.run(None, {'input_features': features})[0].ravel()[0]:.6f}\n")
