# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The managed depth node: its states, topics, parameters and diagnostics."""
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from impnet_ros.ros.depth import parameters, report
from impnet_ros.ros.depth.outputs import Outputs
from impnet_ros.ros.depth.stream import Answer, DepthStream
from impnet_ros.ros.depth.topics import FollowedTopic, SILENT_S
from impnet_ros.ros.depth.transforms import listen
from impnet_ros.ros.managed import ManagedNode
from rcl_interfaces.msg import SetParametersResult
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, Image
from vision_msgs.msg import Detection2DArray

_REPORT_S, _WORK_S = 1.0, 0.02
_LONGEST_LATENCY_MS = 60_000.0


class DepthNode(ManagedNode):
    """
    Place the detections of one camera in space.

    unconfigured --configure--> inactive --activate--> active: configuring creates the topics,
    activating subscribes; deactivating forgets all that was seen.
    """

    def __init__(self, node_name: str = 'impnet_depth_node', **options: Any) -> None:
        """Declare parameters and diagnostics; `options` go to rclpy's node."""
        super().__init__(node_name, **options)
        self.settings = parameters.declare(self)
        for name in parameters.unknown(getattr(self, '_parameter_overrides', {})):
            self.get_logger().warning(f'parameter {name!r} is not known and has no effect')
        self.stream: DepthStream | None = None
        self._inputs: dict[str, FollowedTopic] = {}
        self._window = report.Window()
        self.when_set(self._on_parameters)
        self.every(_REPORT_S, self._report)
        self.every(_WORK_S, self._work)

    def _configure(self) -> None:
        stream = DepthStream(self.settings, self._now_s, self._answer, self._refuse)
        if self.settings.target_frame:
            stream.transforms = listen(self)
        self._outputs = Outputs(self)
        self.stream = stream
        self._inputs = {
            'detections': FollowedTopic(self, Detection2DArray, self.settings.detections_topic,
                                        10, stream.add_detections),
            'depth/image': FollowedTopic(self, Image, self.settings.depth_topic, 2,
                                         stream.add_depth),
            'depth/camera_info': FollowedTopic(self, CameraInfo, self.settings.depth_info_topic,
                                               1, self._on_info),
            'camera_info': FollowedTopic(self, CameraInfo, self.settings.image_info_topic, 1,
                                         self._on_image_info)}

    def _activate(self) -> None:
        self._window = report.Window()
        for topic in self._inputs.values():
            topic.start()
        names = [self._inputs[name].name for name in ('detections', 'depth/image')]
        self.get_logger().info(f'{" and ".join(names)} -> {self._outputs.topic}')

    def _stop(self) -> None:
        for topic in self._inputs.values():
            topic.stop()
        if self.stream is not None:
            self.stream.reset()
            self.stream.info = self.stream.image_info = None
            self._outputs.clear()

    def _free(self) -> None:
        """Remove the topics; a second time does nothing."""
        if self.stream is None:
            return
        if self.stream.transforms is not None:
            self.stream.transforms.close()
        self._outputs.destroy()
        self._inputs.clear()
        self.stream = None

    def _now_s(self) -> float:
        return float(self.get_clock().now().nanoseconds * 1e-9)

    def _on_info(self, message: CameraInfo) -> None:
        if self.stream is not None:
            self.stream.info = message
            self.stream.work()

    def _on_image_info(self, message: CameraInfo) -> None:
        if self.stream is not None:
            self.stream.image_info = message

    def _work(self) -> None:
        if self.stream is not None and self._state == 'active':
            self.stream.work()

    def _answer(self, answer: Answer) -> None:
        window, began_s = self._window, perf_counter()
        self._outputs.publish(answer)
        window.answered += 1
        window.objects += len(answer.things)
        window.carried += sum(thing.carried for thing in answer.things)
        window.without_place += answer.without_place
        window.work_ms.append((perf_counter() - began_s) * 1e3 + answer.work_ms)
        stamp = answer.header.stamp
        latency_ms = (self._now_s() - stamp.sec - stamp.nanosec * 1e-9) * 1e3
        if 0 <= latency_ms < _LONGEST_LATENCY_MS:  # else stamps and clock are not of one time
            window.latencies_ms.append(latency_ms)
        if answer.reason:
            window.reason = answer.reason
            self.warn.tell(answer.reason)

    def _refuse(self, kind: str, reason: str) -> None:
        topic = {'camera_info': 'depth/camera_info'}.get(kind, 'depth/image')
        where = self._inputs[topic].name if topic in self._inputs else topic
        if kind == 'match':
            reason = f'no depth image matches, on {where}: {reason}'
        elif kind == 'camera_info' and topic in self._inputs:
            reason = f'{reason}: {self._inputs[topic].why_silent()}'
        self._window.refused[kind] += 1
        self._window.reason = reason
        self.warn.tell(reason)

    def _on_parameters(self, changed: Sequence[Parameter]) -> SetParametersResult:
        try:
            wanted = parameters.changed(changed, self.settings)
            if self.stream is not None and wanted.target_frame and not self.stream.transforms:
                self.stream.transforms = listen(self)
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self.settings = wanted
        if self.stream is not None:
            self.stream.use(wanted)
        return SetParametersResult(successful=True)

    def _on_clock_jump(self, jump: Any) -> None:
        if self.stream is not None:
            self.stream.reset()

    def _silent(self) -> list[str]:
        """Say why topics are silent that must not be; follow their publishers."""
        for topic in self._inputs.values():
            topic.look()
        if self.stream is not None and self.stream.transforms is not None:
            self.stream.transforms.look()
        quiet = [self._inputs[name] for name in ('detections', 'depth/image')
                 if self._inputs[name].silent_s() > SILENT_S]
        info = self._inputs['depth/camera_info']
        if info.silent_s() > SILENT_S and not info.count:
            quiet.append(info)
        return [topic.why_silent() for topic in quiet]

    def _report(self) -> None:
        window, self._window = self._window, report.Window()
        level, text, facts = DiagnosticStatus.OK, self._state, {}
        if self._error:
            level, text = DiagnosticStatus.ERROR, self._error
        elif self._state == 'active' and self.stream is not None:
            silent = self._silent()
            stream = self.stream
            stamps = {name: line.problem for name, line in stream.stamps.items()}
            level, text = report.judge(window, silent, stamps)
            if level != DiagnosticStatus.OK and not window.reason:  # what was refused was told
                self.warn.tell(text)
            source = stream.transforms.source if stream.transforms is not None else ''
            facts = {**window.facts(), 'waiting': stream.matcher.waiting,
                     'depth period, ms': f'{stream.matcher.period_s * 1e3:.1f}',
                     'slop, ms': f'{stream.matcher.slop_s * 1e3:.1f}',
                     'target_frame': self.settings.target_frame, 'tf': source}
        confusion = self.confusion()
        if confusion:
            text = confusion if level == DiagnosticStatus.OK else f'{text}; {confusion}'
            level = max(level, DiagnosticStatus.WARN)
        name = self.get_fully_qualified_name().lstrip('/')
        message = DiagnosticArray(status=[report.status(
            f'{name}: depth', level, text, {'state': self._state, **facts})])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)
