"""evaluate.py MAPS ANNOTATIONS: maps scored the way the published evaluators compute, map by map with NumPy.

Resizing, normalization, thresholds, ciou and its aggregates as in the test.py and utils.py of SSLalignment, the non-sounding area as in AVIN, masks
as in AVSBench. A step is a whole evaluation, from the files to the scores.
"""
import json
import sys

import numpy as np
import torch
import torch.nn.functional as F

from serve import serve

SIZE, BATCH, LEVELS, BETA2 = 224, 64, 255, 0.3
maps_path, annotations_path = sys.argv[1:3]
torch.set_num_threads(2)


def normalize(value):
    low, high = value.min(), value.max()
    return (value - low) / (high - low) if high != low else value


def ciou_of(infer, truth):
    return np.sum(infer * truth) / (np.sum(truth) + np.sum(infer * (truth == 0)))


def mask_iou(infer, truth):
    if truth.sum() == 0:
        return ((1 - truth) * (1 - infer)).sum() / truth.size
    return (infer * truth).sum() / np.maximum(infer, truth).sum()


def f_curve(prediction, truth):
    """Precision and recall at every threshold, one after the other."""
    precision, recall = torch.zeros(LEVELS), torch.zeros(LEVELS)
    levels = torch.linspace(0, 1 - 1e-10, LEVELS)
    for i in range(LEVELS):
        mask = (prediction >= levels[i]).float()
        correct = (mask * truth).sum()
        precision[i], recall[i] = correct / (mask.sum() + 1e-20), correct / (truth.sum() + 1e-20)
    score = (1 + BETA2) * precision * recall / (BETA2 * precision + recall)
    score[score != score] = 0
    return score


def f_of(infer, truth):
    correct = (infer * truth).sum()
    if correct == 0:
        return 0.0
    precision, recall = correct / infer.sum(), correct / truth.sum()
    return (1 + BETA2) * precision * recall / (BETA2 * precision + recall)


def area_under(values):
    return np.trapz([np.mean(np.array(values) >= 0.05 * i) for i in range(21)], [0.05 * i for i in range(21)])


def by_group(groups, threshold):
    return np.mean([min(float(v >= threshold) for v in values) for values in groups.values()])


def grouped(groups):
    curve = [by_group(groups, 0.05 * i) for i in range(21)]
    return by_group(groups, 0.5), np.trapz(curve, [0.05 * i for i in range(21)])


def evaluate():
    with open(annotations_path) as text:
        annotations = json.load(text)
    maps = np.load(maps_path)
    fixed, adaptive, groups, groups_adaptive = [], [], {}, {}
    hits, areas, ious, ious_adaptive, f_adaptive = [], [], [], [], []
    curve, curves = 0, 0
    for first in range(0, len(maps), BATCH):
        batch = torch.from_numpy(maps[first:first + BATCH]).unsqueeze(1)
        resized = F.interpolate(batch, size=(SIZE, SIZE), mode='bilinear', align_corners=True).numpy()
        for i in range(len(resized)):
            annotation = annotations[first + i]
            truth = np.zeros((SIZE, SIZE))
            x0, y0, x1, y1 = (int(v) for v in annotation['gt_box'])
            truth[y0:y1, x0:x1] = 1
            prediction = normalize(resized[i, 0])

            threshold = np.sort(prediction.flatten())[int(SIZE * SIZE * 0.5)]
            infer = np.zeros((SIZE, SIZE))
            infer[prediction > threshold] = 1
            fixed.append(ciou_of(infer, truth))
            areas.append(1 - np.sum(infer * (truth == 0)) / np.sum(truth == 0))

            count = int((truth != 0).sum()) or SIZE * SIZE // 2
            threshold = np.sort(prediction.flatten())[SIZE * SIZE - count]
            infer = np.zeros((SIZE, SIZE))
            infer[prediction > threshold] = 1
            adaptive.append(ciou_of(infer, truth))
            ious_adaptive.append(mask_iou(infer, truth))

            group = '_'.join(annotation['image'].split('/')[-1].replace('.jpg', '').split('_')[:-1])
            groups.setdefault(group, []).append(fixed[-1])
            groups_adaptive.setdefault(group, []).append(adaptive[-1])

            highest = prediction == prediction.max()
            hits.append(truth[highest].mean())
            ious.append(mask_iou((prediction > 0.5).astype(int), truth))
            if truth.sum() > 0:
                f_adaptive.append(f_of(infer, truth))
                curve = curve + f_curve(torch.from_numpy(prediction), torch.from_numpy(truth).float())
                curves += 1
    iiou, iauc = grouped(groups)
    iiou_adaptive, iauc_adaptive = grouped(groups_adaptive)
    scores = [
        np.mean(np.array(fixed) >= 0.5), np.mean(np.array(adaptive) >= 0.5), area_under(fixed), area_under(adaptive),
        iiou, iiou_adaptive, iauc, iauc_adaptive, np.mean(hits), np.mean(areas),
        np.mean(ious), np.mean(ious_adaptive), float((curve / curves).max()), np.mean(f_adaptive),
    ]
    return [float(score) for score in scores]


serve(evaluate)
