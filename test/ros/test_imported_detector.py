# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An imported detector in the node: over DDS as in `impnet detect`, and no frame is lost."""
from itertools import pairwise
import json
import os
from pathlib import Path
from typing import Any

import cv2
from impnet_ros.cli import main
from impnet_ros.model.onnx.importing import Asked, import_detector, made_up
from impnet_ros.model.onnx.reading import checked, read_onnx
from impnet_ros.threads import on_threads
import numpy as np
import pytest
from ros_harness import Client, image_message, node_process, stamp_of
import small_detectors as small

pytestmark = [pytest.mark.ros, pytest.mark.timeout(300)]

COUNT = 9
START_NS = 10 ** 12
FPS = 10
THRESHOLD = 0.15
REAL = Path(os.environ.get('IMPNET_TEST_MODELS', 'nowhere'))


def imported(kind: str, folder: Path) -> Path:
    """Import a detector of tier A or B: a real one where there are any, or a small one."""
    file, like = {'A': ('yolox_nano.onnx', 'yolox'), 'B': ('deimv2_atto.onnx', 'rtdetr')}[kind]
    if REAL.is_dir():
        model, labels = read_onnx(REAL / file), ()
    else:
        made = small.yolox(bias=0.0) if kind == 'A' else small.rtdetr()
        model, labels = checked(made.SerializeToString()), ('cat', 'dog', 'cow')
    found = import_detector(model, Asked(like=like, labels=labels), ())
    assert found.declaration.tier == kind
    return Path(small.save(found.model, folder / f'{kind}.onnx'))


def pictures(folder: Path, bikes: Path | None = None) -> list[Any]:
    """Write frames of a picture that moves, or of the clip with people on bicycles."""
    folder.mkdir()
    if REAL.is_dir() and bikes is not None:
        clip = cv2.VideoCapture(str(bikes))
        clip.set(cv2.CAP_PROP_POS_FRAMES, 110)
        images = [clip.read()[1] for _ in range(COUNT)]
    else:
        wide = made_up((120, 160 + 2 * COUNT))
        images = [wide[:, 2 * number:2 * number + 160, ::-1] for number in range(COUNT)]
    for number, image in enumerate(images):
        cv2.imwrite(str(folder / f'{number:03}.png'), np.ascontiguousarray(image))
    return [np.ascontiguousarray(image[:, :, ::-1]) for image in images]


@pytest.mark.parametrize(('kind', 'settings'), [
    ('A', {'mode': 'impression', 'l': 3}), ('A', {'mode': 'sparse', 'l': 3, 'key_offset': 1}),
    ('A', {'l': 3}), ('B', {'l': 3})])
def test_the_node_is_as_detect(kind: str, settings: dict[str, Any], tmp_path: Path,
                               bikes: Path) -> None:
    """The same boxes to the pixel and the same ids, one image after the other."""
    model = imported(kind, tmp_path)
    images = pictures(tmp_path / 'pictures', bikes)
    given = [text for name, value in settings.items()
             for text in (f'--{name.replace("_", "-")}', str(value))]
    output = tmp_path / 'found.json'
    with on_threads(1):
        assert main(['detect', str(tmp_path / 'pictures'), '--model', str(model), '--fps',
                     str(FPS), '--runtime', 'cpu', '--score-threshold', str(THRESHOLD), '--quiet',
                     '--key-mode', 'sync', '--json', str(output), *given]) == 0
    entries = json.loads(output.read_text())
    with node_process(tmp_path / 'log', model=str(model), runtime='cpu', key_mode='sync',
                      score_threshold=THRESHOLD, **settings):
        client = Client()
        detections, status = client.listen_to()
        for number, image in enumerate(images):
            client.send(image_message(image, START_NS + number * 10 ** 9 // FPS))
            due = number + 1 - settings.get('key_offset', 0)
            client.until(lambda: min(len(detections), len(status)) >= due)  # noqa: B023
        client.reset()
        client.until(lambda: min(len(detections), len(status)) == COUNT)
        client.close()
    assert status[-1].frames_lost == 0 and sum(len(entry['boxes']) for entry in entries) > COUNT
    for message, entry in zip(detections, entries, strict=True):
        found = message.detections
        assert [item.results[0].hypothesis.class_id for item in found] == entry['labels']
        ids = entry.get('track_ids', [''] * len(found))
        assert [item.id for item in found] == [str(number) for number in ids]
        assert [item.results[0].hypothesis.score for item in found] == pytest.approx(
            entry['scores'], abs=1e-4)
        boxes = [[item.bbox.center.position.x, item.bbox.center.position.y, item.bbox.size_x,
                  item.bbox.size_y] for item in found]
        expected = [[(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]
                    for x1, y1, x2, y2 in entry['boxes']]
        assert np.allclose(boxes, expected, atol=2e-2)


def test_asynchronous_key_frames_lose_no_frame(tmp_path: Path, bikes: Path) -> None:
    """A whole detector looks beside the stream, boxes are carried meanwhile."""
    model = imported('B', tmp_path)
    images = pictures(tmp_path / 'pictures', bikes)
    with node_process(tmp_path / 'log', model=str(model), runtime='cpu', key_mode='async', l=3,
                      threads=2, score_threshold=THRESHOLD):
        client = Client()
        detections, status = client.listen_to()
        publisher = client.publisher()
        for number in range(3 * COUNT):
            publisher.publish(image_message(images[number % COUNT],
                                            START_NS + number * 10 ** 9 // FPS))
            client.spin(1 / FPS)
        client.until(lambda: min(len(detections), len(status)) == 3 * COUNT)
        client.close()
    assert [stamp_of(item) for item in detections] == [
        START_NS + number * 10 ** 9 // FPS for number in range(3 * COUNT)]
    ages = [item.age for item in status]
    taken = sum(after <= before for before, after in pairwise(ages))  # new key frames
    assert status[-1].frames_lost == 0 and max(ages) > 0 and taken > COUNT // 2
    assert all(item.detections for item in detections[3:])
