"""Writes spectrum.json: windows and spectrograms of SciPy, in float64.

The sound is two sines and an offset, in multiples of 1/256 so that float32 holds them exactly.
Usage: python3 spectrum.py
"""
import json, pathlib
import numpy as np
from scipy import signal

n = np.arange(90)
sound = np.round(256 * (0.5 + 0.4 * np.sin(0.3 * n) + 0.2 * np.sin(1.7 * n + n**2 / 400))) / 256


def plain(a):
    return {'shape': list(a.shape), 'data': [float(f'{v:.12g}') for v in a.flatten()]}


spectrograms = []
for rate, segment, overlap in [(16000, 16, 2), (8000, 32, 24), (1, 15, 7), (22050, 90, 0)]:
    _, _, power = signal.spectrogram(sound, rate, nperseg=segment, noverlap=overlap)
    spectrograms.append({'sampleRate': rate, 'segment': segment, 'overlap': overlap, 'power': plain(power)})

frames = np.stack([sound[i : i + 20] * signal.get_window('hann', 20) for i in range(0, 71, 7)])
spectrum = np.fft.rfft(frames).T
windows = [{'taper': t, 'values': plain(signal.get_window(('tukey', t), m))} for t, m in [(0.25, 16), (0.25, 15), (1, 9), (0.5, 512 // 40)]]
out = {
    'sound': sound.tolist(),
    'windows': windows,
    'spectrograms': spectrograms,
    'dft': {'hop': 7, 'real': plain(spectrum.real), 'imaginary': plain(spectrum.imag)},
}
pathlib.Path(__file__).with_suffix('.json').write_text(json.dumps(out) + '\n')
