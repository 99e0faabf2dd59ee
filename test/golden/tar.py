"""Archives as Python's tarfile and WebDataset's conventions make them, for test/datasets/tar.test.ts. Writes tar.json."""
import base64
import io
import json
import os
import tarfile

LONG = 'd' * 90 + '/' + 'e' * 120 + '.json'


def archive(files, format, directory=False):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode='w', format=format) as tar:
        if directory:
            info = tarfile.TarInfo('./data')
            info.type = tarfile.DIRTYPE
            tar.addfile(info)
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mtime = 1234567.25 if format == tarfile.PAX_FORMAT else 1234567
            tar.addfile(info, io.BytesIO(content.encode()))
    # Python pads to 20 blocks: two are enough here.
    return base64.b64encode(stream.getvalue().rstrip(b'\0').ljust(-(-len(stream.getvalue().rstrip(b'\0')) // 512) * 512 + 1024, b'\0')).decode()


def written(name, content):
    stream = io.BytesIO()
    info = tarfile.TarInfo(name)
    info.size = len(content)
    with tarfile.open(fileobj=stream, mode='w', format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(info, io.BytesIO(content.encode()))
    return base64.b64encode(stream.getvalue()[:1024]).decode()


sample = [('train/000.jpg', 'picture'), ('train/000.wav', 'sound'), ('train/000.json', '{}')]
names = [('.' + '/' + 'ö/ü.jpg', 'picture'), (LONG, 'long'), ('x' * 100, 'hundred')]
archives = {
    'ustar': (sample, tarfile.USTAR_FORMAT, sample),
    'gnu': (names, tarfile.GNU_FORMAT, [('ö/ü.jpg', 'picture')] + names[1:]),
    'pax': (names + sample, tarfile.PAX_FORMAT, [('ö/ü.jpg', 'picture')] + names[1:] + sample),
}
golden = {
    'written': {'name': 'train/000.wav', 'content': 'sound', 'base64': written('train/000.wav', 'sound')},
    'archives': {
        key: {'base64': archive(files, format, directory=key != 'ustar'), 'members': members}
        for key, (files, format, members) in archives.items()
    },
}
with open(os.path.join(os.path.dirname(__file__), 'tar.json'), 'w') as file:
    json.dump(golden, file, indent=1, ensure_ascii=False)
    file.write('\n')
