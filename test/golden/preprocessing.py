"""Writes preprocessing.json: the published preprocessing of sounds (SciPy) and pictures (Pillow, torchvision), on a sound and pictures
made from formulas that test/features/synthetic.ts has too.

The sound's samples are whole multiples of 1/32768, so that float32 holds them exactly. Of large results a few hundred
values are kept, and the sum and the sum of squares of all.
Usage: /usr/bin/python3 preprocessing.py (SciPy 1.10, Pillow 9.4, torchvision 0.14)
"""
import json, pathlib
import numpy as np


def synthetic_sound(length):
    """Two sines, one of them sweeping, noise and an offset; parts are silent, parts are beyond full scale."""
    noise, state = np.empty(length), 1
    for n in range(length):
        state = (1664525 * state + 1013904223) % 2**32
        noise[n] = (state >> 20) - 2048
    n = np.arange(length)
    sound = np.floor(9000 * np.sin(0.05 * n) + 6000 * np.sin(n * n / 500000) + noise + 800.5)
    block = n // 4000
    return np.where(block % 5 == 4, 0, np.where(block % 7 == 3, 4 * sound, sound)) / 32768


def synthetic_picture(width, height):
    """Colour gradients with a disc, a fine grating and noise."""
    y, x = np.mgrid[:height, :width].astype(np.int64)
    levels = np.empty((height, width, 3), np.int64)
    for c in range(3):
        levels[..., c] = (x * (3 + c) + y * (5 - c)) // 3 % 256
    disc = (x - width // 3) ** 2 + (y - height // 2) ** 2 < (min(width, height) // 4) ** 2
    levels[disc] = [250, 30, 4]
    levels[(x // 2 + y // 3) % 7 == 0] = [255, 255, 255]
    levels += (x * 7919 + y * 104729 + x * y * 31)[..., None] % 23 - 11
    return np.clip(levels, 0, 255).astype(np.uint8)


def digest(values, count=300):
    """What `expectDigest` of test/features/synthetic.ts compares with."""
    flat = np.asarray(values, np.float64).reshape(-1)
    picked = np.arange(count, dtype=np.int64) * 7919 % flat.size
    return {
        'shape': list(np.shape(values)),
        'sum': float(flat.sum()),
        'squares': float((flat**2).sum()),
        'values': [float(f'{v:.9g}') for v in flat[picked]],
    }


def tiled(samples, length):
    if len(samples) < length:
        samples = np.tile(samples, int(length / len(samples)) + 1)
    return samples[:length]


def central(samples, length):
    first = max((len(samples) - length) // 2, 0)
    return samples[first : first + length]


def main():
    import torch
    from PIL import Image
    from scipy import signal
    from torchvision import transforms

    def log_spectrogram(samples, overlap):
        _, _, power = signal.spectrogram(np.clip(samples, -1, 1), 16000, nperseg=512, noverlap=overlap)
        return np.log(power + 1e-7) / 12

    sounds = []
    for length in [163457, 70001]:
        x = synthetic_sound(length)
        sounds.append({'preset': 'sslalign', 'length': length, 'log': digest(log_spectrogram(tiled(x, 160000)[56000:104000], 353))})
        sounds.append({'preset': 'lvs', 'length': length, 'log': digest(log_spectrogram(tiled(x, 160000), 274))})
    for length in [160001, 17003]:
        x = synthetic_sound(length)
        sounds.append({'preset': 'ezvsl', 'length': length, 'log': digest(log_spectrogram(tiled(central(x, 48000), 48000), 274))})

    normalize = [transforms.ToTensor(), transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]
    bicubic = transforms.InterpolationMode.BICUBIC
    short_side = [transforms.Resize(224, bicubic), transforms.CenterCrop(224), *normalize]
    presets = {
        'sslalign': [normalize[0], transforms.Resize((224, 224), bicubic, antialias=False), transforms.CenterCrop(224), normalize[1]],
        'lvs': short_side,
        'ezvsl': [transforms.Resize((224, 224), bicubic), *normalize],
        'avin': [transforms.Resize((224, 224)), transforms.CenterCrop(224), *normalize],
        'ssltie': short_side,
        'laptop': [transforms.Resize((96, 96), bicubic), *normalize],
    }
    pictures = []
    for width, height in [(341, 256), (227, 400), (64, 64), (225, 224), (224, 227), (500, 37)]:
        picture = Image.fromarray(synthetic_picture(width, height))
        for preset, steps in presets.items():
            found = transforms.Compose(steps)(picture)
            pictures.append({'preset': preset, 'width': width, 'height': height, 'tensor': digest(found.double().numpy(), 100)})

    # A ramp of one level a column shows which column a centre crop begins with.
    crops = []
    for width in range(224, 234):
        ramp = Image.fromarray(np.broadcast_to(np.arange(width, dtype=np.uint8)[None, :, None], (224, width, 3)).copy())
        crops.append({'width': width, 'left': int(np.asarray(transforms.CenterCrop(224)(ramp))[0, 0, 0])})

    out = {'sounds': sounds, 'pictures': pictures, 'crops': crops}
    lines = ',\n'.join(f'"{k}": [\n' + ',\n'.join(json.dumps(v) for v in values) + '\n]' for k, values in out.items())
    pathlib.Path(__file__).with_suffix('.json').write_text('{\n' + lines + '\n}\n')


if __name__ == '__main__':
    main()
