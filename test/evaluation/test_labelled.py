# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An archive against truth: answers known by hand."""
import json

from impnet_ros.cli import main
from impnet_ros.evaluation.labelled import camera_of, read_labelled
import pytest

NAMES = ('person', 'dog')


def write_found(dest, name, boxes, source, topic='/camera', first=0):
    """Write what label writes: a list of (box left top width height, score, class) a frame."""
    images = [{'id': place + 1, 'video_id': 1, 'frame_id': first + place, 'file_name': str(place),
               'width': 100, 'height': 80} for place in range(len(boxes))]
    annotations = [{'image_id': place + 1, 'bbox': box, 'score': score, 'category_id': label}
                   for place, rows in enumerate(boxes) for box, score, label in rows]
    (dest / 'coco').mkdir(parents=True, exist_ok=True)
    (dest / 'coco' / f'{name}.json').write_text(json.dumps({
        'categories': [{'id': number + 1, 'name': text} for number, text in enumerate(NAMES)],
        'videos': [{'id': 1, 'name': name, 'source': source, 'topic': topic}],
        'images': images, 'annotations': annotations}))


def write_truth(path, frames, name='ride'):
    """Write a COCO JSON without any picture: one person in each frame."""
    path.write_text(json.dumps({
        'videos': [{'id': 7, 'name': name, 'fps': 10}],
        'categories': [{'id': 1, 'name': 'person'}],
        'images': [{'id': place, 'video_id': 7, 'frame_id': place, 'file_name': f'{place}.jpg',
                    'width': 100, 'height': 80} for place in range(frames)],
        'annotations': [{'id': place, 'image_id': place, 'category_id': 1, 'track_id': 1,
                         'bbox': [10, 10, 30, 40], 'area': 1200, 'iscrowd': 0}
                        for place in range(frames)]}))
    return path


def evaluate(dest, truth, tmp_path, *more):
    file = tmp_path / 'result.json'
    assert main(['evaluate', str(dest), '--truth', str(truth), '--json', str(file), *more]) == 0
    return json.loads(file.read_text())


def test_found_in_half_of_the_frames(tmp_path):
    """Two of four people, no false box: precision 1 up to a recall of one half, 51 of 101."""
    person = ([10, 10, 30, 40], 0.9, 1)
    write_found(tmp_path / 'out', 'a', [[person], []], '/bags/ride.mcap')
    write_found(tmp_path / 'out', 'b', [[person], []], '/bags/ride.mcap', first=2)
    result = evaluate(tmp_path / 'out', write_truth(tmp_path / 'truth.json', 4), tmp_path)
    assert result['mean']['ap50'] == pytest.approx(100 * 51 / 101, abs=0.01)
    assert result['mean']['ap'] == pytest.approx(100 * 51 / 101, abs=0.01)


def test_a_better_false_box_halves_the_precision(tmp_path):
    rows = [[([10, 10, 30, 40], 0.8, 1), ([60, 10, 30, 40], 0.9, 1), ([60, 10, 30, 40], 0.9, 2)]]
    write_found(tmp_path / 'out', 'a', rows, '/bags/ride')
    result = evaluate(tmp_path / 'out', write_truth(tmp_path / 'truth.json', 1), tmp_path)
    assert result['mean']['ap50'] == pytest.approx(50.0)


def test_motchallenge(tmp_path):
    import cv2
    import numpy as np
    clip = tmp_path / 'walk'
    (clip / 'img1').mkdir(parents=True)
    (clip / 'gt').mkdir()
    for number in (1, 2):
        cv2.imwrite(str(clip / 'img1' / f'{number:06d}.png'), np.zeros((80, 100, 3), np.uint8))
    (clip / 'gt' / 'gt.txt').write_text('1,1,10,10,30,40,1,1,1\n2,1,10,10,30,40,1,1,1\n')
    write_found(tmp_path / 'out', 'a', [[([10, 10, 30, 40], 0.9, 1)]] * 2, str(clip / 'img1'), '')
    assert evaluate(tmp_path / 'out', clip, tmp_path)['mean']['ap'] == pytest.approx(100.0)


def test_which_camera(tmp_path, capsys):
    for topic in ('/left', '/right'):
        write_found(tmp_path / 'out', topic[1:], [[]], '/bags/ride.mcap', topic)
    names, cameras = read_labelled(str(tmp_path / 'out'))
    assert names == NAMES and {camera.topic for camera in cameras} == {'/left', '/right'}
    truth = write_truth(tmp_path / 'truth.json', 1)
    assert main(['evaluate', str(tmp_path / 'out'), '--truth', str(truth)]) == 2
    assert 'ride: expected one camera' in capsys.readouterr().err
    assert evaluate(tmp_path / 'out', truth, tmp_path, '--topic', 'left')['mean']['ap50'] == 0.0
    assert camera_of(type('Clip', (), {'name': 'x'})(), cameras[:1], True) is cameras[0]


def test_clips_that_were_not_labelled_or_not_to_their_end(tmp_path, capsys):
    """Truth of which the archive has no camera is left out, and said; so are missing frames."""
    person = ([10, 10, 30, 40], 0.9, 1)
    write_found(tmp_path / 'out', 'a', [[person]], '/bags/ride.mcap')
    write_found(tmp_path / 'out', 'b', [[person]], '/bags/walk.mcap')
    ride = write_truth(tmp_path / 'ride.json', 2)
    other = write_truth(tmp_path / 'other.json', 1, name='swim')
    command = ['evaluate', str(tmp_path / 'out'), '--truth']
    assert main([*command, str(ride), str(other)]) == 0
    said = capsys.readouterr().out
    assert '1 of 2 frames are labelled' in said and 'no camera of that name: swim' in said
    assert 'mean of 1' in said
    assert main([*command, str(other)]) == 2
    assert 'of one of these names in the archive: swim' in capsys.readouterr().err


@pytest.mark.parametrize(('arguments', 'words'), [
    (['out'], '--truth: expected'), (['out', '--truth', 'absent'], 'found no coco'),
    ([], '--model: expected a network')])
def test_what_is_missing_is_said(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert main(['evaluate', *arguments]) == 2
    assert words in capsys.readouterr().err
