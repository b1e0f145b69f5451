# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Between bags and the middleware: message classes, definitions and quality of service."""
from importlib import import_module
from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_share_directory, PackageNotFoundError
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rosbags.interfaces import Qos, QosDurability, QosReliability
from rosbags.typesys import get_types_from_msg, get_typestore, Stores
from rosbags.typesys.store import Typestore

_DEEPEST = 1000


def message_class(type_name: str) -> Any:
    """
    Import the class of a type such as 'sensor_msgs/msg/Image'.

    Raises
    ------
    ValueError
        If its package is not installed here.

    """
    package, _, name = type_name.rpartition('/')
    try:
        return getattr(import_module(package.replace('/', '.')), name)
    except (AttributeError, ImportError, ValueError) as error:
        raise ValueError(f'{type_name}: expected an installed message type ({error})') from error


def typestore(*type_names: str) -> Typestore:
    """Definitions of the given types; those that rosbags lacks come from the installed files."""
    store = get_typestore(Stores.ROS2_JAZZY)
    for type_name in type_names:
        if type_name not in store.fielddefs:
            store.register(_installed_types(type_name.split('/')[0]))
    return store


def _installed_types(package: str) -> dict[str, Any]:
    try:
        folder = Path(get_package_share_directory(package), 'msg')
    except PackageNotFoundError as error:
        raise ValueError(f'{package}: expected an installed message package') from error
    types: dict[str, Any] = {}
    for file in sorted(folder.glob('*.msg')):
        types.update(get_types_from_msg(file.read_text('utf-8'), f'{package}/msg/{file.stem}'))
    return types


def playback_qos(recorded: list[Qos], reliability: str) -> QoSProfile:
    """
    Offer what the recorded publishers offered.

    Parameters
    ----------
    recorded : list of Qos
        Of all publishers of a topic; may be empty.
    reliability : str
        'reliable' or 'best_effort' to offer that whatever was recorded; 'recorded' else, which
        is reliable where nothing was.

    """
    best_effort = reliability == 'best_effort' or (reliability == 'recorded' and any(
        qos.reliability == QosReliability.BEST_EFFORT for qos in recorded))
    latched = any(qos.durability == QosDurability.TRANSIENT_LOCAL for qos in recorded)
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=min(_DEEPEST, max([1, *(qos.depth for qos in recorded)])) if recorded else 10,
        reliability=(ReliabilityPolicy.BEST_EFFORT if best_effort
                     else ReliabilityPolicy.RELIABLE),
        durability=(DurabilityPolicy.TRANSIENT_LOCAL if latched
                    else DurabilityPolicy.VOLATILE))
