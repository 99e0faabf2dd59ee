"""Losses and gradients of bench/peers/torch_model.py for small networks with made-up weights, as torchPeer.json."""
import json
import pathlib
import sys

import torch

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent.parent / 'bench' / 'peers'))
from torch_model import Model  # noqa: E402

torch.set_default_dtype(torch.float64)
BATCH = 4
common = dict(widths=[4, 6, 8], blocks=[1, 1, 1], pictureStride=1, soundStride=2, centred=True, tau=0.07, dimensions=6)
align = dict(common, hidden=5, localizationDimensions=7, alignment=True, multiView=True, semantic='none', pool='top', directions=2, intra=0)
cases = {
    'top': ('sslalign', align),
    'mean': ('sslalign', dict(align, pool='mean', directions=1)),
    'max': ('sslalign', dict(align, pool='max', alignment=False)),
    'without a space of its own': ('sslalign', dict(align, localizationDimensions=None, centred=False, multiView=False)),
    'ezvsl': ('ezvsl', common),
}


def drawn(shape, phase):
    count = torch.Size(shape).numel()
    return torch.sin(torch.arange(count) * 1.7 + phase * phase).reshape(shape)


golden = {}
for name, (method, settings) in cases.items():
    model = Model(method, settings)
    with torch.no_grad():
        for key, weight in model.named_parameters():
            scale = 1 if weight.dim() < 2 else (2 / weight[0].numel()) ** 0.5
            weight.copy_((1 if key.endswith('weight') and weight.dim() == 1 else 0) + scale * 0.5 * drawn(weight.shape, len(key)))
    views = 2 if settings.get('multiView') else 1
    def seen(encoder, shape, phase):
        joined = torch.cat([drawn((BATCH, *shape), phase + v) for v in range(views)])
        return list(zip(*(x.chunk(views) for x in encoder(joined))))

    pictures, sounds = seen(model.picture, (3, 48, 48), 3), seen(model.sound, (1, 32, 40), 7)
    loss = model.loss(pictures, sounds)
    loss.backward()
    norms = {key: weight.grad.norm().item() for key, weight in model.named_parameters() if weight.grad is not None}
    golden[name] = {'method': method, 'settings': settings, 'loss': loss.item(), 'gradients': norms}
text = json.dumps({'batch': BATCH, 'cases': golden}, indent=1)
(here / 'torchPeer.json').write_text(text + '\n')
