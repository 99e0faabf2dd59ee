"""evaluators.py REPOSITORIES > evaluators.json: what the published evaluators say of some maps.

REPOSITORIES is a folder with clones named OWNER+NAME. Their evaluation functions run unchanged: models and data loaders are made up here and hand out
seeded maps, tensors stay on the CPU, and the evaluators' objects are kept so that nothing is rounded. Needs PyTorch, torchvision, OpenCV and scikit-learn;
what else the programs import for training is replaced by nothing.
"""
import argparse
import base64
import contextlib
import importlib
import io
import json
import os
import pathlib
import sys
import tempfile
from unittest.mock import MagicMock

import cv2
import numpy as np
import torch

repositories = pathlib.Path(sys.argv[1]).resolve()
rng = np.random.default_rng(7)
torch.Tensor.cuda = lambda self, *_, **__: self
torch.cuda.is_available = lambda: False
for name in ['av', 'audio_io', 'timm', 'timm.data', 'timm.data.constants', 'matplotlib', 'matplotlib.pyplot', 'tqdm', 'easydict', 'soundfile',
             'librosa', 'pandas', 'model', 'model_lvs', 'model_ssltie', 'opts_ssltie', 'datasets_lvs', 'datasets_ssltie']:
    sys.modules[name] = MagicMock()
sys.modules['tqdm'].tqdm = lambda x, **_: x
COUNT = 48
# The sample with a map that is 0 in its middle rows, where the median is: `>` and `>=` differ there.
PLATEAU = 46


@contextlib.contextmanager
def program(repository, folder='.'):
    """The modules of a repository, which all call theirs `utils` and `datasets`."""
    here = repositories / repository / folder
    before, where = set(sys.modules), os.getcwd()
    os.chdir(here)
    sys.path.insert(0, str(here))
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield importlib.import_module
    finally:
        sys.path.remove(str(here))
        os.chdir(where)
        for name in set(sys.modules) - before:
            if hasattr(sys.modules[name], '__file__') and str(sys.modules[name].__file__).startswith(str(repositories)):
                del sys.modules[name]


def kept(module, name):
    """Every object of a class that is made from now on."""
    made, kind = [], getattr(module, name)
    begin = kind.__init__

    def keep(self, *args, **kwargs):
        begin(self, *args, **kwargs)
        made.append(self)

    kind.__init__ = keep
    return made


def hills(boxes, side):
    """Noise with a hill near the first box, of any height."""
    maps = []
    for own in boxes:
        y, x = np.mgrid[0:side, 0:side] + 0.5
        value = 0.4 * rng.standard_normal((side, side))
        if own:
            x0, y0, x1, y1 = (np.clip(v, 0, 224) * side / 224 for v in own[0])
            centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2]) + rng.normal(0, side / 12, 2)
            size = max(1, (x1 - x0 + y1 - y0) / 3)
            value += rng.uniform(0, 2.5) * np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / size**2)
        maps.append(value)
    above, below = round(side * 2 / 7), round(side * 5 / 7)
    maps[PLATEAU][:above] = 0.1 + abs(maps[PLATEAU][:above])
    maps[PLATEAU][above:below] = 0
    maps[PLATEAU][below:] = -0.1 - abs(maps[PLATEAU][below:])
    return np.array(maps, np.float32)


def number(x):
    return None if np.isnan(x) else float(x)


def numbers(values):
    return [number(v) for v in values]


class Maps(torch.nn.Module):
    """A model that hands out maps: a picture holds nothing but its number."""

    def __init__(self, maps, answer):
        super().__init__()
        self.maps, self.answer = torch.from_numpy(maps), answer

    def forward(self, image, *_, **__):
        return self.answer(self.maps[image.long().flatten()])


def loader(truths, names, size, boxes=None):
    """Batches as the published data loaders make them."""
    batches = []
    for first in range(0, len(truths), size):
        numbers_ = torch.arange(first, min(first + size, len(truths)))
        truth = {'gt_map': torch.from_numpy(np.array([truths[i] for i in numbers_]))}
        if boxes is not None:
            padded = -torch.ones((len(numbers_), 10, 4)).long()
            for row, i in enumerate(numbers_):
                if boxes[i]:
                    padded[row, : len(boxes[i])] = torch.tensor(boxes[i])
            truth['bboxes'] = padded
        batches.append((numbers_[:, None], numbers_[:, None].float(), truth, [names[i] for i in numbers_]))
    return batches


