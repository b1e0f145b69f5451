# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""COCO JSON of videos, in two dialects."""
import json

import cv2
from impnet_ros.data.coco_video import open_coco_video
from impnet_ros.labels import COCO_80
import numpy as np
import pytest

CAR, PERSON = COCO_80.index('car'), COCO_80.index('person')


def pictures(folder, names):
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / name), np.full((8, 8, 3), number, np.uint8))


def coco_vid():
    return {'videos': [{'id': 3, 'name': 'street', 'fps': 10}],
            'categories': [{'id': 1, 'name': 'person'}, {'id': 9, 'name': 'walrus'},
                           {'id': 4, 'name': 'auto'}],
            'images': [{'id': 12, 'video_id': 3, 'frame_id': 1, 'file_name': 'b.png'},
                       {'id': 11, 'video_id': 3, 'frame_id': 0, 'file_name': 'z.png'},
                       {'id': 99, 'file_name': 'still.png'}],
            'annotations': [
                {'id': 1, 'image_id': 11, 'category_id': 1, 'bbox': [1, 2, 3, 4],
                 'instance_id': 5},
                {'id': 2, 'image_id': 11, 'category_id': 9, 'bbox': [0, 0, 1, 1],
                 'instance_id': 6},
                {'id': 3, 'image_id': 12, 'category_id': 1, 'bbox': [0, 0, 9, 9], 'iscrowd': 1,
                 'instance_id': 7},
                {'id': 4, 'image_id': 12, 'category_id': 4, 'bbox': [2, 2, 4, 4], 'ignore': 1,
                 'instance_id': 8},
                {'id': 5, 'image_id': 99, 'category_id': 1, 'bbox': [1, 2, 3, 4]}]}


def write(folder, content):
    path = folder / 'truth.json'
    path.write_text(json.dumps(content))
    return path


def test_pictures_that_belong_to_videos(tmp_path):
    pictures(tmp_path, ['z.png', 'b.png'])
    [clip] = open_coco_video(write(tmp_path, coco_vid()), COCO_80, {})
    assert (clip.name, clip.fps, clip.complete, clip.tracked) == ('street', 10.0, True, True)
    assert [int(image[0, 0, 0]) for image in clip.images()] == [0, 1]
    first, second = clip.truth
    assert first.boxes.tolist() == [[1, 2, 4, 6]] and first.labels.tolist() == [PERSON]
    assert first.ids.tolist() == [5] and not first.ignored.any()
    assert second.crowd.tolist() == [True] and second.ignored.tolist() == [True]


def test_names_of_categories_may_be_given_classes(tmp_path):
    pictures(tmp_path, ['z.png', 'b.png'])
    [clip] = open_coco_video(write(tmp_path, coco_vid()), COCO_80, {'auto': CAR})
    assert [item.labels.tolist() for item in clip.truth] == [[], [CAR]]
    assert clip.truth[1].ignored.tolist() == [True] and not clip.truth[1].crowd.any()


def test_without_numbers_there_are_no_tracks(tmp_path):
    pictures(tmp_path, ['z.png', 'b.png'])
    content = coco_vid()
    del content['annotations'][0]['instance_id']
    [clip] = open_coco_video(write(tmp_path, content), COCO_80, {})
    assert not clip.tracked


def test_youtube_vis(tmp_path):
    pictures(tmp_path / 'frames', ['v/0.png', 'v/5.png'])
    content = {'videos': [{'id': 1, 'file_names': ['v/0.png', 'v/5.png']}],
               'categories': [{'id': 7, 'name': 'person'}],
               'annotations': [{'id': 8, 'video_id': 1, 'category_id': 7, 'iscrowd': 0,
                                'bboxes': [None, [1, 1, 2, 2]]}]}
    [clip] = open_coco_video(write(tmp_path, content), COCO_80, {}, tmp_path / 'frames', fps=6)
    assert (clip.name, clip.fps, clip.tracked) == ('v', 6.0, True)
    assert [item.ids.tolist() for item in clip.truth] == [[], [8]]
    assert clip.truth[1].boxes.tolist() == [[1, 1, 3, 3]]
    assert [int(image[0, 0, 0]) for image in clip.images()] == [0, 1]


def test_what_is_missing_is_named(tmp_path):
    path = write(tmp_path, coco_vid())
    with pytest.raises(ValueError, match='z.png: no such picture .2 missing of 2'):
        open_coco_video(path, COCO_80, {})
    with pytest.raises(ValueError, match='--classes'):
        open_coco_video(path, ('lion', 'bear'), {})
    content = coco_vid()
    del content['annotations'][0]['bbox']
    with pytest.raises(ValueError, match='bbox'):
        open_coco_video(write(tmp_path, content), COCO_80, {})
    with pytest.raises(ValueError, match='expected COCO JSON with videos'):
        open_coco_video(write(tmp_path, []), COCO_80, {})


def test_pictures_without_places_are_in_the_order_of_their_names(tmp_path):
    names = ['1.png', '2.png', '10.png']
    pictures(tmp_path, names)
    content = {'videos': [{'id': 3}, {'id': 4}], 'categories': [{'id': 1, 'name': 'person'}],
               'images': [{'id': name, 'video_id': 3, 'file_name': name} for name in names[::-1]] +
               [{'id': 9, 'video_id': 4, 'file_name': '1.png'},
                {'id': 8, 'video_id': None, 'file_name': '2.png'}],
               'annotations': [{'id': 1, 'image_id': '1.png', 'category_id': 1,
                                'bbox': [1, 1, 2, 2], 'track_id': 'a'},
                               {'id': 2, 'image_id': 9, 'category_id': 1, 'bbox': [1, 1, 2, 2],
                                'track_id': -1},
                               {'id': 3, 'image_id': '2.png', 'category_id': 1,
                                'bbox': [0, 0, 0, 0], 'track_id': 'a'}]}
    first, second = open_coco_video(write(tmp_path, content), COCO_80, {})
    assert [int(image[0, 0, 0]) for image in first.images()] == [0, 1, 2]
    assert [len(frame.ids) for frame in first.truth] == [1, 0, 0]
    assert (first.name, second.name) == ('video 3', 'video 4')
    assert first.tracked and not second.tracked


@pytest.mark.parametrize(('key', 'value', 'complaint'), [
    ('bbox', [1, 1, -2, 2], 'expected a box left, top'), ('bbox', [1, 1, 2], 'expected a box'),
    ('bbox', [1, 1, float('nan'), 2], 'expected a box')])
def test_boxes_that_are_none(tmp_path, key, value, complaint):
    content = coco_vid()
    content['annotations'][0][key] = value
    pictures(tmp_path, ['z.png', 'b.png'])
    with pytest.raises(ValueError, match=complaint):
        open_coco_video(write(tmp_path, content), COCO_80, {})


def test_a_rate_that_is_none(tmp_path):
    content = coco_vid()
    content['videos'][0]['fps'] = -24
    with pytest.raises(ValueError, match='fps: expected more than 0'):
        open_coco_video(write(tmp_path, content), COCO_80, {})
