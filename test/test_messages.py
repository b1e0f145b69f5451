# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The messages as other nodes meet them on the wire."""
import pytest

rclpy = pytest.importorskip('rclpy')
vision_msgs = pytest.importorskip('vision_msgs.msg')

pytestmark = pytest.mark.ros

# Of vision_msgs 4.1.1 as released. A type hash covers the names, types and order of all fields of
# a message and of every message inside it; nodes only talk to each other when it is the same.
DETECTION_2D_ARRAY_HASH = (
    'RIHS01_214274120007f4a683866481336b70310268cfa107aebe9d594a6acf75bda968')
TF_MESSAGE_HASH = 'RIHS01_e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087'


def test_type_hash_of_detections() -> None:
    """What is published is the released vision_msgs, whichever package it was built from."""
    context = rclpy.Context()
    context.init()
    node = rclpy.create_node('hash_probe', context=context)
    try:
        node.create_publisher(vision_msgs.Detection2DArray, 'detections', 1)
        [endpoint] = node.get_publishers_info_by_topic('/detections')
        if not hasattr(endpoint, 'topic_type_hash'):
            pytest.skip('this ROS distribution has no type hashes')
        assert endpoint.topic_type == 'vision_msgs/msg/Detection2DArray'
        assert str(endpoint.topic_type_hash) == DETECTION_2D_ARRAY_HASH
    finally:
        node.destroy_node()
        context.shutdown()


def test_type_hash_of_transforms() -> None:
    """/tf is read and written as tf2_msgs has it, whichever package it was built from."""
    tf2_msgs = pytest.importorskip('tf2_msgs.msg')
    context = rclpy.Context()
    context.init()
    node = rclpy.create_node('hash_probe', context=context)
    try:
        node.create_publisher(tf2_msgs.TFMessage, '/tf_probe', 1)
        [endpoint] = node.get_publishers_info_by_topic('/tf_probe')
        if not hasattr(endpoint, 'topic_type_hash'):
            pytest.skip('this ROS distribution has no type hashes')
        assert str(endpoint.topic_type_hash) == TF_MESSAGE_HASH
    finally:
        node.destroy_node()
        context.shutdown()


def test_all_messages_of_vision_msgs() -> None:
    """The sixteen messages of the release are there."""
    for name in ('BoundingBox2D', 'BoundingBox2DArray', 'BoundingBox3D', 'BoundingBox3DArray',
                 'Classification', 'Detection2D', 'Detection2DArray', 'Detection3D',
                 'Detection3DArray', 'LabelInfo', 'ObjectHypothesis', 'ObjectHypothesisWithPose',
                 'Point2D', 'Pose2D', 'VisionClass', 'VisionInfo'):
        assert hasattr(vision_msgs, name), name


def test_fields_of_frame_status() -> None:
    """The status keeps its fields: a change breaks every bag that holds one."""
    from impnet_ros.msg import FrameStatus

    times = {f'{stage}_ms': 'float' for stage in (
        'features', 'flow', 'propagate', 'weights', 'task', 'glance', 'boxes', 'decode', 'total',
        'latency')}
    assert FrameStatus.get_fields_and_field_types() == {
        'header': 'std_msgs/Header', 'is_key': 'boolean', 'is_glance': 'boolean', 'age': 'int32',
        'mean_weight': 'float', 'reset_reason': 'string', 'stamp_problem': 'string', **times,
        'frames_processed': 'uint64', 'frames_lost': 'uint64',
        'camera': 'string', 'model': 'string', 'mode': 'string', 'device': 'string',
        'l': 'uint32', 'glance': 'uint32', 'glance_every': 'uint32', 'g': 'float'}