# Published annotations of VGG-SS: 48 clips, with several boxes, an empty one, and boxes beyond the picture among them; in the way of the published loader,
# and as they are written.
with program('stoneMo+SLAVC') as load:
    datasets = load('datasets')
    everything = datasets.load_all_bboxes('', 'vggss')
    written = {a['file']: a['bbox'] for a in json.loads(pathlib.Path('metadata/vggss.json').read_text())}
    to_truth = datasets.bbox2gtmap
clips = list(everything)
area = {c: sum(max(0, b[2] - b[0]) * max(0, b[3] - b[1]) for b in everything[c]) for c in clips}
empty = [c for c in clips if area[c] == 0 and all(v >= 0 for b in everything[c] for v in b)][:1]
several = [c for c in clips if len(everything[c]) > 2][:8]
whole = [c for c in clips if area[c] >= 224 * 224][:2]
beyond = [c for c in clips if any(v < 0 for box in written[c] for v in box)][:3]
chosen = list(dict.fromkeys(empty + several + whole + beyond))
chosen += [c for c in clips if c not in chosen and area[c] > 0][: COUNT - len(chosen)]
vggss = [[[int(v) for v in box] for box in everything[c]] for c in chosen]
vggss_truth = [to_truth(own, 'vggss') for own in vggss]
# Annotators who differ by some pixels, and one who sees something else.
flickr = []
for own in vggss:
    x0, y0, x1, y1 = own[0]
    around = [[int(np.clip(v + rng.integers(-12, 13), 0, 224)) for v in (x0, y0, x1, y1)] for _ in range(rng.integers(1, 4))]
    flickr.append([b for b in around if b[2] > b[0] and b[3] > b[1]] or [[20, 30, 120, 150]])
flickr_truth = [to_truth(own, 'flickr') for own in flickr]
names = [f'left_right_{i // 2}_{"left" if i % 2 else "right"}' for i in range(COUNT)]
quiet = [None if i % 3 == 2 else own for i, own in enumerate(vggss)]
extended = [own or [] for own in quiet]
extended_truth = [to_truth(own, 'vggss') if own else np.zeros([224, 224]) for own in extended]
arrays = {'maps7': hills(vggss, 7), 'maps14': hills(vggss, 14), 'priors': np.abs(hills(vggss, 7)), 'logits7': 8 * hills(extended, 7)}
cases = []


def case(name, repository, maps, boxes, expected, **more):
    cases.append({'name': name, 'repository': repository.replace('+', '/'), 'maps': maps, 'boxes': boxes, 'expected': expected, **more})


