"""train.py CONFIG LIST THREADS: epochs of `torch_train.py`, one a step, files and augmentation included."""
import itertools
import sys

from serve import serve
from torch_train import Training, read_config

config, path, threads = sys.argv[1:]
training = Training(read_config(config), path, int(threads))
epochs = itertools.count()
serve(lambda: list(training.epoch(next(epochs))))
