# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Settings as a network can serve them: what was left open decided, the impossible refused."""
from dataclasses import replace

from impnet_ros.config import OFFSET_LENGTH, StreamConfig
from impnet_ros.model.contract import Network
from impnet_ros.setting import require


def settled(config: StreamConfig, network: Network) -> StreamConfig:
    """
    Decide what the settings leave open, as for files, which wait; `real_time` is for cameras.

    Raises
    ------
    ValueError
        If a setting needs features that can be carried, and this network's cannot.

    """
    mode, boxes = config.mode, config.box_memory
    boxes_alone = network.boxes_only and mode == 'sparse'
    if mode == 'auto':
        boxes_alone = network.boxes_only or not (
            network.features_pay or config.key_offset or boxes is False)
        mode = 'sparse' if boxes_alone else 'impression'
    if boxes == 'auto':
        boxes = config.key_offset == 0 and (
            boxes_alone or network.box_memory and mode == 'impression')
    if network.boxes_only and mode != 'per_frame':
        why = f'as features of {network.name} cannot be carried, only boxes'
        require(mode == 'sparse', 'mode', f'auto, sparse or per_frame, {why}', mode)
        require(config.key_offset == 0, 'key_offset', f'0, {why}', config.key_offset)
        require(boxes, 'box_memory', f'auto or true, {why}', boxes)
    length, glance = config.segment_length, config.glance
    if length == 'auto':
        length = OFFSET_LENGTH if config.key_offset else 1
    if glance == 'auto':
        glance = 'off' if not boxes or network.fixed_size else network.glance_side
    elif glance != 'off':
        require(boxes, 'glance', 'auto or off without box_memory, which it corrects', glance)
        require(not network.fixed_size, 'glance',
                f'auto or off, as {network.name} takes pictures of one size only', glance)
    every = 2 if config.glance_every == 'auto' else config.glance_every
    key_mode = 'sync' if config.key_mode == 'auto' else config.key_mode
    return replace(config, mode=mode, box_memory=boxes, key_mode=key_mode, segment_length=length,
                   glance=glance, glance_every=every)
