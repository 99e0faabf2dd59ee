"""Writes operations.json: operations, and their gradients for a given dy, as PyTorch computes them in float64.

Inputs are multiples of 1/16, so that float32 holds them exactly.
Usage: python3 operations.py
"""
import json, math, pathlib
import torch
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


def draw(*shape):
    return torch.randint(-32, 33, shape).double() / 16


def plain(t):
    return {'shape': list(t.shape), 'data': [float(f'{v:.12g}') for v in t.flatten().tolist()]}


def case(op, attributes, inputs, f):
    inputs = [x.clone().requires_grad_() for x in inputs]
    y = f(*inputs)
    dy = draw(*y.shape)
    gradients = torch.autograd.grad(y, inputs, dy)
    return {
        'op': op,
        'attributes': attributes,
        'inputs': [plain(x) for x in inputs],
        'output': plain(y),
        'dy': plain(dy),
        'gradients': [plain(g) for g in gradients],
    }


def conv2d(x, weight, stride=(1, 1), padding=(0, 0, 0, 0), dilation=(1, 1), groups=1):
    top, left, bottom, right = padding
    attributes = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)
    pad = lambda x: F.pad(x, (left, right, top, bottom))
    run = lambda x, w: F.conv2d(pad(x), w, stride=stride, dilation=dilation, groups=groups)
    return case('conv2d', attributes, [draw(*x), draw(*weight)], run)


def pool(op, f, x, kernel, stride, padding, **more):
    attributes = dict(kernel=kernel, stride=stride, padding=[*padding, *padding])
    if more:
        attributes['countPadding'] = more['count_include_pad']
    # Distinct values: ties are a choice of each library.
    values = (torch.randperm(math.prod(x)).double() / 16).reshape(x)
    return case(op, attributes, [values], lambda x: f(x, kernel, stride, padding, **more))


def l2_normalize(axis, eps, scale):
    return case('l2Normalize', dict(axis=axis, eps=eps), [draw(3, 4) * scale], lambda x: F.normalize(x, dim=axis, eps=eps))


c = [draw(3).abs() + 0.5, draw(3), draw(3), draw(3).abs() + 0.25]
cases = [
    conv2d((2, 3, 5, 6), (4, 3, 3, 3), padding=(1, 1, 1, 1)),
    conv2d((1, 2, 7, 8), (3, 2, 3, 2), stride=(2, 3), padding=(1, 0, 2, 1)),
    conv2d((2, 4, 6, 6), (6, 2, 3, 3), groups=2, dilation=(2, 1), padding=(2, 1, 2, 1)),
    conv2d((1, 3, 5, 5), (3, 1, 3, 3), groups=3),
    conv2d((2, 3, 4, 4), (2, 3, 1, 1), stride=(2, 2)),
    case('batchNorm', dict(eps=1e-5), [draw(3, 3, 2, 4), c[0], c[1]], lambda x, g, b: F.batch_norm(x, None, None, g, b, True, 0, 1e-5)),
    case('batchNorm', dict(eps=0.1), [draw(6, 3), c[0], c[1]], lambda x, g, b: F.batch_norm(x, None, None, g, b, True, 0, 0.1)),
    case('batchNormInference', dict(eps=1e-5), [draw(2, 3, 2, 2), *c], lambda x, g, b, m, v: (x - m[:, None, None]) / torch.sqrt(v[:, None, None] + 1e-5) * g[:, None, None] + b[:, None, None]),
    case('layerNorm', dict(eps=1e-5), [draw(2, 3, 5), draw(5), draw(5)], lambda x, g, b: F.layer_norm(x, (5,), g, b, 1e-5)),
    case('gelu', {}, [draw(12)], F.gelu),
    case('softmax', dict(axis=1), [draw(2, 4, 3)], lambda x: torch.softmax(x, 1)),
    case('logSoftmax', dict(axis=2), [draw(2, 4, 3)], lambda x: torch.log_softmax(x, 2)),
    l2_normalize(0, 1e-12, 1),
    l2_normalize(1, 3.0, 0.5),
    pool('maxPool2d', F.max_pool2d, (2, 2, 5, 6), [3, 2], [2, 2], [1, 0]),
    pool('maxPool2d', F.max_pool2d, (1, 1, 7, 7), [3, 3], [2, 2], [1, 1]),
    pool('averagePool2d', F.avg_pool2d, (1, 2, 5, 6), [3, 2], [2, 1], [1, 1], ceil_mode=False, count_include_pad=True),
    pool('averagePool2d', F.avg_pool2d, (1, 2, 5, 6), [3, 2], [2, 1], [1, 1], ceil_mode=False, count_include_pad=False),
]
pathlib.Path(__file__).with_suffix('.json').write_text('[\n' + ',\n'.join(json.dumps(c) for c in cases) + '\n]\n')
