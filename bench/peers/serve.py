"""The loop of a peer in a comparison: answers every line on the standard input, see bench/side.ts."""
import json
import resource
import sys
import time

import torch


def peak_mb():
    """Largest resident set of this process, in MiB."""
    try:
        with open('/proc/self/status') as status:
            return next(int(line.split()[1]) for line in status if line.startswith('VmHWM')) / 1024
    except OSError:  # not Linux; macOS counts bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def serve(step):
    """`step()` returns the numbers that are put at the end of the turn's result."""
    print(json.dumps({'version': torch.__version__}), flush=True)
    for line in sys.stdin:
        ms, result = [], []
        for _ in range(int(line)):
            start = time.perf_counter()
            numbers = step()
            ms.append(1000 * (time.perf_counter() - start))
            result += numbers
        print(json.dumps({'ms': ms, 'result': result, 'peakMB': peak_mb()}), flush=True)
