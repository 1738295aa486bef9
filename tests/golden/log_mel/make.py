"""Writes log_mel.txt: spectrogram columns of a fixture by openai-whisper.

Run from the source root with openai-whisper 20250625 (MIT) and soundfile.
A line: number of mel bands, hop, values. Tolerance of the test: 1e-4.
"""
import soundfile
import whisper

samples, rate = soundfile.read("tests/fixtures/237-134500-0025.flac", dtype="float32")
assert rate == 16000
end = len(samples) // 160
hops = [0, 1, 2, 3] + list(range(10, end, end // 8)) + [end - 1, end, end + 1, end + 2, 2999]
with open("tests/golden/log_mel/log_mel.txt", "w") as out:
    for n_mels in (80, 128):
        mel = whisper.log_mel_spectrogram(samples, n_mels, padding=480000).numpy()
        for hop in hops:
            out.write(f"{n_mels} {hop} " + " ".join("%.6f" % v for v in mel[:, hop]) + "\n")
