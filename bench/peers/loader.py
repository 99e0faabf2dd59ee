"""loader.py LIST BATCH WORKERS: the reference way to load pairs, as the published training code of LVS and EZ-VSL does it.

Pillow, soundfile (float64, its default) and scipy.signal.spectrogram in a torch DataLoader with one process per core. A step is an epoch;
it returns the number of pairs and the mean of each input.
"""
import csv
import pathlib
import random
import sys

import numpy as np
import soundfile
import torch
from PIL import Image
from scipy import signal

from serve import serve

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
SIZE, SHORT_SIDE, SECONDS = 224, 246, 10


def picture(path):
    image = Image.open(path).convert('RGB')
    width, height = image.size
    if width <= height:
        new = (SHORT_SIDE, int(SHORT_SIDE * height / width))
    else:
        new = (int(SHORT_SIDE * width / height), SHORT_SIDE)
    image = image.resize(new, Image.BICUBIC)
    x, y = random.randint(0, new[0] - SIZE), random.randint(0, new[1] - SIZE)
    image = image.crop((x, y, x + SIZE, y + SIZE))
    if random.random() < 0.5:
        image = image.transpose(Image.FLIP_LEFT_RIGHT)
    values = np.asarray(image, np.float32) / np.float32(255)
    return torch.from_numpy(((values - MEAN) / STD).transpose(2, 0, 1).copy())


def sound(path):
    samples, rate = soundfile.read(path)
    if samples.ndim > 1:
        samples = samples[:, 0]
    wanted = rate * SECONDS
    if len(samples) < wanted:
        samples = np.tile(samples, int(wanted / len(samples)) + 1)
    samples = np.clip(samples[:wanted], -1, 1)
    _, _, power = signal.spectrogram(samples, rate, nperseg=512, noverlap=274)
    return torch.from_numpy(np.log(power + 1e-7)[None] / 12).float()


class Pairs(torch.utils.data.Dataset):
    def __init__(self, path):
        folder = pathlib.Path(path).parent
        with open(path, newline='') as lines:
            self.rows = [(folder / row['image'], folder / row['audio']) for row in csv.DictReader(lines)]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        image, audio = self.rows[i]
        return picture(image), sound(audio)


path, batch, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
loader = torch.utils.data.DataLoader(
    Pairs(path), batch, shuffle=True, num_workers=workers, persistent_workers=True, drop_last=True
)


def epoch():
    pairs, frame, spectrogram = 0, 0.0, 0.0
    for frames, spectrograms in loader:
        pairs += len(frames)
        # One value of each sample, so that both sides read what they were given.
        frame += float(frames[:, 0, 0, 0].sum())
        spectrogram += float(spectrograms[:, 0, 0, 0].sum())
    return [pairs, frame / pairs, spectrogram / pairs]


serve(epoch)
