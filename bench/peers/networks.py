"""The networks of bench/networks.ts in PyTorch, in its fastest layout for a CPU, channels_last."""
import torch
import torch.nn.functional as F
import torchvision


class Encoder(torch.nn.Module):
    def __init__(self, channels, last_stride, pool):
        super().__init__()
        resnet = torchvision.models.resnet18(weights=None)
        if channels != 3:
            resnet.conv1 = torch.nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False)
        resnet.layer4[0].conv1.stride = resnet.layer4[0].downsample[0].stride = (last_stride, last_stride)
        self.features = torch.nn.Sequential(*list(resnet.children())[:-2])  # without pooling and classifier
        self.pool = pool

    def forward(self, x):
        return F.normalize(self.pool(self.features(x)), dim=1)


def encoders(batch):
    """Both encoders, and standard normal inputs for each."""
    vision = Encoder(3, 1, lambda x: x.mean((2, 3)))
    audio = Encoder(1, 2, lambda x: x.amax((2, 3)))
    tensors = vision, audio, torch.randn(batch, 3, 224, 224), torch.randn(batch, 1, 257, 200)
    return tuple(x.to(memory_format=torch.channels_last) for x in tensors)
