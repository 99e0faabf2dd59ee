"""The laptop inputs and augmentations of src/features in PyTorch: Pillow, torchvision and torch.stft, everything decoded kept in memory."""
import csv
import pathlib

import numpy as np
import soundfile
import torch
from PIL import Image
from torchvision import transforms

from torch_model import rounded

MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
RATE, BANDS, FRAMES, SEGMENT, FLOOR, FACTOR = 16000, 64, 100, 1024, 0.03, 1 / 3


def mel_filters():
    def mel(hz):
        return 2595 * np.log10(1 + hz / 700)

    edges = 700 * (10 ** (np.linspace(mel(60), mel(7800), BANDS + 2) / 2595) - 1)
    f = np.arange(SEGMENT // 2 + 1) * RATE / SEGMENT
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return torch.from_numpy(np.maximum(0, np.minimum((f - low) / (centre - low), (high - f) / (high - centre)))).float()


FILTERS, WINDOW = mel_filters(), torch.hann_window(SEGMENT)


def fit(samples, length):
    """The middle of a longer clip; a shorter one is repeated."""
    if len(samples) < length:
        return np.tile(samples, length // len(samples) + 1)[:length]
    start = (len(samples) - length) // 2
    return samples[start:start + length]


def spectrogram(samples, seconds):
    length = rounded(seconds * RATE)
    hop = rounded(480 * length / 48000)
    x = torch.from_numpy(np.clip(fit(samples, length), -1, 1))
    power = torch.stft(x, SEGMENT, hop, window=WINDOW, center=True, return_complex=True).abs() ** 2
    return (torch.log(FILTERS @ power + FLOOR) * FACTOR)[None, :, :FRAMES]


def read_sound(path):
    samples, rate = soundfile.read(path, dtype='float32', always_2d=True)
    if rate != RATE:
        raise SystemExit(f'{path}: expected {RATE} Hz, it has {rate}')
    return samples.mean(1)


class Pairs(torch.utils.data.Dataset):
    """Views of pair i by the names of earshot's; `partners` is set for each epoch."""

    def __init__(self, path, config):
        folder = pathlib.Path(path).parent
        with open(path, newline='') as lines:
            rows = list(csv.DictReader(lines))
        once = {audio: read_sound(folder / audio) for audio in {row['audio'] for row in rows}}
        # Silence is left out, as by earshot.
        rows = [row for row in rows if np.ptp(once[row['audio']]) > 2**-15]
        self.pictures = [Image.open(folder / row['image']).convert('RGB') for row in rows]
        self.sounds = [once[row['audio']] for row in rows]
        self.seconds = config['sound'].get('seconds', 3)
        spectrograms = {id(sound): spectrogram(sound, self.seconds) for sound in once.values()}
        self.spectrograms = [spectrograms[id(sound)] for sound in self.sounds]
        self.views, self.partners = None, None
        a = config['augmentation']
        self.shift = a['shift']
        self.size = config['picture'].get('size', 96)
        enlarged = rounded(self.size * a['crop']['enlarge'])
        bicubic = transforms.InterpolationMode.BICUBIC
        self.crop = transforms.Compose([
            transforms.Resize((enlarged, enlarged), bicubic), transforms.RandomCrop(self.size), transforms.RandomHorizontalFlip(a['flip'])])
        c = a['colour']
        jitter = transforms.ColorJitter(0.8 * c, 0.8 * c, 0.8 * c, 0.2 * c)
        self.augment = transforms.Compose([
            transforms.RandomResizedCrop(self.size, (a['minArea'], 1), interpolation=bicubic), transforms.RandomApply([jitter], 0.8),
            transforms.RandomGrayscale(0.2 * c), transforms.RandomHorizontalFlip(a['flip'])])
        self.plain = transforms.Resize((self.size, self.size), bicubic)

    def __len__(self):
        return len(self.pictures)

    def picture(self, i, change):
        values = torch.from_numpy(np.array(change(self.pictures[i])))
        return (values.permute(2, 0, 1).float() / 255 - MEAN) / STD

    def shifted(self, i):
        most = rounded(self.shift * RATE)
        return spectrogram(np.roll(self.sounds[i], np.random.randint(-most, most + 1)), self.seconds)

    def __getitem__(self, i):
        made = {}
        for view in self.views:
            side, kind = view.split('.')
            j = int(self.partners[side][i]) if kind == 'neighbour' else i
            if side == 'picture':
                made[view] = self.picture(j, self.plain if kind == 'plain' else self.augment if kind == 'augmented' else self.crop)
            else:
                made[view] = self.shifted(j) if kind == 'augmented' else self.spectrograms[j]
        return made
