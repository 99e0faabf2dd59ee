"""Writes resample.json: scipy.signal.resample_poly in float64, of sounds that the test makes by the same formula.

x[n] = fract(43758.5453 sin(12.9898 n)) - 0.5, rounded to float32.
Usage: python3 resample.py
"""
import json, pathlib
import numpy as np
import scipy.signal

cases = []
for start, to, n in [(44100, 16000, 300), (48000, 16000, 200), (22050, 32000, 90), (8000, 16000, 50), (44100, 32000, 160), (16000, 44100, 60),
                     (44101, 16000, 150), (11025, 16001, 70), (192000, 16000, 400), (16000, 16001, 45), (16000, 8000, 1), (7, 5, 2), (96000, 7, 3)]:
    i = np.arange(n, dtype=np.float64)
    s = 43758.5453 * np.sin(12.9898 * i)
    x = (s - np.floor(s) - 0.5).astype(np.float32).astype(np.float64)
    y = scipy.signal.resample_poly(x, to, start)
    cases.append({'from': start, 'to': to, 'samples': n, 'y': [float(f'{v:.10g}') for v in y]})
pathlib.Path(__file__).with_suffix('.json').write_text('[\n' + ',\n'.join(json.dumps(c) for c in cases) + '\n]\n')
