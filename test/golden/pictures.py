"""Writes pictures.json: small pictures of many kinds as files, and what Pillow's open(file).convert('RGB') makes of them.

Usage: python3 pictures.py (needs Pillow, NumPy and, for the kinds of JPEG that Pillow does not write, the ffmpeg command)
"""
import base64, io, json, pathlib, struct, subprocess, zlib
import numpy as np
import PIL
from PIL import Image

W, H = 19, 17
y, x = np.mgrid[:H, :W]
channels = [(x * 7) % 256, (y * 11) % 256, ((x + y) * 5) % 256, (x * y) % 256]
rgb, ink, alpha = [np.stack(c, -1).astype(np.uint8) for c in (channels[:3], channels[:3] + [(x * 3) % 200], channels[3:])]
colours, inks = Image.fromarray(rgb), Image.fromarray(ink, 'CMYK')
grey = Image.fromarray(rgb[..., 0])
with_alpha = Image.fromarray(np.dstack([rgb, alpha]))
palette = colours.quantize(17)
files = {}


def add(name, image, **options):
    out = io.BytesIO()
    image.save(out, name.split('.')[-1].replace('jpg', 'jpeg'), **options)
    files[name] = out.getvalue()


def without(data, code):
    """A JPEG without its first segment of that code."""
    at = data.find(bytes([0xFF, code]))
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2:at + 4], 'big'):]


def adobe(data, transform):
    """A JPEG with Adobe's marker at its start: 0 no transform, 1 YCbCr, 2 YCCK."""
    return data[:2] + b'\xff\xee\x00\x0eAdobe\x00d\x00\x00\x00\x00' + bytes([transform]) + data[2:]


def ffmpeg(name, *options):
    command = ['ffmpeg', '-loglevel', 'error', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', f'{W}x{H}', '-i', '-', *options]
    command += ['-c:v', 'mjpeg', '-q:v', '2', '-f', 'image2pipe', '-']
    files[name] = subprocess.run(command, input=rgb.tobytes(), stdout=subprocess.PIPE, check=True).stdout


for i, chroma in enumerate(['444', '422', '420']):
    add(f'{chroma}.jpg', colours, subsampling=i, quality=90)
    add(f'{chroma} progressive.jpg', colours, subsampling=i, quality=90, progressive=True)
    add(f'{chroma} optimized.jpg', colours, subsampling=i, quality=90, optimize=True)
for chroma in ['440', '411']:
    ffmpeg(f'{chroma}.jpg', '-pix_fmt', f'yuvj{chroma}p')
ffmpeg('restart markers.jpg', '-pix_fmt', 'yuvj420p', '-thread_type', 'slice', '-threads', '2', '-slices', '2')
add('grey.jpg', grey)
add('quality 1.jpg', colours, quality=1)
add('one pixel.jpg', colours.crop((0, 0, 1, 1)))
add('one row.jpg', colours.crop((0, 0, 15, 1)))
add('profile.jpg', colours, icc_profile=bytes(200))
plain = without(files['444.jpg'], 0xE0)
files['no JFIF.jpg'] = plain
files['Adobe RGB.jpg'] = adobe(plain, 0)
files['Adobe YCbCr.jpg'] = adobe(plain, 1)
named = bytearray(plain)
for i, letter in enumerate(b'RGB'):
    named[named.find(b'\xff\xc0') + 10 + 3 * i] = letter
    named[named.find(b'\xff\xda') + 5 + 2 * i] = letter
files['components R, G, B.jpg'] = bytes(named)
files['bytes behind the end.jpg'] = files['444.jpg'] + b'more' * 20
add('CMYK.jpg', inks, quality=95)
files['CMYK without marker.jpg'] = without(files['CMYK.jpg'], 0xEE)
files['YCCK.jpg'] = adobe(files['CMYK without marker.jpg'], 2)

add('colours.png', colours)
add('grey.png', grey)
add('bilevel.png', Image.fromarray(rgb[..., 0] > 100))
add('alpha.png', with_alpha)
add('grey with alpha.png', Image.fromarray(np.dstack([rgb[..., 0], alpha]), 'LA'))
add('palette.png', palette)
add('palette of 4 bits.png', colours.quantize(9), bits=4)
add('transparent palette entry.png', palette, transparency=3)
add('palette with alpha.png', palette, transparency=bytes(range(17)))
add('transparent colour.png', colours, transparency=tuple(int(v) for v in rgb[3, 4]))
add('gamma.png', colours)
chunk = lambda kind, data: struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
files['gamma.png'] = files['gamma.png'][:33] + chunk(b'gAMA', struct.pack('>I', 100000)) + files['gamma.png'][33:]
for name, kind, planes in [('16 bits', 2, 3), ('16 bits with alpha', 6, 4), ('16 bits grey with alpha', 4, 2)]:
    deep = np.stack([(x * 1771 + y * 911 + i * 77) % 65536 for i in range(planes)], -1).astype('>u2')
    rows = b''.join(b'\0' + row.tobytes() for row in deep)
    header = struct.pack('>IIBBBBB', W, H, 16, kind, 0, 0, 0)
    files[f'{name}.png'] = files['grey.png'][:8] + chunk(b'IHDR', header) + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b'')

add('lossy.webp', colours, quality=80)
add('lossy with alpha.webp', with_alpha, quality=80)
add('lossless.webp', colours, lossless=True)
add('lossless with alpha.webp', with_alpha, lossless=True, exact=True)
add('animation.webp', colours, save_all=True, append_images=[colours.rotate(180)], lossless=True)
add('palette.gif', palette)
add('animation.gif', palette, save_all=True, append_images=[colours.rotate(180).quantize(20)])

base64_of = lambda data: base64.b64encode(data).decode()
cases = []
for name, data in files.items():
    image = Image.open(io.BytesIO(data)).convert('RGB')
    cases.append({'name': name, 'file': base64_of(data), 'width': image.width, 'height': image.height, 'rgb': base64_of(image.tobytes())})
out = pathlib.Path(__file__).with_suffix('.json')
out.write_text('{"madeWith": "Pillow %s",\n"cases": [\n%s\n]}\n' % (PIL.__version__, ',\n'.join(json.dumps(c) for c in cases)))
