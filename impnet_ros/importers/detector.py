# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet import-detector`: make anybody's ONNX detector one of the models."""
import argparse
from pathlib import Path
from shlex import quote
from time import perf_counter
from typing import Any

from impnet_ros.arguments import image_size
from impnet_ros.config import DetectionConfig
from impnet_ros.drawing import draw_detections, write_picture
from impnet_ros.images import decode_compressed, RgbImage
from impnet_ros.labels import COCO_80
from impnet_ros.model.device import choose_device
from impnet_ros.model.onnx.families import coco_by_id, COLOURS, FAMILIES, FITS
from impnet_ros.model.onnx.importing import Asked, import_detector, Imported
from impnet_ros.model.onnx.layout import BOX_FORMATS
from impnet_ros.model.onnx.network import ImportedNetwork
from impnet_ros.model.onnx.reading import read_onnx
from impnet_ros.model.onnx.stated import names_from
from impnet_ros.outputs import require_distinct, write_whole
from impnet_ros.stream.types import Detections
import torch
import yaml

FAINT = 0.1
"""Score down to which boxes are shown."""

_MOST_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('file', type=Path, metavar='FILE.onnx', help='a detector')
    parser.add_argument('--like', default='', choices=tuple(FAMILIES),
                        help='its family, for all that the file does not say')
    parser.add_argument('--labels', metavar='FILE', help='names of its classes, one a line, or '
                        'data.yaml; or coco, coco91 (with the eleven that COCO never shows), or '
                        "names with commas ('gate,' is one)")
    parser.add_argument('--colour', choices=COLOURS, default='', help='order of its channels')
    parser.add_argument('--scale', type=float, help='what pixels 0..255 are divided by')
    parser.add_argument('--mean', type=float, nargs=3, metavar='X', help='subtracted after that, '
                        'in the order of the channels')
    parser.add_argument('--std', type=float, nargs=3, metavar='X', help='divided by after that')
    parser.add_argument('--fit', choices=FITS, default='', help='how an image is laid into the '
                        'input: centred or at the top left with grey borders, or stretched')
    parser.add_argument('--boxes', choices=BOX_FORMATS, default='', help='format of its boxes')
    parser.add_argument('--size', type=image_size, metavar='WxH', help='of the input, where the '
                        'file takes any')
    parser.add_argument('--tier', choices=('A', 'B'), default='', help='A: cut in two, all modes; '
                        'B: run whole, boxes are carried (default: A where it can be)')
    parser.add_argument('--picture', type=Path, nargs='+', default=[], metavar='P',
                        help='pictures to look at: with things that it knows')
    parser.add_argument('--output', type=Path, metavar='FILE',
                        help='what to write (NAME.impnet.onnx here)')


def run(args: argparse.Namespace) -> None:
    """Import, compare, show and write."""
    output = args.output or Path(f'{args.file.stem}.impnet.onnx')
    if output.suffix != '.onnx':
        raise ValueError(f'--output: expected a file named *.onnx, got {output}')
    drawings = {f'the drawing of {path}': _drawing(output, path) for path in args.picture}
    file = _label_file(args.labels)
    require_distinct({'--output': output, **drawings},
                     [args.file, *([file] if file else []), *args.picture])
    began = perf_counter()
    pictures = [_picture(path) for path in args.picture]
    asked = Asked(args.like, _labels(args.labels), args.colour, args.scale, _three(args.mean),
                  _three(args.std), args.fit, args.boxes, args.tier, args.size)
    model = read_onnx(args.file)
    try:
        imported = import_detector(model, asked, pictures)
    except ValueError as error:
        raise ValueError(f'{args.file}: {error}') from error
    network = ImportedNetwork(imported.model, imported.declaration, args.file.stem,
                              choose_device('cpu'))
    network.run_with(torch.float32, 'cpu')
    _tell(imported)
    for path, picture in zip(args.picture, pictures, strict=True):
        _show(network, path, picture, output)
    write_whole(output, imported.model.SerializeToString())
    print(f'{output}: written, {perf_counter() - began:.1f} s; use it as '
          f'--model {quote(str(output))}')


def _drawing(output: Path, picture: Path) -> Path:
    return output.with_name(f'{output.stem}.{picture.stem}.jpg')


def _label_file(told: str | None) -> Path | None:
    """Give the file that --labels means, if it means one."""
    try:
        return Path(told) if told and Path(told).is_file() else None
    except (OSError, ValueError):  # too long for a path, or none
        return None


