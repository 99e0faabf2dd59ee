"""Writes resnet.json: outputs, gradients and running statistics of narrow ResNets from torchvision, computed in float64.

Every tensor is drawn by a formula both sides compute: u(i, seed) = 2 fract(43758.5453 sin(12.9898 i + 78.233 seed)) - 1.
Usage: python3 resnet.py
"""
import base64, json, math, pathlib
import numpy as np
import torch
from torchvision.models.resnet import BasicBlock, ResNet


def uniform(shape, seed):
    i = np.arange(math.prod(shape), dtype=np.float64)
    s = 43758.5453 * np.sin(12.9898 * i + 78.233 * seed)
    u = 2 * (s - np.floor(s)) - 1
    return torch.from_numpy(u.astype(np.float32).astype(np.float64)).reshape(shape)


def encode(tensor):
    return base64.b64encode(tensor.detach().numpy().astype('<f4').tobytes()).decode()


def build(channels, widths, blocks, last_stride):
    # torchvision's has four stages, the ones that are not wanted do nothing.
    net = ResNet(BasicBlock, [1, 1, 1, 1])
    net.inplanes = widths[0]
    net.conv1 = torch.nn.Conv2d(channels, widths[0], 7, 2, 3, bias=False)
    net.bn1 = torch.nn.BatchNorm2d(widths[0])
    strides = [1] + [2] * (len(widths) - 2) + [last_stride]
    for i, (width, count, stride) in enumerate(zip(widths, blocks, strides)):
        setattr(net, f'layer{i + 1}', net._make_layer(BasicBlock, width, count, stride=stride))
    for i in range(len(widths), 4):
        setattr(net, f'layer{i + 1}', torch.nn.Identity())
    del net.fc
    return net.double()


def features(net, x):
    y = net.maxpool(net.relu(net.bn1(net.conv1(x))))
    for layer in (net.layer1, net.layer2, net.layer3, net.layer4):
        y = layer(y)
    return y


def picture(shape, bars):
    x = uniform(shape, 1000)
    if bars['lines']:
        x[:, :, :bars['lines']] = bars['value']
        x[:, :, -bars['lines']:] = bars['value']
    return x


def case(name, shape, widths, blocks, last_stride, bars={'lines': 0, 'value': 0}):
    net = build(shape[1], widths, blocks, last_stride)
    parameters = []
    with torch.no_grad():
        for seed, (key, p) in enumerate(net.named_parameters()):
            u = uniform(p.shape, seed)
            # Convolutions: Kaiming uniform by fan in. Scales around 1, shifts around 0.
            if p.dim() == 4:
                bound = float(np.float32(math.sqrt(6 / math.prod(p.shape[1:]))))
                p.copy_((u * bound).float().double())
            else:
                p.copy_((1 + 0.5 * u if key.endswith('weight') else 0.2 * u).float().double())
            parameters.append({'name': key, 'shape': list(p.shape), 'seed': seed})
    x = picture(shape, bars)
    net.train()
    y = features(net, x)
    (y * uniform(y.shape, 2000)).sum().backward()
    for entry, (_, p) in zip(parameters, net.named_parameters()):
        entry['gradient'] = encode(p.grad)
    running = {k: encode(b) for k, b in net.named_buffers() if 'running' in k}
    net.eval()
    return {
        'name': name, 'input': list(shape), 'bars': bars, 'widths': widths, 'blocks': blocks, 'lastStride': last_stride,
        'parameters': parameters, 'output': {'shape': list(y.shape), 'data': encode(y)}, 'running': running,
        'inference': encode(features(net, x)),
    }


cases = [
    case('a picture, stride 2 to the end', (3, 3, 64, 64), [8, 12, 16, 24], [2, 2, 2, 2], 2),
    case('a spectrogram, last stage at stride 1', (2, 1, 65, 48), [8, 8, 16, 24], [1, 2, 1, 2], 1),
    # Pixels of a bar see the same: windows of the max pooling have exact ties, along the lines and across them.
    case('a picture between bars', (2, 3, 80, 36), [16, 32], [1, 1], 2, {'lines': 10, 'value': -0.5}),
]
pathlib.Path(__file__).with_suffix('.json').write_text(json.dumps(cases, indent=0) + '\n')
