# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sequences in the layout of MOTChallenge."""
import cv2
from impnet_ros.data.class_mapping import read_mapping
from impnet_ros.data.mot_challenge import is_mot_folder, open_mot
from impnet_ros.labels import COCO_80
import numpy as np
import pytest

CAR, DOG, PERSON = (COCO_80.index(name) for name in ('car', 'dog', 'person'))


def write(folder, rows, info='[Sequence]\nname=x\nframeRate=24\nimDir=img1\n', frames=3,
          first=1):
    """Write a sequence of small pictures; frame n is of brightness n."""
    (folder / 'img1').mkdir(parents=True)
    (folder / 'gt').mkdir()
    for number in range(first, first + frames):
        cv2.imwrite(str(folder / 'img1' / f'{number:06}.png'),
                    np.full((20, 30, 3), number, np.uint8))
    (folder / 'gt' / 'gt.txt').write_text('\n'.join(rows) + '\n')
    if info:
        (folder / 'seqinfo.ini').write_text(info)
    return folder


def test_rows_of_mot17(tmp_path):
    folder = write(tmp_path / 'MOT17-02', [
        '1,4,10,20,5,7,1,1,0.8',     # a pedestrian
        '1,5,11,20,5,7,0,1,0.8',     # one that is not to be considered
        '2,6,1.5,2,3,4,1,7,1',       # a static person: neither right nor wrong
        '2,7,1,2,3,4,1,3,1',         # a car
        '3,8,1,2,3,4,1,9,1',         # an occluder is nothing
        '9,8,1,2,3,4,1,1,1'])        # no such frame
    clip = open_mot(folder, COCO_80, {})
    assert is_mot_folder(folder) and not is_mot_folder(tmp_path)
    assert (clip.name, clip.fps, clip.complete, clip.tracked) == ('MOT17-02', 24.0, True, True)
    first, second, third = clip.truth
    assert first.boxes.tolist() == [[10, 20, 15, 27], [11, 20, 16, 27]]
    assert first.labels.tolist() == [PERSON] * 2 and first.ids.tolist() == [4, 5]
    assert first.ignored.tolist() == [False, True] and not first.crowd.any()
    assert second.labels.tolist() == [PERSON, CAR] and second.ignored.tolist() == [True, False]
    assert second.boxes[0].tolist() == [1.5, 2, 4.5, 6]
    assert third.boxes.shape == (0, 4)
    images = list(clip.images())
    assert [int(image[0, 0, 0]) for image in images] == [1, 2, 3]
    assert images[0].shape == (20, 30, 3)
    assert [int(image[0, 0, 0]) for image in clip.first(2).images()] == [1, 2]
    assert len(clip.first(2).truth) == 2


def test_the_class_of_all_rows_and_others_that_nobody_annotated(tmp_path):
    info = '[Sequence]\nframeRate=30\n\n[Truth]\nlabel=dog\nalone=false\n'
    folder = write(tmp_path / 'one', ['1,1,0,0,5,5,1,1,1', '2,1,0,0,5,5,1,4,1'], info)
    clip = open_mot(folder, COCO_80, {})
    assert [item.labels.tolist() for item in clip.truth] == [[DOG], [DOG], []]
    assert not clip.complete and open_mot(folder, COCO_80, {}, complete=True).complete
    mapping = read_mapping(['car'], COCO_80)
    assert open_mot(folder, COCO_80, mapping).truth[0].labels.tolist() == [CAR]


def test_numbers_may_be_given_classes(tmp_path):
    folder = write(tmp_path / 'two', ['1,1,0,0,5,5,1,2,1', '1,2,0,0,5,5,1,9,1',
                                      '1,3,0,0,5,5,1,1,1'])
    mapping = read_mapping(['2=car', '9=dog'], COCO_80)
    assert open_mot(folder, COCO_80, mapping).truth[0].labels.tolist() == [CAR, DOG]


def test_short_rows_spaces_frames_from_zero_and_no_seqinfo(tmp_path):
    folder = write(tmp_path / 'short', ['0 1 0 0 5 5', '1,1,0,0,5,5,1,-1,-1,-1'], info='',
                   first=0)
    clip = open_mot(folder, COCO_80, {}, fps=12.5)
    assert clip.fps == 12.5 and [len(item.ids) for item in clip.truth] == [1, 1, 0]


