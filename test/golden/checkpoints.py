"""Writes checkpoints.json: files of torch.save with the networks of SSLalignment, LVS, EZ-VSL, FNAC and SLAVC, as narrow as can be, in today's form
and the ones before 1.6 and 0.2, and the maps that PyTorch makes with them.

Weights are quarters, so that the files compress. Inputs are drawn by a formula both sides compute:
u(i, seed) = 2 fract(43758.5453 sin(12.9898 i + 78.233 seed)) - 1.
Usage: python3 checkpoints.py
"""
import argparse, base64, io, json, math, pathlib, pickle, struct, tarfile, tempfile, zlib
from collections import OrderedDict
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from torchvision.models.resnet import BasicBlock, ResNet

torch.set_num_threads(1)
WIDTHS = [1, 2, 2, 3]
DIMENSIONS = 4


def uniform(shape, seed):
    i = np.arange(math.prod(shape), dtype=np.float64)
    s = 43758.5453 * np.sin(12.9898 * i + 78.233 * seed)
    return torch.from_numpy((2 * (s - np.floor(s)) - 1).astype(np.float32)).reshape(shape)


class Encoder(ResNet):
    def __init__(self, channels, last_stride):
        super().__init__(BasicBlock, [1, 1, 1, 1])
        self.inplanes = WIDTHS[0]
        self.conv1 = nn.Conv2d(channels, WIDTHS[0], 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        for i, (width, stride) in enumerate(zip(WIDTHS, [1, 2, 2, last_stride])):
            setattr(self, f'layer{i + 1}', self._make_layer(BasicBlock, width, 2, stride=stride))
        del self.fc

    def first(self, x):
        return self.conv1(x)

    def forward(self, x):
        y = self.maxpool(self.relu(self.bn1(self.first(x))))
        return self.layer4(self.layer3(self.layer2(self.layer1(y))))


class ThreeInputs(Encoder):
    """With a first layer for pictures, one for sounds and one for optical flow, and a classifier; whatever is seen."""

    def __init__(self, sound):
        super().__init__(3, 1)
        self.sound = sound
        self.conv1_a = nn.Conv2d(1, WIDTHS[0], 7, 2, 3, bias=False)
        self.conv1_flow = nn.Conv2d(6, WIDTHS[0], 7, 2, 3, bias=False)
        self.fc = nn.Linear(WIDTHS[-1], 7)

    def first(self, x):
        return self.conv1_a(x) if self.sound else self.conv1(x)


class Correspondence(nn.Module):
    def __init__(self):
        super().__init__()
        self.imgnet, self.audnet = ThreeInputs(False), ThreeInputs(True)

    def forward(self, frame, spectrogram):
        v = F.normalize(self.imgnet(frame), dim=1)
        a = F.normalize(self.audnet(spectrogram).amax((2, 3)), dim=1)
        return torch.einsum('bdhw,bd->bhw', v, a)


class Projected(nn.Module):
    """Heads are called `img_proj<k>` and `aud_proj<k>`; copies of everything have a prefix. The map is the mean over the heads."""

    def __init__(self, heads, prefixes):
        super().__init__()
        self.heads = heads
        for prefix in prefixes:
            setattr(self, f'{prefix}imgnet', Encoder(3, 2))
            setattr(self, f'{prefix}audnet', Encoder(1, 2))
            for k in heads:
                setattr(self, f'{prefix}img_proj{k}', nn.Conv2d(WIDTHS[-1], DIMENSIONS, 1))
                setattr(self, f'{prefix}aud_proj{k}', nn.Linear(WIDTHS[-1], DIMENSIONS))

    def forward(self, frame, spectrogram, prefix=''):
        part = lambda name: getattr(self, prefix + name)
        v, a = part('imgnet')(frame), part('audnet')(spectrogram).amax((2, 3))
        maps = [
            torch.einsum('bdhw,bd->bhw', F.normalize(part(f'img_proj{k}')(v), dim=1), F.normalize(part(f'aud_proj{k}')(a), dim=1))
            for k in self.heads
        ]
        return sum(maps) / len(maps)


def drawn(net, seed):
    """Weights and running statistics that are none of the first ones."""
    generator = torch.Generator().manual_seed(seed)
    quarters = lambda x: (4 * x).round() / 4
    for name, value in list(net.named_parameters()) + list(net.named_buffers()):
        normal = torch.randn(value.shape, generator=generator) if value.is_floating_point() else None
        with torch.no_grad():
            if value.dim() > 1:
                value.copy_(quarters(normal * math.sqrt(2 / math.prod(value.shape[1:]))))
            elif name.endswith(('running_var', '.weight')):
                value.copy_(quarters(0.5 + normal.abs()).clamp(0.25))
            elif normal is not None:
                value.copy_(quarters(0.4 * normal))
            else:
                value.fill_(1000 + seed)
    return net.eval()


def packed(content, **options):
    file = io.BytesIO()
    torch.save(content, file, **options)
    return base64.b64encode(zlib.compress(file.getvalue(), 9)).decode()


def former(tensors):
    """The form of PyTorch 0.1, which PyTorch reads and writes no more: three files of a tar archive."""
    kinds = {torch.float32: 'Float', torch.float64: 'Double', torch.float16: 'Half', torch.bfloat16: 'BFloat16'}
    storages, described = [io.BytesIO() for _ in range(2)]
    put = lambda file, value: pickle.dump(value, file, protocol=2)
    keys = {name: 1000 + i for i, name in enumerate(tensors)}
    put(storages, len(tensors))
    put(described, len(tensors))
    for name, tensor in tensors.items():
        storage = tensor.storage()
        kind = kinds[tensor.dtype]
        put(storages, (2000 + keys[name], 'cpu', getattr(torch, f'{kind}Storage')))
        put(described, (keys[name], 2000 + keys[name], getattr(torch, f'{kind}Tensor')))
        storages.write(struct.pack('<q', len(storage)) + bytes(storage.untyped().tolist()))
        n = tensor.dim()
        described.write(struct.pack(f'<ii{2 * n + 1}q', n, 0, *tensor.shape, *tensor.stride(), tensor.storage_offset()))
    put(storages, [])

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return str(keys[value.name]) if isinstance(value, Reference) else None

    content = io.BytesIO()
    Pickler(content, protocol=2).dump(OrderedDict((name, Reference(name)) for name in tensors))
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode='w:', format=tarfile.PAX_FORMAT) as tar:
        for name, part in (('sys_info', None), ('storages', storages), ('tensors', described), ('pickle', content)):
            data = part.getvalue() if part else pickle.dumps({'little_endian': True}, protocol=2)
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    with tempfile.NamedTemporaryFile() as real:
        real.write(file.getvalue())
        real.flush()
        read = torch.load(real.name)
    assert all(torch.equal(read[name], tensors[name]) for name in tensors), 'PyTorch reads it otherwise'
    return base64.b64encode(zlib.compress(file.getvalue(), 9)).decode()


