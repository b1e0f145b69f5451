# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Nothing that a stranger sends ends the node: callbacks fail with a line, and it goes on."""
from collections.abc import Callable
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

_QUIET_S = 5.0


class SteadyExecutor(SingleThreadedExecutor):
    """
    Serve one node, and outlive what its callbacks raise.

    rclpy's own executor raises it in `spin_once`. Where already taking a message fails, it also
    leaves the callback group taken for ever, and nothing is served any more; here that message
    is dropped.
    """

    def __init__(self, node: Node) -> None:
        """Serve the node."""
        super().__init__()
        self._served = node
        self.add_node(node)

    def serve(self, longest_wait_s: float) -> None:
        """Serve what is ready, or wait for it; raises when the context was shut down."""
        try:
            self.spin_once(longest_wait_s)
        except ExternalShutdownException:
            raise
        except Exception as error:  # noqa: B902 - whatever a stranger's message leads to
            self._tell('a callback failed', error)

    def _tell(self, what: str, error: Exception) -> None:
        self._served.get_logger().error(f'{what}: {type(error).__name__}: {error}',
                                        throttle_duration_sec=_QUIET_S)

    def _taken(self, take: Callable[[Any], Any], entity: Any) -> Any:
        try:
            return take(entity)
        except Exception as error:  # noqa: B902 - bytes that are no message of their type
            self._tell('a message or request cannot be read', error)
            return None

    def _take_subscription(self, sub: Any) -> Any:
        return self._taken(super()._take_subscription, sub)

    def _take_service(self, srv: Any) -> Any:
        return self._taken(super()._take_service, srv)

    def _take_client(self, client: Any) -> Any:
        return self._taken(super()._take_client, client)

    def _take_waitable(self, waitable: Any) -> Any:
        return self._taken(super()._take_waitable, waitable)


def guard_services(node: Node) -> None:
    """Let each service that the node has now answer with a failure where its callback raises."""
    for service in node.services:
        service.callback = _guarded(node, service.srv_name, service.callback)


def _guarded(node: Node, name: str, callback: Callable[[Any, Any], Any]
             ) -> Callable[[Any, Any], Any]:
    def answer(request: Any, response: Any) -> Any:
        try:
            return callback(request, response)
        except Exception as error:  # noqa: B902 - whatever a stranger's request leads to
            reason = f'{type(error).__name__}: {error}'
            node.get_logger().error(f'{name}: request refused: {reason}',
                                    throttle_duration_sec=_QUIET_S)
            return _refuse(request, response, reason)
    return answer


def _refuse(request: Any, response: Any, reason: str) -> Any:
    """Fill in what tells of a failure; fields of other answers stay empty or false."""
    refusal = SetParametersResult(successful=False, reason=reason)
    if hasattr(response, 'results') and hasattr(request, 'parameters'):
        missing = len(request.parameters) - len(response.results)
        response.results = [*response.results, *[refusal] * missing]
    elif isinstance(getattr(response, 'result', None), SetParametersResult):
        response.result = refusal
    elif hasattr(response, 'message'):
        response.message = reason
    return response
