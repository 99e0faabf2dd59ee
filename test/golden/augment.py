"""Writes augment.json: Pillow's and torchvision's colour changes, blurs and random crops on synthetic pictures.

The pictures are made by the same integer formulas here and in the tests. Most results are kept as SHA-256 of the bytes; blurs,
which need a tolerance, and resizes, of which parts are compared, as base64.

Usage: python3 augment.py
"""
import base64, hashlib, json, pathlib
import numpy as np
import PIL, torch, torchvision
from PIL import Image, ImageFilter
from torchvision import transforms as T
from torchvision.transforms import functional as F


def gradients(width, height):
    """Smooth in places, with edges in others, and some noise; every channel different."""
    y, x = np.mgrid[:height, :width].astype(np.int64)
    r = (x * 5 + y * 3) % 256
    g = ((x // 4) * 37 + (y // 6) * 91) % 256
    b = (x * x * 7 + y * y * 13 + x * y * 29) % 256
    return np.stack([r, g, b], -1).astype(np.uint8)


def colours():
    """Every fourth level of each channel, and the highest: 65^3 pixels, 65 wide."""
    levels = np.append(np.arange(0, 256, 4), 255).astype(np.uint8)
    r, g, b = np.meshgrid(levels, levels, levels, indexing='ij')
    return np.stack([r, g, b], -1).reshape(65 * 65, 65, 3)


sha = lambda image: hashlib.sha256(np.asarray(image).tobytes()).hexdigest()
operations = []
factors = {
    'brightness': [0, 0.2, 0.6, 0.99, 1, 1.01, 1.37, 1.8, 3],
    'contrast': [0, 0.2, 0.6, 0.99, 1, 1.01, 1.37, 1.8, 3],
    'saturation': [0, 0.2, 0.6, 0.99, 1, 1.01, 1.37, 1.8, 3],
    'hue': [-0.5, -0.2, -0.1, -0.003, 0, 0.003, 0.004, 0.0567, 0.1, 0.2, 0.33, 0.5],
}
pictures = {'colours': colours(), 'gradients': gradients(61, 47), 'pixel': gradients(1, 1)}
for name, picture in pictures.items():
    image = Image.fromarray(picture)
    for operation, values in factors.items():
        for value in values:
            result = getattr(F, f'adjust_{operation}')(image, value)
            operations.append({'picture': name, 'operation': operation, 'value': value, 'sha256': sha(result)})
    operations.append({'picture': name, 'operation': 'grayscale', 'value': 0, 'sha256': sha(F.to_grayscale(image, 3))})
    operations.append({'picture': name, 'operation': 'flip', 'value': 0, 'sha256': sha(F.hflip(image))})
    for sigma in [0.1, 0.5, 0.8, 1.3, 2, 5.5]:
        blurred = image.filter(ImageFilter.GaussianBlur(sigma))
        operations.append({'picture': name, 'operation': 'boxBlur', 'value': sigma, 'sha256': sha(blurred)})

blurs = []
picture = gradients(33, 26)
for radius, sigma in [(0, 1), (1, 0.1), (1, 2), (3, 0.7), (11, 0.4), (11, 1.0), (11, 2.0), (11, 9.0)]:
    result = F.gaussian_blur(torch.from_numpy(picture).permute(2, 0, 1), 2 * radius + 1, sigma).permute(1, 2, 0).contiguous()
    blurs.append({'radius': radius, 'sigma': sigma, 'rgb': base64.b64encode(result.numpy().tobytes()).decode()})

# Whole pictures resized as the augmentations do before or after their cut.
image = Image.fromarray(picture)
resizes = []
for name, transform in {
    'shortSide': T.Resize(int(20 * 1.1), Image.BICUBIC),
    'squash': T.Resize((24, 24)),
    'resizedCrop': T.RandomResizedCrop(20, (1, 1), (33 / 26, 33 / 26), Image.BICUBIC),
}.items():
    result = transform(image)
    rgb = base64.b64encode(result.tobytes()).decode()
    resizes.append({'name': name, 'width': result.width, 'height': result.height, 'rgb': rgb})

# Where torchvision's random crops lie: means and standard deviations over many draws.
crops = []
torch.manual_seed(0)
draws = 200_000
for width, height, scale, ratio in [
    (340, 256, (0.08, 1.0), (3 / 4, 4 / 3)),
    (340, 256, (0.3, 1.0), (3 / 4, 4 / 3)),
    (90, 400, (0.08, 1.0), (3 / 4, 4 / 3)),
    (500, 20, (0.9, 1.0), (0.5, 2.0)),
]:
    image = Image.new('L', (width, height))
    boxes = np.array([T.RandomResizedCrop.get_params(image, scale, ratio) for _ in range(draws)], dtype=np.float64)
    y, x, h, w = boxes.T
    quantities = {'x': x, 'y': y, 'width': w, 'height': h, 'area': w * h / (width * height), 'logRatio': np.log(w / h)}
    crops.append({
        'frame': [width, height], 'scale': scale, 'ratio': ratio,
        'mean': {k: float(f'{v.mean():.7g}') for k, v in quantities.items()},
        'std': {k: float(f'{v.std():.7g}') for k, v in quantities.items()},
    })

versions = {'Pillow': PIL.__version__, 'torchvision': torchvision.__version__}
result = {'versions': versions, 'operations': operations, 'blurs': blurs, 'resizes': resizes, 'cropDraws': draws, 'crops': crops}
pathlib.Path(__file__).with_suffix('.json').write_text(json.dumps(result, indent=1) + '\n')
