# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The managed node: its states, its cameras, its parameters and services."""
from collections.abc import Sequence
from dataclasses import replace
import gc
import os
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from impnet_ros.model.network import load_network
from impnet_ros.ros import detections, diagnostics, parameters, qos
from impnet_ros.ros.camera import Camera
from impnet_ros.ros.managed import ManagedNode
from impnet_ros.ros.settings import Settings
from impnet_ros.ros.worker import Worker
from impnet_ros.stream.boxes.memory import tracks_of
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.executors import BackgroundExecutor
from impnet_ros.stream.settled import settled
from impnet_ros.stream.types import Frame
import numpy as np
from rcl_interfaces.msg import SetParametersResult
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger
import torch
from vision_msgs.msg import LabelInfo, VisionInfo

_PERIOD_S = 1.0
# The network is too small to share among more; they sleep while they wait (docs/performance.md).
_MOST_THREADS = 4


class DetectorNode(ManagedNode):
    """
    Detect objects in the images of one or several cameras with one network.

    unconfigured --configure--> inactive --activate--> active: configuring loads the network and
    warms it up, activating subscribes; deactivating unsubscribes and forgets, cleaning up frees
    the network's memory.
    """

    def __init__(self, node_name: str = 'impnet_node', **options: Any) -> None:
        """Declare parameters, services and diagnostics; `options` go to rclpy's node."""
        super().__init__(node_name, **options)
        given = getattr(self, '_parameter_overrides', {})
        self.settings = parameters.declare(self, given)
        for name in parameters.unknown(given):
            self.get_logger().warning(f'parameter {name!r} is not known and has no effect')
        self.network: Any = None
        self.cameras: list[Camera] = []
        self.when_set(self._on_parameters)
        self.create_service(Trigger, '~/reset', self._on_reset)
        self.every(_PERIOD_S, self._report)

    def _configure(self) -> None:
        settings = self.settings
        threads = settings.threads or min(_MOST_THREADS, len(os.sched_getaffinity(0)))
        torch.set_num_threads(threads)
        self.get_logger().info(f'loading {settings.model} (device: {settings.device})')
        try:
            # No shell has looked at the ~ of a launch argument or a parameters file.
            self.network = load_network(os.path.expanduser(settings.model), settings.device,
                                        settings.runtime, settings.precision)
            self._check_fit(settings)
            self._worker = Worker(threads, self._job_failed)
            self._worker.lane().then(self._warm_up).result()
            self._background = BackgroundExecutor(self.network.device)
            names = settings.cameras or ('',)
            for index, name in enumerate(names):
                share = index / len(names) if settings.stagger_keys else 0.0
                self.cameras.append(Camera(self, name, self.network, settings, share,
                                           self._background, self._worker.lane()))
            self._check_loops()
        except Exception:
            self._free()
            raise
        self._labels = self.create_lifecycle_publisher(LabelInfo, 'label_info', qos.LATCHED)
        self._vision = self.create_lifecycle_publisher(VisionInfo, 'vision_info', qos.LATCHED)
        self.get_logger().info(f'{settings.model} runs on {self.network.device}, runtime '
                               f'{self.network.runtime}')

    def _check_loops(self) -> None:
        """Refuse remappings by which the node would take what it publishes for images."""
        published = frozenset().union(*(camera.topics for camera in self.cameras))
        for camera in self.cameras:
            if camera.input.topic in published:
                raise ValueError(f'{camera.input.topic}: expected another topic for images than '
                                 'for what the node publishes: it would answer its own')

    def _warm_up(self) -> None:
        """Let the network allocate and compile what it needs before the first image."""
        often = replace(self.settings.stream, segment_length=2, glance_every=1, key_offset=0,
                        key_mode='sync')
        engine = Engine(self.network, often)
        state = engine.reset()
        for index in range(4):
            frame = Frame(np.zeros((480, 640, 3), np.uint8), index / 30)
            _, state = engine.step(frame, state)
            if state.tracks is not None:  # nothing is seen in black, but boxes have to be carried
                box = torch.tensor([[100.0, 100.0, 200.0, 300.0]])
                seen = tracks_of(box, torch.ones(1), torch.zeros(1).long(), frame.stamp_s)
                state = replace(state, tracks=seen)

    def _activate(self) -> None:
        now = self.get_clock().now().to_msg()
        names = self.network.class_names
        self._labels.publish(detections.label_info(names, self.settings.score_threshold, now))
        self._vision.publish(detections.vision_info(
            self.settings.model, self.resolve_topic_name('label_info'), now))
        if self.settings.enabled:
            for camera in self.cameras:
                camera.start()
                self.get_logger().info(f'{camera.input.topic} -> {camera.output}')

    def _stop(self) -> None:
        for done in [camera.stop('deactivate') for camera in self.cameras]:
            done.result()

    def _job_failed(self, error: Exception) -> None:
        self.get_logger().error(f'{type(error).__name__}: {error}', throttle_duration_sec=5.0)

    def _free(self) -> None:
        """Forget network and cameras; a second time does nothing."""
        if self.network is None:
            return
        if hasattr(self, '_worker'):
            self._worker.close()
            del self._worker
        for camera in self.cameras:
            camera.destroy()
        self.cameras.clear()
        for publisher in ('_labels', '_vision'):
            if hasattr(self, publisher):
                self.destroy_lifecycle_publisher(getattr(self, publisher))
                delattr(self, publisher)
        if hasattr(self, '_background'):
            self._background.shutdown(cancel_futures=True)
            del self._background
        self.network = None
        gc.collect()  # cameras and their callbacks refer to each other
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _on_parameters(self, changed: Sequence[Parameter]) -> SetParametersResult:
        result, settings = parameters.check(changed, self.settings,
                                            self._state == 'unconfigured')
        if not result.successful:
            return result
        try:
            self._check_fit(settings)
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        was_enabled, self.settings = self.settings.enabled, settings
        for camera in self.cameras:
            camera.use(settings)
            if self._state == 'active' and settings.enabled != was_enabled:
                camera.start() if settings.enabled else camera.stop('disabled')
        return result

    def _check_fit(self, settings: Settings) -> None:
        if self.network is None:
            return
        settled(settings.stream, self.network)
        unknown = sorted(set(settings.classes) - set(self.network.class_names))
        if unknown:
            raise ValueError(f'classes: expected names that {settings.model} knows (see '
                             f'label_info), got {", ".join(unknown)}')

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response
                  ) -> Trigger.Response:
        for camera in self.cameras:
            camera.reset('request')
        response.success = self._state == 'active'
        response.message = (f'{len(self.cameras)} cameras begin anew' if response.success
                            else f'the node is {self._state}: nothing to forget')
        return response

    def _on_clock_jump(self, jump: Any) -> None:
        now_s = self.get_clock().now().nanoseconds / 1e9
        for camera in self.cameras:
            camera.clock_went_back(now_s)

    def _report(self) -> None:
        active = self._state == 'active' and self.settings.enabled
        device = self.network and self.network.device
        facts = {'model': self.settings.model, 'device asked for': self.settings.device,
                 'device used': str(device or ''),
                 'runtime': self.network.runtime if self.network else '',
                 'device memory': diagnostics.device_memory(device),
                 'enabled': self.settings.enabled}
        report = DiagnosticArray()
        report.header.stamp = self.get_clock().now().to_msg()
        report.status.append(diagnostics.node_status(self, self._state, self._error,
                                                     self.confusion(), facts))
        for camera in self.cameras:
            if active:
                camera.look()
            report.status.append(diagnostics.camera_status(
                self, camera, self.settings, active))
        self._diagnostics.publish(report)