# LVS: its whole main, with the annotations it reads itself.
in256 = [[[-(-256 * v // 224) for v in box] for box in own] for own in flickr]
for testset, boxes, frame in [('vggss', [written[c] for c in chosen], 1), ('flickr', in256, 256)]:
    with program('hche11+Localizing-Visual-Sounds-the-Hard-Way') as load, tempfile.TemporaryDirectory() as annotations:
        lvs = load('test')
        for i, own in enumerate(in256):
            bboxes = ''.join(f'<bbox><name>x</name>{"".join(f"<v>{v}</v>" for v in b)}</bbox>' for b in own)
            pathlib.Path(annotations, f'{i}.xml').write_text(f'<annotation><annotator>{bboxes}</annotator></annotation>')
        ids = [f'{c}.jpg' for c in chosen] if testset == 'vggss' else [f'{i}.jpg' for i in range(COUNT)]
        found = []

        class Evaluator(lvs.Evaluator):
            def cal_CIOU(self, *args):
                found.append(super().cal_CIOU(*args)[0])
                return found[-1], 0, 0

        model = Maps(arrays['maps14'], lambda maps: (maps[:, None], None, None, None))
        lvs.Evaluator, lvs.AVENet = Evaluator, lambda args: model
        lvs.nn.DataParallel, model.cuda = lambda m: m, lambda: model
        lvs.torch.load = lambda path: {'model_state_dict': {}}
        lvs.GetAudioVideoDataset = lambda args, mode: list(range(COUNT))
        lvs.DataLoader = lambda *_, **__: [(torch.tensor([[i]]), torch.zeros(1), None, [ids[i]], None) for i in range(COUNT)]
        areas = []
        lvs.auc = lambda x, y, auc=lvs.auc: areas.append(auc(x, y)) or areas[-1]
        sys.argv[1:] = ['--testset', testset, '--gt_path', annotations + '/', '--summaries_dir', 'x']
        lvs.main()
        case(f'lvs {testset}', 'hche11+Localizing-Visual-Sounds-the-Hard-Way', 'maps14', boxes,
             {'cIoU': float(np.mean(np.array(found) >= 0.5)), 'AUC': areas[-1], 'ciou': numbers(found)},
             protocol='lvs', frame=frame, annotators='several' if testset == 'flickr' else 'one')

with tempfile.TemporaryDirectory() as results:
    # EZ-VSL and FNAC: batches of one, since they take the ground truth of the whole batch.
    for repository, functions in [('stoneMo+EZ-VSL', {'validate': 'ezvsl'}), ('OpenNLPLab+FNAC_AVL', {'validate': 'fnac', 'validate2': 'fnac-bicubic'})]:
        for function, protocol in functions.items():
            with program(repository) as load:
                test = load('test')
                made = kept(test.utils, 'Evaluator')
                model, prior = Maps(arrays['maps7'], lambda m: (None, m)), Maps(arrays['priors'], lambda m: m[:, None])
                args = argparse.Namespace(gpu=None, alpha=0.4, save_visualizations=False)
                getattr(test, function)(loader(vggss_truth, names, 1), model, prior, results, args)
                plain, _, mixed = made
                of = lambda e: {'cIoU': float(e.finalize_AP50()), 'AUC': float(e.finalize_AUC()), 'ciou': numbers(e.ciou)}
                # FNAC's second evaluation resizes its prior in another way than its map.
                prior_of = {} if function == 'validate2' else {'priors': 'priors', 'alpha': 0.4}
                case(protocol, repository, 'maps7', vggss, of(plain) | ({'OGL': of(mixed)} if prior_of else {}), protocol=protocol, **prior_of)

    # SLAVC, with samples in which nothing sounds.
    for relative in [False, True]:
        with program('stoneMo+SLAVC') as load:
            test = load('test')
            made = kept(test.utils, 'EvaluatorFull')
            model, prior = Maps(arrays['logits7'], lambda m: (None, m)), Maps(arrays['priors'], lambda m: m[:, None])
            args = argparse.Namespace(gpu=None, tau=0.03, alpha=0.4, pred_size=0.5, pred_thr=0.5, relative_prediction=relative, save_visualizations=False)
            test.validate(loader(extended_truth, names, 8, extended), model, prior, results, args)

            def of(e):
                f1 = [float(f) / 100 for f in e.finalize_stats()['F1-all@50'].split()]
                exact = []
                for threshold in sorted(e.confidence_list)[:: max(1, COUNT // 10)]:
                    p, r = e.calc_precision_recall(e.bb_list, e.ciou_list, e.confidence_list, threshold, 0.5)
                    exact.append(2 * r * p / (r + p) if r + p > 0 else 0.0)
                assert np.allclose(f1, exact, atol=1e-3)
                return {'AP': float(e.ap_at_50()), 'maxF1': max(exact), 'LocAcc': float(e.precision_at_50()),
                        'AUC': float(e.cal_auc(e.bb_list, e.ciou_list)),
                        'confidence': numbers(e.confidence_list), 'ciou': numbers([c if b else np.nan for c, b in zip(e.ciou_list, e.bb_list)])}

            case('slavc relative' if relative else 'slavc', 'stoneMo+SLAVC', 'logits7', extended, of(made[0]) | {'OGL': of(made[2])},
                 protocol='slavc-relative' if relative else 'slavc', priors='priors', alpha=0.4)

    # SSLalignment: groups of two sounds by name.
    for function, testset, protocol, maps in [('validate', 'is3', 'sslalign', 'maps7'), ('validate_lvs', 'vggss', 'sslalign-vggss', 'maps14'),
                                              ('validate_lvs', 'is3', 'sslalign', 'maps14'), ('validate_ssltie', 'is3', 'sslalign-vggss', 'maps14')]:
        with program('kaistmm+SSLalignment') as load:
            test = load('test')
            made = kept(test.utils, 'Evaluator_iiou')
            plain_map = lambda m: (None, m)
            answer = {'validate': plain_map, 'validate_lvs': lambda m: (m[:, None], None, None, None),
                      'validate_ssltie': lambda m: (m[:, None], None, None, None, None)}[function]
            model, prior = Maps(arrays[maps], answer), Maps(arrays['priors'], lambda m: m[:, None])
            args = argparse.Namespace(gpu=None, alpha=0.4, visualize=False, testset=testset, pth_name='')
            getattr(test, function)(loader(vggss_truth, names, 8), model, prior, results, args)
            plain, mixed = made[:2]

            def of(e, grouped):
                values = [*e.finalize_cIoU(), *e.finalize_AUC(), *([e.finalize_IAUC(), e.finalize_IAUC_adap()] if grouped else [])]
                keys = ['cIoU', 'cIoUAdap', 'IIoU', 'IIoUAdap', 'AUC', 'AUCAdap', 'IAUC', 'IAUCAdap']
                found = {k: float(v) for k, v in zip(keys, values) if grouped or not k.startswith('I')}
                return found | {'ciou': numbers(e.ciou), 'ciouAdap': numbers(e.ciou_adap)}

            case(f'SSLalignment {function} {testset}', 'kaistmm+SSLalignment', maps, vggss, of(plain, True) | {'OGL': of(mixed, False)},
                 protocol=protocol, names=names, priors='priors', alpha=0.4)

# SSL-TIE: its evaluator, called as its validate does.
with program('jinxiang-liu+SSL-TIE', 'utils') as load:
    tie = load('eval_')
    found = []
    for value, truth in zip(arrays['maps14'], vggss_truth):
        resized = cv2.resize(value, dsize=(224, 224), interpolation=cv2.INTER_LINEAR)
        negated = -resized
        prediction = 1 - (negated - negated.min()) / (negated.max() - negated.min())
        threshold = np.sort(prediction.flatten())[int(224 * 224 / 2)]
        found.append(tie.Evaluator().cal_CIOU((prediction > threshold).astype(float), truth, 0.5)[0])
    case('ssltie', 'jinxiang-liu+SSL-TIE', 'maps14', vggss, {'cIoU': float(np.mean(np.array(found) >= 0.5)), 'ciou': numbers(found)}, protocol='ssltie')

# AVIN: one annotator is enough, and an object may fill the picture.
with program('Tahy1+AVIN', 'AVIN-RN') as load:
    metric = load('utils').metric
    union = torch.from_numpy(np.array([(t > 0).astype(float) for t in flickr_truth[:-1]] + [np.ones((224, 224))]))
    value = torch.from_numpy(arrays['maps14'])
    ciou, auc, nsa = metric(value, union, 0.5)
    ones = [metric(value[[i, i]], union[[i, i]], 0.5)[2] for i in range(COUNT)]
    case('avin', 'Tahy1+AVIN', 'maps14', flickr[:-1] + [[[0, 0, 224, 224]]],
         {'cIoU': float(ciou), 'AUC': float(auc), 'NSA': float(nsa), 'nsa': numbers(ones)}, protocol='avin', annotators='several')

# AVSBench: masks of the maps' own size, one of them empty.
SIDE = 32
with program('OpenNLPLab+AVSBench', 'avs_scripts/avs_ms3') as load, tempfile.TemporaryDirectory() as results:
    utility = load('utils.utility')
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    masks = np.array([(((x - rng.integers(8, 24)) / rng.integers(4, 12)) ** 2 + ((y - rng.integers(8, 24)) / rng.integers(4, 12)) ** 2 < 1)
                      for _ in range(12)], np.float32)
    masks[3] = 0
    arrays['maskLogits'] = (3 * (masks - 0.4) + 2 * rng.standard_normal(masks.shape)).astype(np.float32)
    logits, truth = torch.from_numpy(arrays['maskLogits']), torch.from_numpy(masks)
    each = [float(utility.mask_iou(logits[i:i + 1], truth[i:i + 1])) for i in range(12)]
    avsbench = {'mIoU': float(utility.mask_iou(logits, truth)), 'FScore': utility.Eval_Fmeasure(logits, truth, results), 'iou': each}
    arrays['masks'] = masks

# Resizing, at pixels here and there.
places = [[int(v) for v in rng.integers(0, 224, 2)] for _ in range(60)] + [[0, 0], [0, 223], [223, 0], [223, 223], [111, 112]]
resizes = []
for shape in [(7, 7), (14, 14), (5, 9)]:
    value = rng.standard_normal(shape).astype(np.float32)
    batch = torch.from_numpy(value)[None, None]
    for kernel, aligned in [('bilinear', True), ('bilinear', False), ('bicubic', True), ('bicubic', False)]:
        full = torch.nn.functional.interpolate(batch, size=(224, 224), mode=kernel, align_corners=aligned)[0, 0].numpy()
        resizes.append({'by': 'PyTorch', 'map': value.tolist(), 'kernel': kernel, 'alignCorners': aligned, 'values': [float(full[y, x]) for y, x in places]})
    full = cv2.resize(value, dsize=(224, 224), interpolation=cv2.INTER_LINEAR)
    resizes.append({'by': 'OpenCV', 'map': value.tolist(), 'kernel': 'bilinear', 'alignCorners': False, 'values': [float(full[y, x]) for y, x in places]})

print(json.dumps({
    'arrays': {name: {'shape': list(a.shape), 'data': base64.b64encode(a.astype('<f4').tobytes()).decode()} for name, a in arrays.items()},
    'cases': cases, 'avsbench': avsbench, 'places': places, 'resizes': resizes,
}))
