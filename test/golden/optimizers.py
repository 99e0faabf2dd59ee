"""Writes optimizers.json: ten steps of torch.optim's optimizers on given gradients, in float64.

Weights and gradients are drawn by u(i, seed) = 2 fract(43758.5453 sin(12.9898 i + 78.233 seed)) - 1.
Usage: python3 optimizers.py
"""
import json, math, pathlib
import numpy as np
import torch

shapes = {'a.weight': (2, 3), 'b.weight': (4,), 'b.bias': (1,)}


def uniform(shape, seed):
    i = np.arange(math.prod(shape), dtype=np.float64)
    s = 43758.5453 * np.sin(12.9898 * i + 78.233 * seed)
    return torch.from_numpy(2 * (s - np.floor(s)) - 1).reshape(shape)


def case(name, rule, options, biases=None, clip=None, schedule=None):
    weights = [torch.nn.Parameter(uniform(s, k)) for k, s in enumerate(shapes.values())]
    if biases:
        groups = [{'params': weights[:2]}, {'params': weights[2:], **biases}]
        optimizer = rule(groups, **options)
    else:
        optimizer = rule(weights, **options)
    scheduler = schedule and torch.optim.lr_scheduler.LambdaLR(optimizer, schedule)
    trajectory, norms = [], []
    for step in range(10):
        for k, w in enumerate(weights):
            w.grad = uniform(w.shape, 100 + 10 * step + k) * (3 if step == 4 else 0.3)
        if clip:
            norms.append(torch.nn.utils.clip_grad_norm_(weights, clip).item())
        optimizer.step()
        if scheduler:
            scheduler.step()
        trajectory.append([w.detach().flatten().tolist() for w in weights])
    return {'name': name, 'trajectory': trajectory, **({'norms': norms} if clip else {})}


def warmup_cosine(step, steps=10, warmup=3):
    if step < warmup:
        return (step + 1) / warmup
    return (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2


o = torch.optim
cases = [
    case('sgd', o.SGD, dict(lr=0.1)),
    case('sgd with momentum and weight decay', o.SGD, dict(lr=0.1, momentum=0.9, weight_decay=0.05)),
    case('adam', o.Adam, dict(lr=0.01)),
    case('adam with weight decay', o.Adam, dict(lr=0.01, betas=(0.8, 0.99), eps=1e-3, weight_decay=0.1)),
    case('adamW', o.AdamW, dict(lr=0.01, weight_decay=0.1)),
    case('adamW with clipping', o.AdamW, dict(lr=0.01, weight_decay=0.1), clip=1.0),
    case('adamW with a group', o.AdamW, dict(lr=0.01, weight_decay=0.1), biases=dict(lr=0.1, weight_decay=0)),
    case('sgd with a schedule', o.SGD, dict(lr=0.1, momentum=0.9), schedule=warmup_cosine),
]
pathlib.Path(__file__).with_suffix('.json').write_text(json.dumps(cases) + '\n')
