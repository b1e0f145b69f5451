# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameter files that ROS would refuse, or pass over in silence."""
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
import re

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
    named = {file: _names_in(file) for option, file in pairwise(args)
             if option == '--params-file'}
    return [f'{file} has no parameters for {node} and no effect: it names '
            f'{", ".join(names) or "no node"}; /**/{node.rpartition("/")[2]} would be this node '
            'in any namespace'
            for file, names in named.items()
            if names is not None and not any(_is_for(name, node) for name in names)]


def require_parameters(file: str) -> None:
    """
    Refuse what ROS would refuse once the node is started, when launch does not fail any more.

    Raises
    ------
    OSError, yaml.YAMLError
        If the file cannot be read or is not YAML.
    ValueError
        If it is no text, has an alias, or a value that no `ros__parameters` stands above.

    """
    text = Path(file).read_text(encoding='utf-8')
    for event in yaml.parse(text):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError(f'line {event.start_mark.line + 1}: expected no alias, as ROS reads '
                             f'none, got *{event.anchor}')
    for tree in yaml.compose_all(text):
        for stray in _strays(tree):
            raise ValueError(f'line {stray.start_mark.line + 1}: expected the name of a node, '
                             f'below it {_PARAMETERS}, and below that its parameters, got '
                             f'{_shown(stray)} without these')


def _strays(tree: yaml.Node | None) -> Iterator[yaml.Node]:
    """Give what stands where names of nodes and `ros__parameters` should, or the keys above it."""
    if isinstance(tree, yaml.SequenceNode):
        yield tree
    for key, below in tree.value if isinstance(tree, yaml.MappingNode) else ():
        if not isinstance(below, yaml.MappingNode):
            yield key
        elif key.value != _PARAMETERS:
            yield from _strays(below)


def _shown(item: yaml.Node) -> str:
    return repr(item.value[:50]) if isinstance(item, yaml.ScalarNode) else 'a list or map'


def _names_in(file: str) -> list[str] | None:
    """Give the nodes' names in a file; None where it cannot be read a second time."""
    try:
        with open(file, encoding='utf-8') as stream:
            # Nothing is made of the values: launch gives lists a tag of Python's.
            return sorted({name for tree in yaml.compose_all(stream) for name in _nodes(tree)})
    except (OSError, ValueError, yaml.YAMLError):
        return None


def _nodes(tree: yaml.Node | None, path: str = '') -> Iterator[str]:
    """Give the nodes' names in a file, wild cards among them; namespaces may be levels."""
    for key, below in tree.value if isinstance(tree, yaml.MappingNode) else ():
        if key.value == _PARAMETERS:
            yield path
        else:
            yield from _nodes(below, f'{path}/{str(key.value).strip("/")}')


def _is_for(name: str, node: str) -> bool:
    words = name.strip('/').split('/')
    return bool(re.fullmatch(''.join(_WILD.get(word, f'/{re.escape(word)}') for word in words),
                             node))