class Reference:
    def __init__(self, name):
        self.name = name


def case(network, frames, net, content, legacy=False, **forward):
    frame, spectrogram = uniform((1, 3, 224, 224), 1), uniform((1, 1, 257, frames), 2)
    with torch.no_grad():
        maps = net(frame, spectrogram, **forward)
    file = packed(content, _use_new_zipfile_serialization=not legacy) if content else None
    return {
        'network': network, 'frames': frames, 'file': file,
        'map': {'shape': list(maps.shape), 'data': [round(float(x), 7) for x in maps.flatten()]},
    }


parallel = lambda net: OrderedDict((f'module.{key}', value) for key, value in net.state_dict().items())

ezvsl = drawn(Projected([''], ['']), 1)
optimizer = torch.optim.Adam(ezvsl.aud_proj.parameters(), lr=1e-4)
ezvsl.aud_proj(torch.ones(1, WIDTHS[-1])).sum().backward()
before = {key: value.clone() for key, value in ezvsl.state_dict().items()}
optimizer.step()
ezvsl.load_state_dict(before)
slavc = drawn(Projected(['1', '2'], ['', 'momentum_']), 2)
lvs = drawn(Correspondence(), 3)

# Where there is no content, the file is that of the case before.
networks = [
    case('ezvsl', 200, ezvsl, {
        'model': parallel(ezvsl), 'optimizer': optimizer.state_dict(), 'epoch': 7,
        'best_cIoU': np.mean([0.3, 0.4]), 'args': argparse.Namespace(tau=0.03),
    }),
    case('fnac', 200, ezvsl, None),
    case('slavc', 200, slavc, {'model': slavc.state_dict(), 'best_AP': np.float32(0.3)}),
    case('slavc-momentum', 200, slavc, None, prefix='momentum_'),
    case('lvs', 671, lvs, {'epoch': 3, 'model_state_dict': parallel(lvs)}, legacy=True),
    case('sslalign', 299, lvs, None),
]

base = torch.arange(24.0).reshape(2, 3, 4)
shared = torch.arange(10.0)
tensors = OrderedDict(
    transposed=base.permute(2, 0, 1), sliced=base[:, 1:, ::2], scalar=torch.tensor(2.5), first=shared[:4], second=shared[3:],
    half=torch.tensor([0.5, -1.25, 2.0 ** -20, 65504.0]).half(), brain=torch.tensor([1.5, -3.0e38, 2.0 ** -130]).bfloat16(),
    double=torch.tensor([0.1, -1e30], dtype=torch.float64), parameter=nn.Parameter(torch.tensor([1.0, 2.0])), empty=torch.zeros(0, 3),
)
plainTensors = OrderedDict((key, value.detach()) for key, value in tensors.items())
plain = {
    'none': None, 'yes': True, 'no': False, 'small': 7, 'word': 40000, 'negative': -5, 'long': 2 ** 40, 'huge': -(2 ** 70), 'real': -0.1,
    'text': 'Ä' * 3, 'longText': 'x' * 300, 'list': [1, [2, []], 'again', 'again'], 'tuples': ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)),
    'ordered': OrderedDict(a=1, b=OrderedDict()), 'numbers': {1: 'one', 2: 'two'}, 'long list': list(range(1200)),
}
pathlib.Path(__file__).with_suffix('.json').write_text(json.dumps({
    'networks': networks,
    'tensors': {
        'files': [packed(tensors), packed(tensors, _use_new_zipfile_serialization=False), former(plainTensors)] + [packed(tensors, pickle_protocol=n) for n in (3, 4, 5)],
        'values': {key: {'shape': list(t.shape), 'data': t.detach().float().flatten().tolist()} for key, t in tensors.items()},
    },
    'pickles': [base64.b64encode(zlib.compress(pickle.dumps(plain, protocol=n), 9)).decode() for n in (2, 3, 4, 5)],
}, indent=0) + '\n')
