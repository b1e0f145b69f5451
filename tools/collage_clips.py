#!/usr/bin/env python3
# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Make clips of small objects whose truth is known, for `impnet evaluate-clips`.

  tools/collage_clips.py OUT CLIP ... --background PICTURE_OR_CLIP

Objects are cut out of the clips: annotated ones, or what nanodet_g surely sees in the others. They
move over the background before a static and a moving camera. OUT gets a folder of pictures a
scene and truth.json (COCO with videos). What the detector does not recognise on the background is
not used: the scenes ask what memory keeps, not what the detector knows.
"""
import argparse
import json
from pathlib import Path
import sys
from typing import Any

import cv2
from impnet_ros.arguments import count, natural
from impnet_ros.data.collage import Collage, cut_out, CutOut, draw_walk, Walk
from impnet_ros.data.true_clip import Image, TrueClip
from impnet_ros.evaluation.clips.matching import overlaps
from impnet_ros.evaluation.clips.sources import annotated
from impnet_ros.evaluation.clips.unlabelled import label_clip
from impnet_ros.model.contract import Network
from impnet_ros.model.network import load_network
from impnet_ros.outputs import require_distinct, require_folder, said, write_whole
from impnet_ros.video import open_video
import numpy as np
import torch

FPS = 25.0
SIZE = 360, 640
RECOGNISED = 0.35
"""Score from which the detector knows a cut-out at the size it gets."""


def main() -> int:
    """Make the scenes; 1 with a line on what failed."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('out', type=Path)
    parser.add_argument('clips', type=Path, nargs='+')
    parser.add_argument('--background', type=Path, required=True)
    parser.add_argument('--sides', type=int, nargs=2, default=(24, 56), metavar='PIXELS',
                        help='roots of the smallest and largest areas of the objects (24 56)')
    parser.add_argument('--speed', type=float, default=60.0,
                        help='largest of the objects, pixels a second (60)')
    parser.add_argument('--objects', type=count, default=6, help='in a scene (6)')
    parser.add_argument('--scenes', type=count, default=3, help='of each camera (3)')
    parser.add_argument('--frames', type=count, default=75, help='of a scene (75)')
    parser.add_argument('--seed', type=natural, default=0)
    try:
        make(parser.parse_args())
    except (OSError, ValueError) as error:
        print(f'collage_clips: {said(error)}', file=sys.stderr)
        return 1
    return 0


def make(args: argparse.Namespace) -> None:
    """Cut out, draw and write."""
    require_folder('OUT', args.out)
    require_distinct({'OUT/truth.json': args.out / 'truth.json'}, args.clips)
    torch.set_num_threads(1)
    network = load_network('nanodet_g', 'cpu')
    background = np.asarray(next(open_video(args.background).frames).image)
    background = cv2.resize(background, None, fx=1.6 * SIZE[1] / background.shape[1],
                            fy=1.6 * SIZE[1] / background.shape[1])
    rng = np.random.default_rng(args.seed)
    sets = [item for path in args.clips for clip in _opened(path, network)
            for item in cut_outs(clip)]
    known = [(item, side) for item in sets for side in np.linspace(*args.sides, 3)
             if recognised(network, item[0], float(side), background)]
    print(f'{len(known)} of {3 * len(sets)} cut-outs and sizes are recognised')
    if not known:
        raise ValueError('no cut-out is recognised: larger --sides, or other clips')
    scenes = {}
    for number in range(args.scenes):
        for moving in (False, True):
            name = f'{"moving" if moving else "static"}_{number}'
            scenes[name] = drawn(rng, background, known, args.objects, args.speed, moving)
    write(args.out, scenes, args.frames, network.class_names)


def _opened(path: Path, network: Network) -> list[TrueClip]:
    return annotated(path, network.class_names, {}, None) or [label_clip(path, network)]


