"""Writes kernelSpectrogram.json: log spectrograms of 10 seconds that SciPy computes in float64; of them every `step`-th value.

The sound: x[n] = float32((u mod 2^25 - 2^24) / 2^25 + sin(f n) / 4 + 1/100), u the n-th state
of u <- 1103515245 u + 12345 mod 2^31 that begins with 1, and f = 0.05, from the middle on 1.3.
Usage: /usr/bin/python3 kernelSpectrogram.py
"""
import json, math, pathlib
import numpy as np, scipy
from scipy.signal import spectrogram

samples, rate = 160000, 16000
u, x = 1, np.empty(samples)
for n in range(samples):
    u = (1103515245 * u + 12345) % 2**31
    x[n] = (u % 2**25 - 2**24) / 2**25 + math.sin((0.05 if n < samples // 2 else 1.3) * n) / 4 + 0.01
x = x.astype(np.float32).astype(np.float64)

cases = []
for overlap in (274, 353):
    power = spectrogram(x, rate, nperseg=512, noverlap=overlap)[2]
    values = (np.log(power + 1e-7) / 12).flatten()
    step = 397
    cases.append({'segment': 512, 'hop': 512 - overlap, 'shape': list(power.shape), 'step': step,
                  'values': [float(f'{v:.9g}') for v in values[::step]]})

path = pathlib.Path(__file__).with_suffix('.json')
lines = ',\n'.join(json.dumps(c) for c in cases)
path.write_text(f'{{"scipy": "{scipy.__version__}", "cases": [\n{lines}\n]}}\n')
