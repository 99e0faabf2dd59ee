"""Writes tensorResize.json: what torchvision's resize makes of made-up pictures as tensors (ToTensor first), without antialiasing.

Pictures are those of pillow.py. Of many values only every `step`-th is kept, in the order [3, height, width].
Usage: /usr/bin/python3 tensorResize.py
"""
import json, pathlib
import torchvision
import torchvision.transforms.functional as F
from torchvision.transforms import InterpolationMode
from pillow import picture


def case(size, to, kernel, contrast=False):
    tensor = F.to_tensor(picture(*size, contrast))
    result = F.resize(tensor, (to[1], to[0]), InterpolationMode(kernel), antialias=None).flatten()
    step = max(1, len(result) // 300) | 1
    values = [float(f'{v:.9g}') for v in result[::step].tolist()]
    return {'from': size, 'to': to, 'kernel': kernel, 'contrast': contrast, 'step': step, 'values': values}


sizes = [
    ((1, 1), (4, 3)), ((2, 1), (5, 4)), ((5, 7), (1, 1)), ((7, 5), (7, 5)), ((7, 5), (13, 4)), ((33, 20), (16, 31)),
    ((64, 64), (224, 224)), ((320, 240), (224, 224)), ((640, 480), (224, 224)), ((199, 401), (224, 451)), ((1000, 3), (17, 5)),
]
cases = [case(a, b, kernel, contrast) for a, b in sizes for kernel in ('bilinear', 'bicubic') for contrast in (False, True)]

path = pathlib.Path(__file__).with_suffix('.json')
lines = ',\n'.join(json.dumps(c) for c in cases)
path.write_text(f'{{"torchvision": "{torchvision.__version__}", "cases": [\n{lines}\n]}}\n')
