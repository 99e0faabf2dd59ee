"""Writes pillow.json: what Pillow's Image.resize makes of made-up pictures, as base64 bytes, or as a SHA-256 where they are many.

A picture is (width, height) noise: byte i is the top byte of the i-th state of x <- 1664525 x + 1013904223 mod 2^32, which begins
with 1000 width + height; `contrast` pictures have every byte rounded to 0 or 255, so that sums leave the range.
Usage: /usr/bin/python3 pillow.py
"""
import base64, hashlib, json, pathlib
import PIL
from PIL import Image


def picture(width, height, contrast):
    x, data = 1000 * width + height, bytearray()
    for _ in range(3 * width * height):
        x = (1664525 * x + 1013904223) % 2**32
        data.append((255 if x >> 31 else 0) if contrast else x >> 24)
    return Image.frombytes('RGB', (width, height), bytes(data))


kernels = {'bilinear': Image.Resampling.BILINEAR, 'bicubic': Image.Resampling.BICUBIC}


def case(size, to, kernel, crop=None, contrast=False):
    frame = picture(*size, contrast)
    data = (frame.crop(crop) if crop else frame).resize(to, kernels[kernel]).tobytes()
    result = {'base64': base64.b64encode(data).decode()} if len(data) <= 3000 else {'sha256': hashlib.sha256(data).hexdigest()}
    return {'from': size, 'to': to, 'kernel': kernel, 'crop': crop, 'contrast': contrast, **result}


if __name__ == '__main__':
    sizes = [
        ((1, 1), (1, 1)), ((1, 1), (5, 7)), ((5, 7), (1, 1)), ((2, 3), (3, 2)), ((7, 5), (7, 5)), ((7, 5), (7, 9)), ((7, 5), (13, 5)),
        ((7, 5), (7, 2)), ((7, 5), (3, 5)), ((17, 31), (31, 17)), ((16, 16), (32, 32)), ((33, 33), (16, 16)), ((100, 3), (9, 30)),
        ((3, 100), (30, 9)), ((1000, 2), (3, 2)), ((2, 1000), (2, 3)), ((64, 64), (224, 224)), ((224, 224), (64, 64)),
        ((320, 240), (299, 224)), ((246, 300), (224, 224)), ((640, 480), (299, 224)), ((199, 401), (224, 451)), ((3000, 7), (5, 3)),
    ]
    cases = [case(a, b, kernel, contrast=contrast) for a, b in sizes for kernel in kernels for contrast in (False, True)]
    crops = [
        ((40, 30), (24, 24), (3, 5, 37, 28)), ((40, 30), (34, 24), (3, 5, 37, 28)), ((40, 30), (20, 23), (3, 5, 37, 28)),
        ((40, 30), (34, 23), (3, 5, 37, 28)), ((40, 30), (8, 9), (39, 29, 40, 30)), ((64, 64), (224, 224), (11, 0, 60, 33)),
        ((640, 480), (224, 224), (201, 77, 600, 401)),
    ]
    cases += [case(a, b, kernel, crop) for a, b, crop in crops for kernel in kernels]

    path = pathlib.Path(__file__).with_suffix('.json')
    lines = ',\n'.join(json.dumps(c) for c in cases)
    path.write_text(f'{{"pillow": "{PIL.__version__}", "cases": [\n{lines}\n]}}\n')
