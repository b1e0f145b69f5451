# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Why no image, or no time, comes, as far as the graph of nodes and topics shows it."""
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, ReliabilityPolicy

IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED = 'sensor_msgs/msg/CompressedImage'
_PACKED = '/compressed'
_MOST_NAMED = 3


def why_silent(node: Node, topic: str, kind: str, reliability: ReliabilityPolicy,
               given: str) -> str:
    """
    Say why a subscription gets nothing, and what would help.

    Parameters
    ----------
    node : Node
        Its view of the graph is used.
    topic : str
        Full name of the topic that is subscribed.
    kind : str
        Type that is expected there, `IMAGE` or `COMPRESSED`.
    reliability : ReliabilityPolicy
        What the subscription asks.
    given : str
        Name of the topic in the node's code, which remapping starts from.

    Returns
    -------
    str
        One clause.

    """
    infos = node.get_publishers_info_by_topic(topic)
    if not infos:
        return f'nobody publishes {topic}{_instead(node, topic, kind, given)}'
    right = [info for info in infos if info.topic_type == kind]
    if not right:
        other = infos[0].topic_type
        return f'{topic} is published as {other}, expected {kind}{_transport(topic, other, given)}'
    if reliability == ReliabilityPolicy.RELIABLE and all(
            info.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT for info in right):
        return (f'{topic} is published best effort and asked for reliable, which are '
                'incompatible: set image_reliability:=auto')
    named = ', '.join(sorted({_name(info) for info in right})[:_MOST_NAMED])
    text = f'{topic} has a publisher that fits ({named}), but nothing came from it: it is paused'
    if any(info.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT for info in right):
        text += ', or its large best-effort images are lost (config/fastdds.xml)'
    if any(info.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for info in right):
        text += ', or it keeps an image from before (transient local): publish it again'
    return text


def why_timeless(node: Node) -> str:
    """Say why simulated time cannot run and what would help; '' where it can, or is not wanted."""
    clock = node.resolve_topic_name('/clock')
    if not node.get_parameter('use_sim_time').value or node.count_publishers(clock):
        return ''
    return (f'use_sim_time is true and nobody publishes {clock}: time stands still, and latencies '
            'are not known; start what tells the time (impnet_bag_play --clock 50), or set '
            'use_sim_time:=false')


def _name(info: object) -> str:
    namespace, name = info.node_namespace, info.node_name  # type: ignore[attr-defined]
    return f'{namespace.rstrip("/")}/{name}'


def _transport(topic: str, other: str, given: str) -> str:
    """Advise where it is an image of the other kind."""
    if other == COMPRESSED and topic.endswith(_PACKED):
        base = topic.removesuffix(_PACKED)
        return f': set image_transport:=compressed and remap {given}:={base}'
    if other == COMPRESSED:
        return (f': set image_transport:=compressed, which takes {topic}{_PACKED}, and remap '
                f'{topic}{_PACKED}:={topic}')
    if other == IMAGE:
        return ': set image_transport:=raw'
    return ''


def is_drawn(topic: str) -> bool:
    """Whether images with boxes come there, from a node such as this: no camera."""
    return topic.removesuffix(_PACKED).endswith('/annotated_image')


def _instead(node: Node, topic: str, kind: str, given: str) -> str:
    """Name topics on which there are images."""
    if topic.endswith(_PACKED * 2):
        return (f' (image_transport:=compressed appends {_PACKED} itself: remap '
                f'{given}:={topic.removesuffix(_PACKED * 2)})')
    own = node.get_fully_qualified_name()
    found = []
    for name, kinds in node.get_topic_names_and_types():
        if not {IMAGE, COMPRESSED} & set(kinds) or name == topic or is_drawn(name):
            continue
        if own in map(_name, node.get_subscriptions_info_by_topic(name)):
            continue  # of another camera
        others = [info for info in node.get_publishers_info_by_topic(name) if _name(info) != own]
        if others and kind in kinds:
            found.append(name)
        elif others:
            found.append(f'{name} ({"compressed" if COMPRESSED in kinds else "raw"})')
    if not found:
        return ''
    return f'; images are on {", ".join(sorted(found)[:_MOST_NAMED])} (remap {given}:=...)'
