# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The summary as a table that can be read, and pasted into a document."""
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Summary = Mapping[str, Any]

_COLUMNS = ('AP50', 'AP75', 'AP', 'against per frame: AP50', 'AP75', 'spoilt AP50', 'found %',
            'false a frame', 'unsupported %', 'id switches %', 'breaks %', 'ms', 'cost', 'keys')

LEGEND = """\
AP in per cent, COCO's, mean over clips; in brackets 95 % over clips. At the score that is
reported: objects found; boxes that are wrong, a frame; boxes that neither truth nor a look at the
clean frame supports, of all; id switches, and breaks after which an object is found again, in 100
matches. ms of one processor a frame, clean, each setting for itself; cost: share of per frame; key
frames a frame."""


def tables(summary: Sequence[Summary]) -> Iterator[str]:
    """Give a table for each kind of bursts, then one by size, speed and oracle, in Markdown."""
    for bursts in dict.fromkeys(item['bursts'] for item in summary):
        rows = [item for item in summary if item['bursts'] == bursts]
        draws = f', {rows[0]["draws"]} draws' if rows[0]['draws'] > 1 else ''
        title = f'{bursts}, {rows[0]["clips"]} clips{draws}'
        yield _table([title, *_COLUMNS], [[item['setting'], *_figures(item)] for item in rows])
        places = [place for place in rows[0]['by'] if place != 'spoilt'
                  and any(item['by'][place]['ap50'] is not None for item in rows)]
        yield _table([f'{title}: AP50 / AP75', *places], [
            [item['setting'], *(f'{number(item["by"][place]["ap50"])} / '
                                f'{number(item["by"][place]["ap75"])}' for place in places)]
            for item in rows])


def _figures(item: Summary) -> list[str]:
    less = item['difference']
    return [*(with_interval(item[name]) for name in ('ap50', 'ap75')), number(item['ap']['value']),
            *(with_interval(less[name], '+.1f') for name in ('ap50', 'ap75')),
            number(item['by']['spoilt']['ap50']), number(item['found']),
            number(item['false_a_frame'], '.2f'), number(item['unsupported']),
            number(item['switches'], '.2f'), number(item['breaks'], '.2f'),
            number(item['frame_ms']), number(item['cost'], '.2f'),
            number(item['keys_per_frame'], '.2f')]


def with_interval(value: Mapping[str, float | None], form: str = '.1f') -> str:
    """Write a figure with its interval, as in 80.6 [70.1, 88.0]."""
    if value['value'] is None:
        return '-'
    return f'{value["value"]:{form}} [{value["low"]:{form}}, {value["high"]:{form}}]'


def number(value: float | None, form: str = '.1f') -> str:
    """Write a figure; a dash for none."""
    return '-' if value is None else f'{value:{form}}'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    lines = ['| ' + ' | '.join(cell.ljust(width) for cell, width in zip(row, widths)) + ' |'
             for row in [head, *rows]]
    rule = '|' + '|'.join('-' * (width + 2) for width in widths) + '|'
    return '\n'.join([lines[0], rule, *lines[1:]])
