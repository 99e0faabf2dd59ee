"""The laptop networks and losses of src/methods in PyTorch, with the parameter names of earshot's model files."""
import json
import math
import struct

import torch
import torch.nn.functional as F
from torch import nn

TOP_SHARE = 0.1


def rounded(x):
    """Halves up, as JavaScript rounds."""
    return math.floor(x + 0.5)


class Conv(nn.Conv2d):
    """Without a bias; `moved` looks one pixel to the right and down (see `centred` in src/models/resnet.ts)."""

    def __init__(self, inputs, outputs, kernel, stride=1, moved=False):
        padding = kernel // 2
        super().__init__(inputs, outputs, kernel, stride, 0 if moved else padding, bias=False)
        self.moved = padding if moved else None
        nn.init.kaiming_normal_(self.weight, mode='fan_out', nonlinearity='relu')

    def forward(self, x):
        return super().forward(x if self.moved is None else moved(x, self.moved))


def moved(x, padding, value=0.0):
    height, width = x.shape[-2:]
    return F.pad(x, (padding - 1, padding + width % 2, padding - 1, padding + height % 2), value=value)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride, shift):
        super().__init__()
        self.conv1 = Conv(inputs, outputs, 3, stride, shift)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = Conv(outputs, outputs, 3)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shift = shift
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(Conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.downsample is not None:
            x = self.downsample(F.pad(x[..., 1:, 1:], (0, 1, 0, 1)) if self.shift else x)
        return F.relu(y + x)


class ResNet(nn.Module):
    def __init__(self, channels, widths, blocks, last_stride, centred=False):
        super().__init__()
        strides = [1] + [2] * (len(widths) - 2) + [last_stride]
        self.last_strided = max((i for i, s in enumerate(strides) if s == 2), default=-1)
        self.conv1 = Conv(channels, widths[0], 7, 2, centred)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.pool_moved = centred and self.last_strided >= 0
        inputs = widths[0]
        self.stages = []
        for i, (width, count, stride) in enumerate(zip(widths, blocks, strides)):
            shift = centred and stride == 2 and i < self.last_strided
            stage = nn.Sequential(*(Block(width if j else inputs, width, 1 if j else stride, shift and j == 0) for j in range(count)))
            inputs = width
            setattr(self, f'layer{i + 1}', stage)
            self.stages.append(f'layer{i + 1}')

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.max_pool2d(moved(x, 1, -torch.inf), 3, 2) if self.pool_moved else F.max_pool2d(x, 3, 2, 1)
        for stage in self.stages:
            x = getattr(self, stage)(x)
        return x


def head(inputs, outputs, hidden=None, positions=False):
    """projectionHead in src/nn/projection.ts."""
    def layer(a, b):
        made = nn.Conv2d(a, b, 1) if positions else nn.Linear(a, b)
        nn.init.kaiming_uniform_(made.weight, mode='fan_in', nonlinearity='relu')
        nn.init.zeros_(made.bias)
        return made
    return nn.Sequential(layer(inputs, outputs)) if hidden is None else nn.Sequential(layer(inputs, hidden), nn.ReLU(), layer(hidden, outputs))


class Model(nn.Module):
    """`picture` and `sound` return (features, embedding): what maps and s_L compare, and what s_A does."""

    def __init__(self, method, s):
        super().__init__()
        self.method, self.s = method, s
        widths, blocks = s['widths'], s['blocks']
        self.vision = ResNet(3, widths, blocks, s['pictureStride'], s['centred'])
        self.audio = ResNet(1, widths, blocks, s['soundStride'])
        dims = s.get('localizationDimensions')
        if method == 'ezvsl':
            self.visionProjection = head(widths[-1], s['dimensions'], positions=True)
            self.audioProjection = head(widths[-1], s['dimensions'])
        else:
            if dims:
                self.visionLocalization = head(widths[-1], dims, positions=True)
                self.audioLocalization = head(widths[-1], dims)
            if s['alignment']:
                self.visionProjection = head(widths[-1], s['dimensions'], s['hidden'])
                self.audioProjection = head(widths[-1], s['dimensions'], s['hidden'])

    def picture(self, frames):
        encoded = self.vision(frames)
        if self.method == 'ezvsl':
            features = F.normalize(self.visionProjection(encoded), dim=1)
            return features, F.normalize(features.mean((2, 3)), dim=1)
        features = F.normalize(self.visionLocalization(encoded) if self.s.get('localizationDimensions') else encoded, dim=1)
        if not self.s['alignment']:
            return features, F.normalize(features.mean((2, 3)), dim=1)
        return features, F.normalize(self.visionProjection(encoded.mean((2, 3))), dim=1)

    def sound(self, spectrograms):
        encoded = self.audio(spectrograms).amax((2, 3))
        if self.method == 'ezvsl':
            features = F.normalize(self.audioProjection(encoded), dim=1)
            return features, features
        features = F.normalize(self.audioLocalization(encoded) if self.s.get('localizationDimensions') else encoded, dim=1)
        return features, F.normalize(self.audioProjection(encoded), dim=1) if self.s['alignment'] else features

    def similarity(self, maps, sounds):
        """s_L of every picture and every sound, [A, B]."""
        pool = 'max' if self.method == 'ezvsl' else self.s['pool']
        if pool == 'mean':
            return maps.mean((2, 3)) @ sounds.t()
        every = torch.einsum('adp,bd->abp', maps.flatten(2), sounds)
        if pool == 'max':
            return every.amax(2)
        return every.topk(max(1, rounded(TOP_SHARE * every.shape[2])), dim=2)[0].mean(2)

    def loss(self, pictures, sounds):
        """Of lists of views, each (features, embedding)."""
        tau = self.s['tau']
        diagonal = torch.arange(len(sounds[0][0]))

        def contrast(similarity, directions):
            losses = [F.cross_entropy(similarity / tau, diagonal), F.cross_entropy(similarity.t() / tau, diagonal)][:directions]
            return sum(losses) / len(losses)

        if self.method == 'ezvsl':
            return 2 * contrast(self.similarity(pictures[0][0], sounds[0][0]), 2)
        pairs = [(v, a) for v in pictures for a in sounds]
        directions = self.s['directions']
        loss = sum(contrast(self.similarity(v[0], a[0]), directions) for v, a in pairs) / len(pairs)
        if self.s['alignment']:
            loss = loss + sum(contrast(v[1] @ a[1].t(), directions) for v, a in pairs) / len(pairs)
        return loss


def save(path, model, config):
    """A model file of earshot: what `earshot evaluate --model` reads."""
    about = {key: config[key] for key in ('method', 'settings', 'picture', 'sound')}
    header = {'__metadata__': {'format': 'earshot-model-1', 'earshot': json.dumps(about)}}
    parts, offset = [], 0
    for name, value in model.state_dict().items():
        if name.endswith('num_batches_tracked'):
            continue
        data = value.detach().contiguous().numpy().tobytes()
        header[name] = {'dtype': 'F32', 'shape': list(value.shape), 'data_offsets': [offset, offset + len(data)]}
        parts.append(data)
        offset += len(data)
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text + b''.join(parts))
