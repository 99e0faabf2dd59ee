"""train_step.py BATCH THREADS: the training step of bench/train-step.ts in PyTorch."""
import sys

import torch
import torch.nn.functional as F

from networks import encoders
from serve import serve

batch, threads = map(int, sys.argv[1:])
torch.set_num_threads(threads)
torch.manual_seed(0)
vision, audio, picture, spectrogram = encoders(batch)
optimizer = torch.optim.Adam([*vision.parameters(), *audio.parameters()], lr=1e-4)
diagonal = torch.arange(batch)


def step():
    optimizer.zero_grad(set_to_none=True)
    similarity = audio(spectrogram) @ vision(picture).t() / 0.07
    loss = (F.cross_entropy(similarity, diagonal) + F.cross_entropy(similarity.t(), diagonal)) / 2
    loss.backward()
    optimizer.step()
    return [loss.item()]


serve(step)