def cut_outs(clip: TrueClip, length: int = 8) -> list[list[CutOut]]:
    """Cut what is annotated out of stretches of frames, or of single ones without tracks."""
    result: dict[tuple[int, int], list[CutOut]] = {}
    for place, (image, truth) in enumerate(zip(clip.images(), clip.truth)):
        if not clip.tracked and place % 5:
            continue
        for box, label, number in zip(truth.boxes[~truth.ignored], truth.labels[~truth.ignored],
                                      truth.ids[~truth.ignored]):
            key = (place // length, number) if clip.tracked else (place, number)
            result.setdefault(key, []).append(cut_out(image, box, int(label)))
    return list(result.values())


@torch.inference_mode()
def recognised(network: Network, item: CutOut, side: float, background: Image) -> bool:
    """Tell whether the detector knows it at this size in the middle of the background."""
    scale = side / _side(item)
    centre = np.array(background.shape[1::-1]) / 2
    still = np.zeros(2)
    collage = Collage(background, [([item], Walk(centre, still, still, 0, 0, scale, 0))],
                      Walk(centre, still, still, 0, 0, 1, 0), SIZE, FPS)
    image, truth = collage.frame(0)
    levels = network.features(network.prepare(image))
    boxes, scores, labels = network.task(levels, None, network.detection)
    overlap = overlaps(boxes.double().numpy(), truth.boxes)
    right = (labels.numpy() == item.label) & (scores.numpy() >= RECOGNISED)
    return bool((overlap[right] >= 0.6).any())


def drawn(rng: np.random.Generator, background: Image, known: list[tuple[list[CutOut], float]],
          objects: int, speed: float, moving: bool) -> Collage:
    """Draw a scene: where the objects go, and the camera."""
    extent = np.array(background.shape[1::-1], float)
    view = np.array(SIZE[::-1], float)
    actors = []
    for number in rng.choice(len(known), objects):
        pictures, side = known[number]
        start = extent / 2 + rng.uniform(-0.4, 0.4, 2) * view
        scale = side / _side(pictures[0])
        actors.append((pictures, draw_walk(rng, start, rng.uniform(0, speed), scale,
                                           growth=0.15)))
    actors.sort(key=lambda actor: actor[1].scale * _side(actor[0][0]))
    camera = (draw_walk(rng, extent / 2, rng.uniform(100, 250), 1.0, growth=0.15) if moving else
              Walk(extent / 2, np.zeros(2), np.zeros(2), 0.0, 0.0, 1.0, 0.0))
    return Collage(background, actors, camera, SIZE, FPS)


def _side(item: CutOut) -> float:
    """Give the root of the object's area."""
    return float(np.sqrt(np.prod(item.box[2:] - item.box[:2])))


def write(out: Path, scenes: dict[str, Collage], frames: int,
          class_names: tuple[str, ...]) -> None:
    """Write the pictures and COCO JSON."""
    content: dict[str, Any] = {'videos': [], 'images': [], 'annotations': [], 'categories': [
        {'id': label, 'name': name} for label, name in enumerate(class_names)]}
    for video, (name, scene) in enumerate(scenes.items()):
        (out / name).mkdir(parents=True, exist_ok=True)
        content['videos'].append({'id': video, 'name': name, 'fps': scene.fps})
        for place in range(frames):
            image, truth = scene.frame(place)
            file = f'{name}/{place:06}.jpg'
            cv2.imwrite(str(out / file), cv2.cvtColor(image, cv2.COLOR_RGB2BGR),
                        (cv2.IMWRITE_JPEG_QUALITY, 95))
            picture = len(content['images'])
            content['images'].append({'id': picture, 'video_id': video, 'frame_id': place,
                                      'file_name': file, 'height': scene.size[0],
                                      'width': scene.size[1]})
            for box, label, number, ignored in zip(truth.boxes, truth.labels, truth.ids,
                                                   truth.ignored):
                sides = box[2:] - box[:2]
                content['annotations'].append({
                    'id': len(content['annotations']), 'image_id': picture,
                    'category_id': int(label), 'bbox': [*box[:2].tolist(), *sides.tolist()],
                    'area': float(sides.prod()), 'iscrowd': 0, 'ignore': int(ignored),
                    'instance_id': int(number)})
    write_whole(out / 'truth.json', json.dumps(content) + '\n')


if __name__ == '__main__':
    sys.exit(main())