def _labels(told: str | None) -> tuple[str, ...]:
    if not told:
        return ()
    if told in ('coco', 'coco91'):
        return COCO_80 if told == 'coco' else coco_by_id()
    path = _label_file(told)
    if path is None:
        if ',' in told:
            return tuple(name.strip() for name in told.removesuffix(',').split(','))
        raise ValueError(f'--labels: expected a file, coco, coco91 or names with commas '
                         f"('{told},' is one name), got {told!r} (no such file)")
    try:
        return _names_of(path)
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f'--labels: expected a text file of names, got {path}') from error
    except ValueError as error:
        raise ValueError(f'--labels: {path}: {error}') from error


def _names_of(path: Path) -> tuple[str, ...]:
    """Read names from lines, or from data.yaml as Ultralytics has it, which JSON is too."""
    text = path.read_text(encoding='utf-8-sig')
    if path.suffix in ('.yaml', '.yml', '.json'):
        told = yaml.safe_load(text)
        return names_from(told['names'] if isinstance(told, dict) and 'names' in told else told)
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _three(values: list[float] | None) -> tuple[float, float, float] | None:
    return None if values is None else (values[0], values[1], values[2])


def _picture(path: Path) -> RgbImage:
    try:
        return decode_compressed(path.read_bytes())
    except OSError as error:
        raise ValueError(f'--picture: cannot read {path}: {error.strerror}') from error
    except ValueError as error:
        raise ValueError(f'--picture: {path}: {error}') from error


def _tell(imported: Imported) -> None:
    """Print what was found."""
    found = imported.declaration
    wanted, layout = found.picture, found.layout
    print(f'family {found.family}, input {wanted.size[1]} x {wanted.size[0]}, {wanted.colour}, '
          f'{wanted.fit}, (pixel / {wanted.scale:g} - {_short(wanted.mean)}) / '
          f'{_short(wanted.std)}')
    details = [word for word, true in (
        ('objectness', layout.objectness), ('logits', layout.logits), ('grid', layout.grid),
        ('0..1', layout.normalised), ('NMS here', layout.suppress)) if true]
    print(f'outputs: {layout.kind} of {layout.box_format} '
          f'({", ".join(dict.fromkeys((*layout.boxes, *layout.scores)))})'
          + (f', {", ".join(details)}' if details else ''))
    names = ', '.join(found.class_names[:5]) + (', ...' if len(found.class_names) > 5 else '')
    count = len(found.class_names)
    print(f'{count} class{"es" * (count > 1)}: {names}')
    if found.levels:
        print(f'tier A, cut at {len(found.levels)} levels, the halves differ from the whole by '
              f'{found.difference:.1e} at most')
        for level in found.levels:
            print(f'  stride {level.stride}: {level.cells[1]} x {level.cells[0]} cells, '
                  f'{", ".join(level.tensors)}')
    else:
        print(f'tier B, run whole: {found.why_whole}')
    print(f"mode auto: {'features and boxes' if found.features_pay else 'boxes alone'}")
    for note in imported.notes:
        print(f'note: {note}')


def _short(values: tuple[float, ...]) -> str:
    return f'{values[0]:g}' if len(set(values)) == 1 else (
        f'({", ".join(f"{value:g}" for value in values)})')


def _show(network: ImportedNetwork, path: Path, image: Any, output: Path) -> None:
    """Print and draw what is found in a picture."""
    with torch.inference_mode():
        levels = network.features(network.prepare(image))
        boxes, scores, labels = network.task(levels, None, DetectionConfig(score_threshold=FAINT))
    if not len(scores):
        print(f'{path}: NOTHING found at {FAINT} or more. If there is something that the model '
              'knows: are the colours right (--colour), the numbers (--scale, --mean, --std), the '
              'fit (--fit), the boxes (--boxes)?')
        return
    print(f'{path}: {len(scores)} box{"es" * (len(scores) > 1)} of {FAINT} or more')
    for box, score, label in list(zip(boxes.tolist(), scores.tolist(), labels.tolist(),
                                      strict=True))[:_MOST_SHOWN]:
        place = ' '.join(f'{value:.0f}' for value in box)
        print(f'  {network.class_names[label]} {score:.2f} at {place}')
    found = Detections(boxes, scores, labels, 0.0)
    drawn = draw_detections(image, found, network.class_names)
    shown = _drawing(output, path)
    write_picture(shown, drawn)
    print(f'  drawn: {shown}')
