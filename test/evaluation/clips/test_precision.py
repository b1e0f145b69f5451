# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Average precision: by hand, and as pycocotools has it."""
import contextlib
import io

from impnet_ros.evaluation.clips.matching import judged, match_frame
from impnet_ros.evaluation.clips.precision import precisions
from impnet_ros.evaluation.matching import FALSE, IGNORED, TRUE
import numpy as np
import pytest
from true_scenes import clip_of, found_of, frame_of, random_scene


def test_a_box_shifted_by_a_fifth_is_right_at_half_and_wrong_at_three_quarters():
    # Shifted by 2 of 10: 8 / 12 = 0.667 shared, so right at the thresholds .5, .55, .6, .65.
    clip = clip_of(frame_of((0, 0, 10, 10, 1, 7)))
    result = precisions(clip, [found_of((2, 0, 10, 10, 1, 0.9))], [False])['all']
    assert (result.ap50, result.ap75) == (100.0, 0.0)
    assert result.ap == pytest.approx(40.0)


def test_a_false_box_before_the_true_one_halves_precision():
    clip = clip_of(frame_of((0, 0, 10, 10, 0, 1)), frame_of((0, 0, 10, 10, 0, 1)))
    found = [found_of((50, 50, 10, 10, 0, 0.9), (0, 0, 10, 10, 0, 0.8)), found_of()]
    # One of two objects found, at precision 1/2: recalls 0, .01, ..., .5 of 101 have it.
    assert precisions(clip, found, [False] * 2)['all'].ap50 == pytest.approx(100 * 51 / 101 / 2)


def test_spoilt_frames_alone():
    frame = frame_of((0, 0, 10, 10, 0, 1))
    found = [found_of((0, 0, 10, 10, 0, .9)), found_of()]
    result = precisions(clip_of(frame, frame), found, [False, True])
    assert result['spoilt'].ap50 == 0.0 and result['all'].ap50 == pytest.approx(100 * 51 / 101)
    assert np.isnan(precisions(clip_of(frame, frame), found, [False] * 2)['spoilt'].ap50)


def test_ignored_objects_are_neither_missed_nor_wrong_but_stand_for_one_box_each():
    truth = frame_of((0, 0, 10, 10, 0, 1, True), (50, 0, 10, 10, 0, 2, False, True))
    found = found_of((0, 0, 10, 10, 0, .9), (0, 0, 10, 10, 0, .8),  # the second one is wrong
                     (51, 1, 4, 4, 0, .7), (54, 4, 4, 4, 0, .6))    # both inside the crowd
    assert match_frame(found, truth)[0].tolist() == [IGNORED, FALSE, IGNORED, IGNORED]


def test_an_object_comes_before_an_ignored_one_that_overlaps_more():
    truth = frame_of((0, 0, 10, 10, 0, 1, True), (2, 0, 10, 10, 0, 2))
    assert match_frame(found_of((0, 0, 10, 10, 0, .9)), truth)[:, 0].tolist() == (
        [TRUE] * 4 + [IGNORED] * 6)


def test_of_one_annotated_object_among_others_only_boxes_near_it_are_judged():
    truth = frame_of((0, 0, 100, 100, 0, 1))
    far, near = (200, 0, 50, 50, 0, .9), (60, 0, 100, 100, 0, .8)   # near: 40 / 160 shared
    inside, other = (10, 10, 20, 20, 0, .7), (0, 0, 100, 100, 1, .6)
    beside = (97, 0, 100, 100, 0, .5)                               # 3 / 197 shared
    found = found_of(far, near, inside, other, beside)
    labels = np.array([0])
    assert judged(found, truth, labels, complete=False).scores.tolist() == [.8, .7]
    assert judged(found, truth, labels, complete=True).scores.tolist() == [.9, .8, .7, .5]


def coco_eval(truth, found):
    """Ask pycocotools; AP, AP50, AP75 and AP of small, medium and large objects, in per cent."""
    coco = pytest.importorskip('pycocotools.coco')
    evaluation = pytest.importorskip('pycocotools.cocoeval')
    with contextlib.redirect_stdout(io.StringIO()):
        true = coco.COCO()
        true.dataset = {
            'images': [{'id': place} for place in range(len(truth))],
            'categories': [{'id': label} for label in range(3)],
            'annotations': [
                {'image_id': place, 'category_id': int(label), 'iscrowd': int(crowd),
                 'bbox': [*box[:2], *(box[2:] - box[:2])], 'area': (box[2:] - box[:2]).prod()}
                for place, item in enumerate(truth)
                for box, label, crowd in zip(item.boxes, item.labels, item.crowd)]}
        for number, item in enumerate(true.dataset['annotations']):
            item['id'] = number + 1
        true.createIndex()
        results = [{'image_id': place, 'category_id': int(label), 'score': score,
                    'bbox': [*box[:2], *(box[2:] - box[:2])]}
                   for place, item in enumerate(found)
                   for box, label, score in zip(item.boxes, item.labels, item.scores)]
        told = evaluation.COCOeval(true, true.loadRes(results), 'bbox')
        told.evaluate()
        told.accumulate()
        told.summarize()
    return 100 * told.stats[:6]


@pytest.mark.parametrize('seed', range(6))
def test_as_pycocotools(seed):
    truth, found = random_scene(seed, ignored=0.0, crowd=0.15)
    ours = precisions(clip_of(*truth), found, [False] * len(truth))
    everything = ours['all']
    assert [everything.ap, everything.ap50, everything.ap75,
            *(ours[f'size {size}'].ap for size in ('small', 'medium', 'large'))] == pytest.approx(
        [np.nan if value == -100 else value for value in coco_eval(truth, found)], abs=1e-6,
        nan_ok=True)
    assert 5 < everything.ap < 95
