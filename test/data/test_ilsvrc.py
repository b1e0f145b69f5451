# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ILSVRC readers, proven on exported sprites and on files written by hand."""
import shutil

from impnet_ros.cli import main
from impnet_ros.data.check import check_data
from impnet_ros.data.export_vid import export_vid
from impnet_ros.data.ilsvrc_det import IlsvrcDet
from impnet_ros.data.ilsvrc_files import equally_spaced, read_annotation, read_picture
from impnet_ros.data.ilsvrc_vid import IlsvrcVid
from impnet_ros.data.sprites import SpriteConfig, SpriteSet
import numpy as np
import PIL.Image
import pytest

SYNSETS = {name: name for name in SpriteSet.class_names}
XML = """<annotation><folder>f</folder><filename>000000</filename>
<size><width>50</width><height>40</height></size>
<object><trackid>3</trackid><name>n02084071</name>
<bndbox><xmax>20</xmax><xmin>10</xmin><ymax>30</ymax><ymin>5</ymin></bndbox>
<occluded>1</occluded><generated>0</generated></object>
<object><trackid>4</trackid><name>n00000000</name>
<bndbox><xmax>9</xmax><xmin>1</xmin><ymax>9</ymax><ymin>1</ymin></bndbox></object>
</annotation>"""


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    root = tmp_path_factory.mktemp('ilsvrc')
    videos = SpriteSet(2, 4, SpriteConfig(height=64, width=80, frames=20))
    export_vid(videos, root, 'train')
    export_vid(videos, root, 'val')
    return root, videos


@pytest.mark.parametrize('split', ['train', 'val'])
def test_exported_sprites_come_back(exported, split):
    root, videos = exported
    read = IlsvrcVid(root, split, synsets=SYNSETS)
    assert len(read) == 2 and read.class_names == videos.class_names
    for number in range(2):
        assert len(read[number]) == 20
        for index in (0, 19):
            there, here = read[number].truth(index), videos[number].truth(index)
            assert np.abs(there.boxes - here.boxes).max(initial=0) <= 0.51
            assert there.labels.tolist() == here.labels.tolist()
            assert there.track_ids.tolist() == here.track_ids.tolist()
            assert there.occluded.tolist() == here.occluded.tolist()
            picture = read[number].frame(index).astype(int) - videos[number].frame(index)
            assert np.abs(picture).mean() < 12


def test_training_list_labels_15_equally_spaced_frames(exported):
    root, _ = exported
    labelled = IlsvrcVid(root, 'train', synsets=SYNSETS)[0].labelled
    assert len(labelled) == 15 and labelled == equally_spaced(20, 15)
    assert len(IlsvrcVid(root, 'val', synsets=SYNSETS)[0].labelled) == 20


def test_equally_spaced_frames_of_a_300_frame_snippet():
    assert equally_spaced(300, 15) == tuple(range(10, 300, 20))
    assert equally_spaced(3, 15) == (0, 1, 2)


def test_without_lists_the_folders_are_used(exported, tmp_path):
    root, _ = exported
    (tmp_path / 'Data').symlink_to(root / 'Data')
    (tmp_path / 'Annotations').symlink_to(root / 'Annotations')
    with_list, without = (IlsvrcVid(place, 'train', synsets=SYNSETS)
                          for place in (root, tmp_path))
    assert [without[i].name for i in range(2)] == [with_list[i].name for i in range(2)]
    assert without[0].labelled == with_list[0].labelled


def test_annotation_written_by_hand(tmp_path):
    folder = 'ILSVRC2015_val_00000000'
    for kind, name, text in (('Data', '000000.JPEG', ''), ('Annotations', '000000.xml', XML)):
        path = tmp_path / kind / 'VID' / 'val' / folder / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    truth = IlsvrcVid(tmp_path, 'val')[0].truth(0)
    assert truth.boxes.tolist() == [[10, 5, 20, 30]]
    assert truth.labels.tolist() == [8] and truth.track_ids.tolist() == [3]
    assert truth.occluded.tolist() == [True]
    with pytest.raises(ValueError, match='expected a readable image'):
        IlsvrcVid(tmp_path, 'val')[0].frame(0)


@pytest.mark.parametrize(('old', 'new', 'message'), [
    ('<xmin>10</xmin>', '<xmin>21</xmin>', 'expected a bndbox with four corners, xmin <= xmax'),
    ('<xmin>10</xmin>', '<xmin>nan</xmin>', "got .'nan', '5', '20', '30'"),
    ('<xmin>10</xmin>', '<xmin>abc</xmin>', "got .'abc', '5', '20', '30'"),
    ('<xmin>10</xmin>', '', 'got .None,'),
    ('<trackid>3', '<trackid>three', "expected a number as trackid in .*000000.xml, got 'three'"),
    ('</annotation>', '', 'expected an ILSVRC XML file, got .*000000.xml')])
