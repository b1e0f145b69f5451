# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameter files that hold nothing for a node: ROS passes over them in silence."""
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
import re
from typing import Any

import yaml

_PARAMETERS = 'ros__parameters'
_WILD = {'**': r'(/\w+)*', '*': r'/\w+'}


def of_no_use(args: Sequence[str], node: str) -> list[str]:
    """
    Say of each parameter file on a command line that has nothing for a node whom it is for.

    Parameters
    ----------
    args : sequence of str
        The command line; ROS has taken it, so the files can be read.
    node : str
        Full name of the node.

    Returns
    -------
    list of str
        A sentence a file.

    """
    files = [file for option, file in pairwise(args) if option == '--params-file']
    named = {file: sorted(_nodes(yaml.safe_load(Path(file).read_text(encoding='utf-8'))))
             for file in files}
    return [f'{file} has no parameters for {node} and no effect: it names '
            f'{", ".join(names) or "no node"}; /**/{node.rpartition("/")[2]} would be this node '
            'in any namespace'
            for file, names in named.items() if not any(_is_for(name, node) for name in names)]


def _nodes(tree: Any, path: str = '') -> Iterator[str]:
    """Give the nodes' names in a file, wild cards among them; namespaces may be levels."""
    for key, below in tree.items() if isinstance(tree, dict) else ():
        if key == _PARAMETERS:
            yield path
        else:
            yield from _nodes(below, f'{path}/{str(key).strip("/")}')


def _is_for(name: str, node: str) -> bool:
    words = name.strip('/').split('/')
    return bool(re.fullmatch(''.join(_WILD.get(word, f'/{re.escape(word)}') for word in words),
                             node))
