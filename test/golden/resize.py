"""Writes resize.json: torch.nn.functional.interpolate in float64, every mode and convention, shrinking and growing.

Usage: python3 resize.py
"""
import json, pathlib
import torch
import torch.nn.functional as F

torch.manual_seed(0)
sampling = {
    'halfPixel': dict(align_corners=False),
    'alignCorners': dict(align_corners=True),
    'antialias': dict(align_corners=False, antialias=True),
}
cases = []
for size, to in [((5, 7), (9, 4)), ((4, 3), (1, 8)), ((13, 6), (3, 6)), ((2, 2), (5, 5)), ((1, 9), (3, 2))]:
    x = torch.randint(-32, 33, (1, 2, *size)).double() / 16
    for interpolation in ['bilinear', 'bicubic']:
        for name, options in sampling.items():
            y = F.interpolate(x, to, mode=interpolation, **options)
            cases.append({
                'interpolation': interpolation,
                'sampling': name,
                'x': {'shape': list(x.shape), 'data': x.flatten().tolist()},
                'y': {'shape': list(y.shape), 'data': [float(f'{v:.12g}') for v in y.flatten().tolist()]},
            })
pathlib.Path(__file__).with_suffix('.json').write_text('[\n' + ',\n'.join(json.dumps(c) for c in cases) + '\n]\n')
