# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Quality of service: newest image only, reliable results, latched facts."""
from collections.abc import Iterable

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

RESULTS = QoSProfile(depth=10, history=HistoryPolicy.KEEP_LAST,
                     reliability=ReliabilityPolicy.RELIABLE)
"""Detections and status: small, and missed by their consumers when lost."""

PICTURES = QoSProfile(depth=1, history=HistoryPolicy.KEEP_LAST,
                      reliability=ReliabilityPolicy.RELIABLE)
"""Annotated images: serves viewers that ask for reliable and those that do not."""

LATCHED = QoSProfile(depth=1, history=HistoryPolicy.KEEP_LAST,
                     reliability=ReliabilityPolicy.RELIABLE,
                     durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""LabelInfo and VisionInfo: kept for whoever comes later."""


_DEPTH = 3


def newest_image(reliability: ReliabilityPolicy) -> QoSProfile:
    """
    Ask for the newest images.

    Each is taken from the middleware as it comes, and only the newest waits to be processed: a
    queue there would make results old without making them more. A depth of one would lose images
    whenever the thread that takes them is late by one period.
    """
    return QoSProfile(depth=_DEPTH, history=HistoryPolicy.KEEP_LAST, reliability=reliability)


def choose_reliability(wanted: str, offered: Iterable[ReliabilityPolicy],
                       current: ReliabilityPolicy | None = None) -> ReliabilityPolicy:
    """
    Choose what to ask of the image topic.

    Parameters
    ----------
    wanted : str
        Parameter image_reliability: 'reliable', 'best_effort', or 'auto' to follow publishers.
    offered : iterable of ReliabilityPolicy
        What each publisher of the topic offers at the moment.
    current : ReliabilityPolicy, optional
        What is asked now; kept while there is no publisher.

    Returns
    -------
    ReliabilityPolicy
        For 'auto': best effort as soon as one publisher offers no more, for a reliable reader
        would get nothing from it; else reliable, because large images lose fragments
        otherwise. Reliable too before the first publisher: a best-effort one then takes no
        reader for granted until the choice follows it.

    """
    if wanted == 'reliable':
        return ReliabilityPolicy.RELIABLE
    if wanted == 'best_effort':
        return ReliabilityPolicy.BEST_EFFORT
    offers = set(offered)
    if not offers:
        return current or ReliabilityPolicy.RELIABLE
    if ReliabilityPolicy.BEST_EFFORT in offers:
        return ReliabilityPolicy.BEST_EFFORT
    return ReliabilityPolicy.RELIABLE