def test_broken_annotations_are_named(tmp_path, old, new, message):
    path = tmp_path / '000000.xml'
    path.write_text(XML.replace(old, new))
    with pytest.raises(ValueError, match=message):
        read_annotation(path, {'n02084071': 8})


def test_pictures_are_read_as_they_are_stored(tmp_path):
    """Boxes know nothing of EXIF's orientation."""
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees
    PIL.Image.new('RGB', (60, 40)).save(tmp_path / 'turned.JPEG', exif=exif)
    assert read_picture(tmp_path / 'turned.JPEG').shape == (40, 60, 3)


def test_the_published_lists_of_snippets(exported, tmp_path):
    """Lines `FOLDER ID`, as in train_1 to train_30."""
    root, _ = exported
    for name in ('Data', 'Annotations'):
        (tmp_path / name).symlink_to(root / name)
    lists = tmp_path / 'ImageSets' / 'VID'
    lists.mkdir(parents=True)
    snippet = IlsvrcVid(root, 'train', synsets=SYNSETS)[1]
    (lists / 'train_1.txt').write_text(f"{snippet.name.removeprefix('train/')} 1\n")
    read = IlsvrcVid(tmp_path, 'train', 'train_1', SYNSETS)
    assert len(read) == 1 and read[0].name == snippet.name
    assert len(read[0]) == 20 and read[0].labelled == snippet.labelled
    for line, message in (('nowhere 1', 'expected pictures 000000.JPEG and on in .*nowhere'),
                          ('a b c', "expected lines FOLDER ID FRAME LENGTH, .* got 'a b c' in"),
                          ('a 1 x 20', "got 'a 1 x 20' in .*train_1.txt")):
        (lists / 'train_1.txt').write_text(line)
        with pytest.raises(ValueError, match=message):
            IlsvrcVid(tmp_path, 'train', 'train_1', SYNSETS)


def test_det_pictures_are_videos_of_one_frame(tmp_path):
    (tmp_path / 'Data/DET/train/a').mkdir(parents=True)
    annotation = tmp_path / 'Annotations/DET/train/a/p_1.xml'
    annotation.parent.mkdir(parents=True)
    annotation.write_text(XML.replace('<trackid>3</trackid>', ''))
    (tmp_path / 'ImageSets').mkdir()
    (tmp_path / 'ImageSets/DET_train_30classes.txt').write_text('train/a/p_1 1\n')
    pictures = IlsvrcDet(tmp_path)
    assert len(pictures) == 1 and len(pictures[0]) == 1
    (tmp_path / 'ImageSets/train_1.txt').write_text('a/p_1 1\na/p_2 -1\n')
    assert [item.name for item in IlsvrcDet(tmp_path, image_set='train_1')] == ['train/a/p_1']
    assert pictures[0].truth(0).labels.tolist() == [8]
    with pytest.raises(IndexError, match='a still picture'):
        pictures[0].frame(1)


def test_check_says_what_is_missing(exported, tmp_path):
    root, _ = exported
    assert check_data(tmp_path / 'nowhere') == [f'{tmp_path}/nowhere: no such folder']
    problems = '\n'.join(check_data(tmp_path))
    assert 'Data: no such folder' in problems and 'ImageSets: no such folder' in problems
    problems = '\n'.join(check_data(root, full=True))
    assert 'VID train: expected 3862 as published, got 2' in problems
    assert 'DET train: root: expected a folder with Data/DET/train' in problems
    assert 'no such file' not in problems and 'expected a' not in problems.split('DET train')[0]
    assert check_data(root, full=True, names=SpriteSet.class_names) == []
    (tmp_path / 'Data').symlink_to(root / 'Data')
    (tmp_path / 'Annotations').mkdir()
    assert '.xml: no such file' in '\n'.join(check_data(tmp_path))
    assert main(['check-data', str(tmp_path)]) == 1


def test_a_full_check_looks_into_the_files(exported, tmp_path):
    root, _ = exported
    shutil.copytree(root, tmp_path, dirs_exist_ok=True)
    picture, *_ = tmp_path.rglob('000003.JPEG')
    picture.write_bytes(picture.read_bytes()[:-100])
    tailed, *_ = tmp_path.rglob('000004.JPEG')
    tailed.write_bytes(tailed.read_bytes() + b'written by some camera')
    annotation, *_ = tmp_path.rglob('000007.xml')
    annotation.write_text('')
    assert check_data(tmp_path, names=SpriteSet.class_names) == []
    found = check_data(tmp_path, full=True, names=SpriteSet.class_names)
    assert len(found) == 2
    assert f'{picture}: expected a whole JPEG' in '\n'.join(found)
    assert f'expected an ILSVRC XML file, got {annotation}' in '\n'.join(found)
