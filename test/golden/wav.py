"""Writes wav.json: small WAV files as libsndfile and FFmpeg write them, and the samples that libsndfile reads from them.

Usage: python3 wav.py (needs the ffmpeg command line)
"""
import base64, io, json, pathlib, subprocess, tempfile
import numpy as np
import soundfile

rng = np.random.default_rng(0)
cases = []


def case(name, content):
    samples, rate = soundfile.read(io.BytesIO(content), dtype='float32', always_2d=True)
    cases.append({
        'name': name,
        'file': base64.b64encode(content).decode(),
        'sampleRate': rate,
        'channels': [[float(v) for v in column] for column in samples.T],
    })


def write(samples, container, subtype):
    file = io.BytesIO()
    soundfile.write(file, samples, 16000, format=container, subtype=subtype)
    return file.getvalue()


extremes = np.array([-1, 1 - 2**-31, 0, 0.5, -0.5, 2**-7, -(2**-31), 1 / 3])
for container in ['WAV', 'WAVEX', 'RF64']:
    for subtype in ['PCM_U8', 'PCM_16', 'PCM_24', 'PCM_32', 'FLOAT', 'DOUBLE']:
        for channels in [1, 3]:
            noise = rng.uniform(-1, 1, (8 * channels - extremes.size, 1))
            samples = np.concatenate([extremes[:, None], noise]).reshape(8, channels)
            case(f'{container} {subtype}, {channels} channel(s)', write(samples, container, subtype))

stereo = write(rng.uniform(-1, 1, (5, 2)), 'WAV', 'PCM_16')
for name, options in {
    'to a file': ['-f', 'wav', 'FILE'],
    'to a pipe': ['-f', 'wav', '-'],
    'RF64 to a file': ['-rf64', 'always', '-f', 'wav', 'FILE'],
    'with a title, 24 bits': ['-metadata', 'title=odd', '-c:a', 'pcm_s24le', '-f', 'wav', 'FILE'],
}.items():
    file = pathlib.Path(tempfile.gettempdir(), 'golden.wav')
    options = [str(file) if o == 'FILE' else o for o in options]
    done = subprocess.run(['ffmpeg', '-v', 'error', '-y', '-f', 'wav', '-i', '-', *options], input=stereo, capture_output=True, check=True)
    case(f'FFmpeg {name}', done.stdout or file.read_bytes())
pathlib.Path(__file__).with_suffix('.json').write_text('[\n' + ',\n'.join(json.dumps(c) for c in cases) + '\n]\n')
