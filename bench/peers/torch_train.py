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
from torch_model import Model, rounded, save


KNOWN = {'method', 'settings', 'picture', 'sound', 'augmentation', 'neighbours', 'batch', 'batchNorm', 'epochs', 'optimizer', 'seed'}


def read_config(path):
    """The configuration of a run; what is not done here is refused by name."""
    with open(path) as file:
        run = json.load(file)
    config = run.get('config', run)
    near = config['neighbours']
    refused = {
        'a run that begins with given weights': 'weights' in run,
        'frozen batch normalization': config['batchNorm'] != 'batch',
        'L_intra': config['settings'].get('intra', 0) > 0,
        "sampling 'anchor'": near['sampling'] == 'anchor',
        'encoders of other programs': 'pictureEncoder' in near or 'soundEncoder' in near,
        'blur': config['augmentation']['blur'] > 0,
        'presets but laptop': {config['picture']['preset'], config['sound']['preset']} != {'laptop'},
        **{f"'{key}'": True for key in config.keys() - KNOWN},
    }
    for what, is_there in refused.items():
        if is_there:
            raise SystemExit(f'{path}: {what}: not done by this peer')
    return config


def seed_worker(_):
    torch.set_num_threads(1)
    np.random.seed(torch.initial_seed() % 2**32)


def encode(encoder, views, names):
    """All views of a side together: statistics of batch normalization over all of them."""
    joined = torch.cat([views[name] for name in names]).contiguous(memory_format=torch.channels_last)
    return list(zip(*(part.chunk(len(names)) for part in encoder(joined))))


class Training:
    def __init__(self, config, path, threads):
        torch.set_num_threads(threads)
        torch.manual_seed(config['seed'])
        np.random.seed(config['seed'])
        self.config, self.threads = config, threads
        self.pairs = Pairs(path, config)
        self.model = Model(config['method'], config['settings']).to(memory_format=torch.channels_last)
        o = config['optimizer']
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=o['learningRate'], weight_decay=o['weightDecay'])
        self.per_epoch = len(self.pairs) // config['batch']
        self.update = 0
        self.found = None

    def load(self, views, shuffle):
        self.pairs.views = views
        return torch.utils.data.DataLoader(
            self.pairs, self.config['batch'], shuffle=shuffle, drop_last=shuffle, num_workers=self.threads, worker_init_fn=seed_worker)

    def learning_rate(self):
        o = self.config['optimizer']
        steps = self.config['epochs'] * self.per_epoch
        warmup = min(rounded(o['warmup'] * self.per_epoch), steps - 1)
        if self.update < warmup:
            return o['learningRate'] * (self.update + 1) / warmup
        if o['schedule'] == 'constant':
            return o['learningRate']
        return o['learningRate'] * (1 + math.cos(math.pi * (self.update - warmup) / (steps - warmup))) / 2

    def search(self):
        """The k nearest of every pair among the others, by the embeddings of its picture and of its sound."""
        rows = {'picture': [], 'sound': []}
        self.model.eval()
        with torch.no_grad():
            for views in self.load(['picture.plain', 'sound.anchor'], False):
                rows['picture'].append(self.model.picture(views['picture.plain'].contiguous(memory_format=torch.channels_last))[1])
                rows['sound'].append(self.model.sound(views['sound.anchor'])[1])
        self.model.train()
        k = max(1, min(self.config['neighbours']['k'], len(self.pairs) // 8))
        self.found = {}
        for side, parts in rows.items():
            embeddings = torch.cat(parts)
            similarity = embeddings @ embeddings.t()
            self.found[side] = similarity.fill_diagonal_(-2).topk(k, dim=1)[1].numpy()

    def draw_partners(self):
        if self.config['neighbours']['sampling'] != 'random':
            return {side: rows[:, 0] for side, rows in self.found.items()}
        return {side: rows[np.arange(len(rows)), np.random.randint(rows.shape[1], size=len(rows))] for side, rows in self.found.items()}

    def views_of(self, side):
        settings = self.config['settings']
        semantic = self.found is not None and settings['semantic'] in ('both', side)
        kinds = ['anchor'] + ['augmented'] * settings.get('multiView', False) + ['neighbour'] * semantic
        return [f'{side}.{kind}' for kind in kinds]

    def epoch(self, epoch):
        """Yields the loss of every update."""
        near = self.config['neighbours']
        since = epoch - near['after']
        if self.config['settings'].get('semantic', 'none') != 'none' and since >= 0 and since % near['every'] == 0:
            self.search()
        if self.found is not None:
            self.pairs.partners = self.draw_partners()
        pictures, sounds = self.views_of('picture'), self.views_of('sound')
        for views in self.load(pictures + sounds, True):
            for group in self.optimizer.param_groups:
                group['lr'] = self.learning_rate()
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.model.loss(encode(self.model.picture, views, pictures), encode(self.model.sound, views, sounds))
            loss.backward()
            if 'clipNorm' in self.config['optimizer']:
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config['optimizer']['clipNorm'])
            self.optimizer.step()
            self.update += 1
            yield loss.item()


def main(config_path, path, folder, threads='2'):
    config, out = read_config(config_path), pathlib.Path(folder)
    out.mkdir(parents=True)
    began = time.perf_counter()
    training = Training(config, path, int(threads))
    with open(out / 'metrics.jsonl', 'w') as metrics:
        for epoch in range(config['epochs']):
            losses = list(training.epoch(epoch))
            line = {'epoch': epoch, 'loss': sum(losses) / len(losses), 'seconds': time.perf_counter() - began}
            metrics.write(json.dumps(line) + '\n')
            metrics.flush()
            print(f"epoch {epoch + 1} of {config['epochs']}, loss {line['loss']:.3f}, {line['seconds']:.0f} s", flush=True)
    save(out / 'model.safetensors', training.model, config)


if __name__ == '__main__':
    if not 4 <= len(sys.argv) <= 5:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
