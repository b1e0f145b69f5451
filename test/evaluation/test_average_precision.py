# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Average precision: cases worked out by hand, and other people's implementations."""
import contextlib
import io

from impnet_ros.data.samples import make_truth
from impnet_ros.evaluation.average_precision import class_average_precision, mean_average_precision
from impnet_ros.evaluation.conventions import COCO, CONVENTIONS, MEGA, MSRA
from impnet_ros.evaluation.matching import FrameBoxes, match_all, match_frame
import numpy as np
from pycocotools.coco import COCO as CocoApi
from pycocotools.cocoeval import COCOeval
import pytest
import torch
from torchmetrics.detection import MeanAveragePrecision


def found(boxes, scores, labels=None):
    return FrameBoxes(np.asarray(boxes, float).reshape(-1, 4), np.asarray(scores, float),
                      np.asarray(labels if labels is not None else [0] * len(scores), int))


HAND_TRUTH = make_truth([[10, 10, 19, 19], [10, 10, 109, 109]], [0, 0])
HAND_FOUND = found([[13, 13, 22, 22], [10, 10, 109, 109], [200, 200, 250, 250]], [.9, .8, .95])


@pytest.mark.parametrize('convention, expected', [(MSRA, 2 / 3), (MEGA, 1 / 6)])
def test_hand_case(convention, expected):
    matches = match_all([[HAND_FOUND]], [[HAND_TRUTH]], 1, convention)
    assert class_average_precision(matches, convention)[0, 0] == pytest.approx(expected)


def test_threshold_of_a_small_box():
    boxes = np.array([[10, 10, 19, 19], [0, 0, 299, 299]], float)
    assert MSRA.thresholds(boxes) == pytest.approx([100 / 400, 0.5])
    assert MEGA.thresholds(boxes) == pytest.approx([0.5, 0.5])


def test_iou_with_and_without_the_extra_pixel():
    boxes = np.array([[0, 0, 9, 9]], float)
    others = np.array([[5, 0, 14, 9]], float)
    assert MSRA.iou(boxes, others)[0, 0] == pytest.approx(50 / 150)
    assert COCO.iou(boxes, others)[0, 0] == pytest.approx(36 / 126)


def test_second_choice():
    # Both detections overlap the first true box best; the second reaches .5 with the other, too.
    truth = make_truth([[0, 0, 9, 9], [0, 2, 9, 11]], [0, 0])
    boxes = found([[0, 0, 9, 9], [0, 0.9, 9, 9.9]], [.9, .8])
    assert match_frame(boxes, truth, MSRA).tolist() == [1, 1]
    assert match_frame(boxes, truth, MEGA).tolist() == [1, 0]


def test_empty_frames():
    nothing = found([], [])
    for convention in CONVENTIONS.values():
        no_truth = match_all([[nothing]], [[make_truth([], [])]], 2, convention)
        assert np.isnan(mean_average_precision(no_truth, convention)[0])
        no_boxes = match_all([[nothing]], [[HAND_TRUTH]], 2, convention)
        assert mean_average_precision(no_boxes, convention)[0] == 0.0


def test_ignored_objects_and_their_detections_do_not_count():
    matches = match_all([[HAND_FOUND]], [[HAND_TRUTH]], 1, MSRA,
                        judge=lambda video, frame, truth: np.array([True, False]))
    assert matches.outcomes.tolist() == [1, -1, 0]
    assert class_average_precision(matches, MSRA)[0, 0] == pytest.approx(1 / 2)


def test_weights_are_the_same_as_repeating_videos():
    rng = np.random.default_rng(0)
    boxes, truths = random_set(rng, 4)
    weights = np.array([[2.0, 0, 1, 3]])
    chosen = [0, 0, 2, 3, 3, 3]
    for convention in CONVENTIONS.values():
        weighted = class_average_precision(match_all(boxes, truths, 3, convention), convention,
                                           weights)
        repeated = class_average_precision(
            match_all([boxes[i] for i in chosen], [truths[i] for i in chosen], 3, convention),
            convention)
        assert weighted == pytest.approx(repeated, nan_ok=True, abs=2e-3)


