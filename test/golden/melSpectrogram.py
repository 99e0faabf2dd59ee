"""Writes melSpectrogram.json: torchaudio's mel filters and the log-mel presets, in float64 where torchaudio allows it.

`avin` is made by torchlibrosa in the published code; its bands are librosa.filters.mel(htk=False, norm='slaney'), which
melscale_fbanks(norm='slaney', mel_scale='slaney') equals by definition, and its decibels are AmplitudeToDB's with amin 1e-10.
The sound, the digests and the cutting are those of preprocessing.py.
Usage: /usr/bin/python3 melSpectrogram.py (torchaudio 0.13)
"""
import json, pathlib, warnings
import numpy as np
import torch, torchaudio
from preprocessing import central, digest, synthetic_sound, tiled

warnings.filterwarnings('ignore', message='At least one mel filterbank')

filters = []
for segment, rate, mel in [
    (512, 16000, dict(bands=257, lowHz=0, highHz=8000, scale='htk', norm='none')),
    (1024, 32000, dict(bands=64, lowHz=50, highHz=14000, scale='slaney', norm='slaney')),
    (1024, 16000, dict(bands=64, lowHz=60, highHz=7800, scale='htk', norm='none')),
    (256, 8000, dict(bands=20, lowHz=300, highHz=4000, scale='htk', norm='slaney')),
    (256, 22050, dict(bands=40, lowHz=0, highHz=11025, scale='slaney', norm='none')),
]:
    norm = None if mel['norm'] == 'none' else mel['norm']
    bank = torchaudio.functional.melscale_fbanks(
        segment // 2 + 1, mel['lowHz'], mel['highHz'], mel['bands'], rate, norm=norm, mel_scale=mel['scale']
    )
    weights = bank.T.double().numpy()
    # Every band is pinned by its weights' sum and their centre: sum_k k w[k].
    moments = [[float(f'{v:.9g}') for v in m] for m in (weights.sum(1), weights @ np.arange(segment // 2 + 1))]
    filters.append({'segment': segment, 'sampleRate': rate, 'mel': mel, 'sums': moments[0], 'centres': moments[1]})

mel = torchaudio.transforms.MelSpectrogram
decibels = torchaudio.transforms.AmplitudeToDB()
sounds = []


def add(preset, length, transform, samples, finish):
    with torch.no_grad():
        sounds.append({'preset': preset, 'length': length, 'log': digest(finish(transform.double()(torch.tensor(samples))).numpy())})


for length in [163457, 70001]:
    x = tiled(synthetic_sound(length), 160000)
    add('ssltie', length, mel(16000, n_fft=512, hop_length=239, n_mels=257, normalized=True), x, decibels)
for length in [330001, 70001]:
    x = tiled(synthetic_sound(length), 320000)
    bands = mel(32000, n_fft=1024, hop_length=320, n_mels=64, f_min=50, f_max=14000, norm='slaney', mel_scale='slaney')
    add('avin', length, bands, x, decibels)
for length in [80003, 17003]:
    x = np.clip(tiled(central(synthetic_sound(length), 48000), 48000), -1, 1)
    bands = mel(16000, n_fft=1024, hop_length=480, n_mels=64, f_min=60, f_max=7800)
    add('laptop', length, bands, x, lambda p: torch.log(p[:, :100] + 0.03) / 3)

out = {'filters': filters, 'sounds': sounds}
lines = ',\n'.join(f'"{k}": [\n' + ',\n'.join(json.dumps(v) for v in values) + '\n]' for k, values in out.items())
pathlib.Path(__file__).with_suffix('.json').write_text('{\n' + lines + '\n}\n')
