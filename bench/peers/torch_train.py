"""torch_train.py CONFIG LIST OUT [THREADS]: the training of `earshot train` in PyTorch, for the laptop preset.

CONFIG is the config.json of a run's folder: the same network, data, augmentation, losses and schedule. OUT gets model.safetensors, which
`earshot evaluate --model` scores, and metrics.jsonl.
"""
import json
import math
import pathlib
import sys
import time

import numpy as np
import torch

from torch_data import Pairs
from torch_model import Model, save

with open(sys.argv[1]) as file:
    config = json.load(file)
config = config.get('config', config)
out = pathlib.Path(sys.argv[3])
threads = int(sys.argv[4]) if len(sys.argv) > 4 else 2
torch.set_num_threads(threads)
torch.manual_seed(config['seed'])
np.random.seed(config['seed'])
settings, near, o = config['settings'], config['neighbours'], config['optimizer']
for key, ours in {'microBatch': None, 'batchNorm': 'batch'}.items():
    if config.get(key, ours) != ours:
        raise SystemExit(f'{key} {config[key]} is not compared')
out.mkdir(parents=True)

began = time.perf_counter()
pairs = Pairs(sys.argv[2], config)
model = Model(config['method'], settings).to(memory_format=torch.channels_last)
optimizer = torch.optim.Adam(model.parameters(), lr=o['learningRate'], weight_decay=o['weightDecay'])
batch, epochs = config['batch'], config['epochs']
per_epoch = len(pairs) // batch
steps = epochs * per_epoch
warmup = min(round(o['warmup'] * per_epoch), steps - 1)


def factor(step):
    if step < warmup:
        return (step + 1) / warmup
    return (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2 if o['schedule'] == 'cosine' else 1


def seed_worker(_):
    torch.set_num_threads(1)
    np.random.seed(torch.initial_seed() % 2**32)


def load(views, shuffle):
    pairs.views = views
    return torch.utils.data.DataLoader(
        pairs, batch, shuffle=shuffle, drop_last=shuffle, num_workers=threads, worker_init_fn=seed_worker, prefetch_factor=2)


def neighbours():
    """The k nearest of every pair among the others, by the embeddings of its picture and of its sound."""
    model.eval()
    rows = {'picture': [], 'sound': []}
    with torch.no_grad():
        for views in load(['picture.plain', 'sound.anchor'], False):
            rows['picture'].append(model.picture(views['picture.plain'].contiguous(memory_format=torch.channels_last))[1])
            rows['sound'].append(model.sound(views['sound.anchor'])[1])
        model.train()
        k = max(1, min(near['k'], len(pairs) // 8))
        found = {}
        for side, parts in rows.items():
            e = torch.cat(parts)
            similarity = e @ e.t()
            similarity.fill_diagonal_(-2)
            found[side] = similarity.topk(k, dim=1)[1].numpy()
    return found


multi, semantic = settings.get('multiView', False), settings.get('semantic', 'none')


def views_of(side, with_neighbours):
    kinds = ['anchor'] + ['augmented'] * multi + ['neighbour'] * (with_neighbours and semantic in ('both', side))
    return [f'{side}.{kind}' for kind in kinds]


def encode(encoder, views, names):
    """All views of a side together: statistics of batch normalization over all of them."""
    joined = torch.cat([views[name] for name in names]).contiguous(memory_format=torch.channels_last)
    return list(zip(*(part.chunk(len(names)) for part in encoder(joined))))


found, update = None, 0
with open(out / 'metrics.jsonl', 'w') as metrics:
    for epoch in range(epochs):
        if semantic != 'none' and epoch >= near['after'] and (epoch - near['after']) % near['every'] == 0:
            found = neighbours()
        if found is not None:
            pairs.partners = {
                side: rows[np.arange(len(rows)), np.random.randint(rows.shape[1], size=len(rows)) if near['sampling'] == 'random' else 0]
                for side, rows in found.items()}
        pictures, sounds = (views_of(side, found is not None) for side in ('picture', 'sound'))
        total = 0.0
        for views in load(pictures + sounds, True):
            for group in optimizer.param_groups:
                group['lr'] = o['learningRate'] * factor(update)
            optimizer.zero_grad(set_to_none=True)
            loss = model.loss(encode(model.picture, views, pictures), encode(model.sound, views, sounds))
            loss.backward()
            if 'clipNorm' in o:
                torch.nn.utils.clip_grad_norm_(model.parameters(), o['clipNorm'])
            optimizer.step()
            update += 1
            total += loss.item()
        line = {'epoch': epoch, 'loss': total / per_epoch, 'seconds': time.perf_counter() - began}
        metrics.write(json.dumps(line) + '\n')
        metrics.flush()
        print(f"epoch {epoch + 1} of {epochs}, loss {line['loss']:.3f}, {line['seconds']:.0f} s", flush=True)
save(out / 'model.safetensors', model, config)