def random_set(rng, videos, frames=6):
    """Return noisy copies of random true boxes, some missing, and false ones."""
    boxes, truths = [], []
    for _ in range(videos):
        video_boxes, video_truths = [], []
        for _ in range(frames):
            count = int(rng.integers(1, 5))
            corner = rng.uniform(0, 200, (count, 2))
            true = np.concatenate((corner, corner + rng.uniform(20, 90, (count, 2))), axis=1)
            labels = rng.integers(0, 3, count)
            corner = rng.uniform(0, 200, (4, 2))
            false = np.concatenate((corner, corner + rng.uniform(20, 90, (4, 2))), axis=1)
            noisy = np.concatenate((true + rng.normal(0, 6, true.shape), false))
            guessed = np.concatenate((np.where(rng.random(count) < .8, labels, 0),
                                      rng.integers(0, 3, 4)))
            video_boxes.append(found(noisy, rng.permutation(len(noisy)) / 10 + rng.random() / 11,
                                     guessed))
            video_truths.append(make_truth(true, labels))
        boxes.append(video_boxes)
        truths.append(video_truths)
    return boxes, truths


def coco_api_by_class(boxes, truths):
    annotations, results, images = [], [], []
    for image, (frame, truth) in enumerate(zip(sum(boxes, []), sum(truths, [])), start=1):
        images.append({'id': image, 'width': 300, 'height': 300})
        for box, label in zip(truth.boxes.tolist(), truth.labels.tolist()):
            wh = [box[2] - box[0], box[3] - box[1]]
            annotations.append({'id': len(annotations) + 1, 'image_id': image, 'iscrowd': 0,
                                'category_id': label + 1, 'bbox': box[:2] + wh,
                                'area': wh[0] * wh[1]})
        for box, score, label in zip(frame.boxes.tolist(), frame.scores, frame.labels):
            results.append({'image_id': image, 'category_id': int(label) + 1,
                            'score': float(score),
                            'bbox': box[:2] + [box[2] - box[0], box[3] - box[1]]})
    with contextlib.redirect_stdout(io.StringIO()):
        api = CocoApi()
        api.dataset = {'images': images, 'annotations': annotations, 'info': {},
                       'categories': [{'id': i} for i in (1, 2, 3)]}
        api.createIndex()
        evaluation = COCOeval(api, api.loadRes(results), 'bbox')
        evaluation.params.iouThrs = np.array([0.5])
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval['precision'][0, :, :, 0, -1].mean(axis=0)


def test_coco_convention_agrees_with_pycocotools():
    boxes, truths = random_set(np.random.default_rng(1), 10)
    ours = class_average_precision(match_all(boxes, truths, 3, COCO), COCO)[0]
    assert 0.2 < ours.mean() < 0.95
    assert ours == pytest.approx(coco_api_by_class(boxes, truths), abs=1e-9)


def test_coco_convention_agrees_with_torchmetrics():
    boxes, truths = random_set(np.random.default_rng(2), 5)
    metric = MeanAveragePrecision(iou_thresholds=[0.5], class_metrics=True)
    for frame, truth in zip(sum(boxes, []), sum(truths, [])):
        metric.update([{'boxes': torch.tensor(frame.boxes), 'scores': torch.tensor(frame.scores),
                        'labels': torch.tensor(frame.labels)}],
                      [{'boxes': torch.tensor(truth.boxes), 'labels': torch.tensor(truth.labels)}])
    ours = class_average_precision(match_all(boxes, truths, 3, COCO), COCO)[0]
    # Its 101 recalls are of single precision: one sample may fall to the other side of a step.
    assert ours == pytest.approx(metric.compute()['map_per_class'].numpy(), abs=1 / 101)


def test_conventions_meet_where_boxes_are_large_and_exact():
    boxes, truths = random_set(np.random.default_rng(3), 4)
    exact = [[found(truth.boxes, np.linspace(1, .5, len(truth.labels)), truth.labels)
              for truth in video] for video in truths]
    for convention in CONVENTIONS.values():
        assert mean_average_precision(match_all(exact, truths, 3, convention),
                                      convention)[0] == pytest.approx(1.0)


def test_videos_must_correspond():
    with pytest.raises(ValueError, match=r'expected frames \[2\] a video, got \[1\]'):
        match_all([[HAND_FOUND]], [[HAND_TRUTH] * 2], 1, MSRA)
