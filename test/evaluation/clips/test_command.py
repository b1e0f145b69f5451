# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The command on clips with truth and without, and labels that the detector makes."""
from itertools import islice
import json
import os
from pathlib import Path

import cv2
from impnet_ros.cli import main
from impnet_ros.data.samples import make_truth
from impnet_ros.evaluation.clips.unlabelled import as_truth
from impnet_ros.evaluation.teacher import PseudoTruth
from impnet_ros.video import open_video
import numpy as np
import pytest


@pytest.fixture
def sequence(bikes, tmp_path):
    """Write frames of bikes.mp4 as a sequence with a box that is about a person's."""
    folder = tmp_path / 'ride'
    (folder / 'img1').mkdir(parents=True)
    (folder / 'gt').mkdir()
    for number, frame in enumerate(islice(open_video(bikes).frames, 9), 1):
        cv2.imwrite(str(folder / 'img1' / f'{number:06}.jpg'),
                    cv2.cvtColor(np.asarray(frame.image), cv2.COLOR_RGB2BGR))
    (folder / 'gt' / 'gt.txt').write_text(
        ''.join(f'{number},1,100,50,80,120,1,1,1\n' for number in range(1, 10)))
    (folder / 'seqinfo.ini').write_text('[Sequence]\nframeRate=6\n[Truth]\nlabel=person\n')
    return folder


def test_a_sequence_with_settings_side_by_side(sequence, tmp_path, capsys):
    made = tmp_path / 'made'
    assert main(['evaluate-clips', str(sequence.parent), '--setting', 'l_s=0.333',
                 '--setting', 'name=boxes mode=sparse box_memory=true l=3 size=256',
                 '--bursts', 'clean', 'strong', '--seed', '0', '1', '--json',
                 str(made / 'rows.json'), '--plot', str(made / 'plot.png')]) == 0
    said = capsys.readouterr().out
    assert '| clean, 1 clips' in said and '| strong, 1 clips, 2 draws' in said
    result = json.loads((made / 'rows.json').read_text())
    assert [(row['bursts'], row['seed'], row['setting'], row['l']) for row in result['rows']] == [
        (bursts, seed, setting, length) for bursts, seed in
        (('clean', 0), ('strong', 0), ('strong', 1))
        for setting, length in (('per frame', 1), ('l_s=0.333', 2), ('boxes', 3))]
    assert all(row['objects'] == row['frames'] == 9 for row in result['rows'])
    assert [row['keys_per_frame'] for row in result['rows'][:3]] == [1, 5 / 9, 1 / 3]
    assert result['rows'][0]['unsupported'] == 0 and result['rows'][0]['by']['spoilt'] == {
        'ap': None, 'ap50': None, 'ap75': None}
    assert len(result['summary']) == 6 and result['summary'][1]['cost'] > 0
    assert (made / 'plot.png').is_file()


def test_clips_that_nobody_labelled(bikes, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr('impnet_ros.evaluation.clips.unlabelled.FEWEST', 2)
    (tmp_path / 'ride').mkdir()
    (tmp_path / 'grey').mkdir()
    for place, frame in enumerate(islice(open_video(bikes).frames, 150, 152)):
        cv2.imwrite(str(tmp_path / 'ride' / f'{place}.png'),
                    cv2.cvtColor(np.asarray(frame.image), cv2.COLOR_RGB2BGR))
    cv2.imwrite(str(tmp_path / 'grey' / '0.png'), np.full((64, 64, 3), 90, np.uint8))
    (tmp_path / 'ride' / '0a.png').write_bytes(b'no picture')
    assert main(['evaluate-clips', str(tmp_path / 'ride'), str(tmp_path / 'grey'), '--setting',
                 'l=2', '--bursts', 'strong', '--json', str(tmp_path / 'rows.json')]) == 0
    said = capsys.readouterr().err
    assert 'grey is left out' in said and said.count('ride/0a.png: expected a whole JPEG') == 1
    before, after = json.loads((tmp_path / 'rows.json').read_text())['rows']
    assert (before['setting'], after['setting']) == ('per frame', 'l=2')
    assert before['ap50'] > 40 and before['id_switches'] is None
    assert before['objects'] > 5 and 'speed slow' not in before['by']


@pytest.mark.parametrize(('arguments', 'complaint'), [
    (['nothing.mp4'], 'no such clip: nothing.mp4'),
    (['.', '--setting', 'l=no'], "--setting 'l=no': l (segment_length): expected auto or an int"),
    (['.', '--classes', 'lion'], "got 'lion'")])
def test_what_cannot_be_used_is_named(arguments, complaint, capsys):
    assert main(['evaluate-clips', *arguments]) == 2
    assert complaint in capsys.readouterr().err


def test_clips_of_one_name_are_refused(sequence, capsys):
    assert main(['evaluate-clips', str(sequence), str(sequence)]) == 2
    assert "got 'ride' twice" in capsys.readouterr().err


def test_rare_and_doubtful_labels_are_ignored():
    truth = make_truth([(0, 0, 10, 10), (20, 20, 30, 30), (50, 50, 60, 60)], [0, 0, 7])
    labels = [PseudoTruth(truth, np.array([True, False, number < 19])) for number in range(20)]
    found = as_truth(labels)
    assert all(item.ignored.tolist() == [False, True, True] for item in found)


@pytest.mark.slow
def test_on_annotated_clips_memory_helps_in_bursts(tmp_path):
    """The detector finds what is annotated, and every frame a key frame finds more in bursts."""
    folder = Path(os.environ.get('IMPNET_TEST_CLIPS', '-'))
    if not folder.is_dir():
        pytest.skip('IMPNET_TEST_CLIPS names no folder of annotated clips')
    clips = [str(folder / name) for name in ('dog', 'drift-chicane')]
    assert main(['evaluate-clips', *clips, '--setting', 'l=1', '--bursts', 'clean', 'strong',
                 '--frames', '24', '--json', str(tmp_path / 'rows.json')]) == 0
    clean, _, spoilt, remembered = json.loads((tmp_path / 'rows.json').read_text())['summary']
    assert clean['ap50']['value'] > 80
    assert remembered['ap50']['value'] > spoilt['ap50']['value']
