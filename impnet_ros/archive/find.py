# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet find`: look into what `impnet label` found."""
import argparse
import json
from pathlib import Path
from typing import Any

import cv2
from impnet_ros.arguments import count
from impnet_ros.outputs import opened, require_distinct, written_whole

_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('dest', metavar='DEST', help='where impnet label wrote Parquet')
    parser.add_argument('condition', nargs='?', default='',
                        help="such as 'class == \"person\" and score > 0.7' (default: everything)")
    parser.add_argument('--best', type=count, default=_SHOWN, metavar='N',
                        help='show the N objects with the best scores (default: %(default)s)')
    parser.add_argument('--sheet', type=Path, metavar='FILE',
                        help='draw these on a contact sheet, a picture file')
    parser.add_argument('--json', type=Path, metavar='FILE',
                        help='write all that were found, a JSON object a line')


def run(args: argparse.Namespace) -> int:
    """Find; 0 when something was found, 1 when not."""
    try:
        from impnet_ros.archive.search import best_of, inputs_of, search
    except ImportError as error:
        raise ValueError(f"impnet find needs pyarrow: pip install 'impnet_ros[archive]' "
                         f'({error})') from error
    outputs = {'--json': args.json, '--sheet': args.sheet}
    if any(outputs.values()):
        require_distinct(outputs, inputs_of(args.dest))
    if args.sheet and not cv2.haveImageWriter(str(args.sheet)):
        raise ValueError(f'--sheet: expected the name of a picture, such as found.png, got '
                         f'{args.sheet}')
    rows = search(args.dest, args.condition)
    shown = best_of(rows, args.best)
    number = _write(args.json, rows) if args.json else rows.count_rows()
    for row in shown:
        print(_line(row))
    print(f'{number} detections found; the best {len(shown)} objects are shown')
    if args.sheet and shown:
        from impnet_ros.archive.sheet import contact_sheet
        print(f'{contact_sheet(args.sheet, shown)} pictures drawn on {args.sheet}')
    return 0 if number else 1


def _line(row: dict[str, Any]) -> str:
    box = ' '.join(f'{row["box"][side]:.0f}' for side in ('x1', 'y1', 'x2', 'y2'))
    track = '' if row['track'] is None else f'  track {row["track"]}'
    return (f'{row["score"]:.2f} {row["class"]:12} {row["stamp"]}  {row["source"]} '
            f'{row["topic"]} frame {row["frame"]}  [{box}]{track}')


def _write(path: Path, rows: Any) -> int:
    number = 0
    with written_whole(path) as part, opened(part) as file:
        for batch in rows.to_batches():
            for row in batch.to_pylist():
                file.write(f'{json.dumps(row, default=str)}\n'.encode())
                number += 1
    return number