@pytest.mark.parametrize(('rows', 'info', 'complaint'), [
    (['1,1,a,0,5,5'], '', 'gt.txt:1: expected frame, id, left, top'),
    (['1,1,0,0,5'], '', 'gt.txt:1: expected frame, id, left, top'),
    (['1,1,0,0,0,5,1,1,1'], '', 'expected width and height > 0'),
    (['1'], '', 'gt.txt:1: expected frame, id, left, top'),
    (['inf,1,0,0,5,5,1,1,1'], '', 'gt.txt:1: expected frame, id, left, top'),
    (['1,1,nan,0,5,5,1,1,1'], '', 'gt.txt:1: expected frame, id, left, top'),
    (['1,1,0,0,5,5,1,1.5,1'], '', 'gt.txt:1: expected frame, id, left, top'),
    (['1,1,0,0,5,5'], '[Sequence]\nframeRate=inf\n', 'expected frameRate > 0'),
    (['1,1,0,0,5,5'], '[Truth]\nlabel=lion\n', 'seqinfo.ini: class: expected one that'),
    (['1,1,0,0,5,5'], '[Sequence]\nimDir=pictures\n', 'expected a folder of pictures'),
    (['1,1,0,0,5,5'], '[Sequence]\nframeRate=fast\n', 'seqinfo.ini: frameRate, alone: could not'),
    (['1,1,0,0,5,5'], '[Sequence]\nframeRate=0\n', 'expected frameRate > 0'),
    (['1,1,0,0,5,5'], 'label=dog\n', 'no section headers')])
def test_what_cannot_be_read_is_named(tmp_path, rows, info, complaint):
    folder = write(tmp_path / 'wrong', rows, info)
    with pytest.raises(ValueError) as error:
        open_mot(folder, COCO_80, {})
    assert complaint in str(error.value)


def test_rows_without_a_picture_are_told(tmp_path, capsys):
    [*_, last] = open_mot(write(tmp_path / 'a', ['3,1,0,0,5,5', '8,1,0,0,5,5']), COCO_80, {}).truth
    assert len(last.ids) == 1
    assert 'as they have no picture: 1 frames, 8 to 8' in capsys.readouterr().err


def test_coordinates_of_mot15_are_no_class(tmp_path):
    first, *_ = open_mot(write(tmp_path / 'a', ['1,1,0,0,5,5,1,4.2,7.1,0']), COCO_80, {}).truth
    assert first.labels.tolist() == [PERSON]


def test_ids_that_are_none(tmp_path):
    """Two people of one frame are two, and nothing is said of their ids."""
    clip = open_mot(write(tmp_path / 'a', ['1,-1,0,0,5,5', '1,-1,9,0,5,5']), COCO_80, {})
    assert not clip.tracked and len(set(clip.truth[0].ids)) == 2


@pytest.mark.parametrize('names', [('f_0', 'f_1', 'f_2'), ('a', 'b', 'c')])
def test_frames_from_0_on(tmp_path, names):
    folder = write(tmp_path / 'a', ['0,1,0,0,5,5', '2,1,9,0,5,5'])
    for file, name in zip(sorted((folder / 'img1').iterdir()), names, strict=True):
        file.rename(file.with_stem(name))
    assert [len(frame.ids) for frame in open_mot(folder, COCO_80, {}).truth] == [1, 0, 1]


def test_people_that_need_not_be_found_stay_so_with_a_mapping(tmp_path):
    first, *_ = open_mot(write(tmp_path / 'a', ['1,1,0,0,5,5,1,1,1', '1,2,9,0,5,5,1,7,1']),
                         COCO_80, read_mapping(['1=person'], COCO_80)).truth
    assert first.ignored.tolist() == [False, True]


def test_marks_and_other_encodings(tmp_path):
    folder = write(tmp_path / 'a', ['1,1,0,0,5,5'])
    (folder / 'gt' / 'gt.txt').write_bytes(b'\xef\xbb\xbf1,1,0,0,5,5\r\n')
    assert len(open_mot(folder, COCO_80, {}).truth[0].ids) == 1
    (folder / 'seqinfo.ini').write_bytes(b'[Sequence]\nname=caf\xe9\n')
    with pytest.raises(ValueError, match='seqinfo.ini: expected text in UTF-8'):
        open_mot(folder, COCO_80, {})


def test_a_mapping_names_classes_of_the_network():
    with pytest.raises(ValueError, match="got 'lion'"):
        read_mapping(['1=lion'], COCO_80)
    with pytest.raises(ValueError, match='expected one class for all boxes'):
        read_mapping(['dog', '1=car'], COCO_80)
