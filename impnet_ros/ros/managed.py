# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the managed nodes of this package share: their transitions, and when they begin and end."""
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from impnet_ros.outputs import said
from impnet_ros.ros import qos
from impnet_ros.ros.guards import guard_services
from impnet_ros.ros.namesakes import why_confusing
from impnet_ros.ros.silence import why_timeless
from impnet_ros.ros.telling import Teller
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType, JumpThreshold
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter

SUCCESS = TransitionCallbackReturn.SUCCESS
FAILURE = TransitionCallbackReturn.FAILURE

_SELDOM_S = 30.0


class ManagedNode(LifecycleNode):
    """A lifecycle node; `options` go to rclpy's node. A transition that fails says why."""

    def __init__(self, node_name: str, **options: Any) -> None:
        super().__init__(node_name, **options)
        self._state, self._error = 'unconfigured', ''
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', qos.RESULTS)
        self.warn = Teller(self.get_logger().warning)
        self._confused = Teller(self.get_logger().warning, _SELDOM_S)
        # Backward only: the first /clock message looks like a jump of decades forward, and a
        # real one forward shows itself as a gap between the images.
        self._jumps = self.get_clock().create_jump_callback(
            JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1),
                          on_clock_change=False), post_callback=self._on_clock_jump)

    def every(self, seconds: float, work: Callable[[], None]) -> None:
        """Call `work` now and then, on the steady clock: a paused /clock must not stop it."""
        self.create_timer(seconds, work, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def when_set(self, use: Callable[[Sequence[Parameter]], SetParametersResult]) -> None:
        """Let `use` judge and take over parameters that somebody sets, once all are declared."""
        def named(changed: Sequence[Parameter]) -> SetParametersResult:
            if not all(each.name for each in changed):  # rclpy would take it for declared
                return SetParametersResult(successful=False, reason='expected a name, got none')
            return use(changed)
        self.add_on_set_parameters_callback(named)

    def confusion(self) -> str:
        """Say what other nodes of this name, or a lack of time, do; seldom in the log too."""
        text = '; '.join(filter(None, (why_confusing(self), why_timeless(self))))
        if text:
            self._confused.tell(text)
        return text

    def start(self, automatically: bool) -> None:
        """Be ready for strangers' requests; configure and activate where that is wanted."""
        guard_services(self)
        if automatically and self.trigger_configure() == SUCCESS:
            self.trigger_activate()

    def finish(self) -> None:
        """Stop and free everything before the process ends."""
        self._jumps.unregister()
        self._stop()
        self._free()

    @abstractmethod
    def _configure(self) -> None:
        """Make what is needed, the topics among it; an error frees it again."""

    @abstractmethod
    def _activate(self) -> None:
        """Begin to take messages."""

    @abstractmethod
    def _stop(self) -> None:
        """Take no more messages, and forget; a second time does nothing."""

    @abstractmethod
    def _free(self) -> None:
        """Give back what `_configure` made; a second time does nothing."""

    @abstractmethod
    def _on_clock_jump(self, jump: Any) -> None:
        """Forget what is of the future now."""

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Make what is needed."""
        return self._transition(self._configure, 'inactive', 'unconfigured')

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to take messages."""
        super().on_activate(state)
        return self._transition(self._activate, 'active', 'inactive')

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take no more, and forget."""
        result = self._transition(self._stop, 'inactive', 'active')
        super().on_deactivate(state)
        return result

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give back what was made."""
        return self._transition(self._free, 'unconfigured', 'inactive')

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop from any state."""
        self._stop()
        return self._transition(self._free, 'finalized', self._state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Fall back to unconfigured."""
        self._stop()
        return self._transition(self._free, 'unconfigured', 'finalized')

    def _transition(self, work: Callable[[], None], after: str,
                    otherwise: str) -> TransitionCallbackReturn:
        """Do the work of a transition; a failure is told, as rclpy swallows it silently."""
        try:
            work()
        except Exception as error:  # noqa: B902 - a missing device, file or memory
            # What is wrong with a setting says so itself; of other errors the kind helps.
            kind = '' if isinstance(error, (ValueError, OSError)) else f'{type(error).__name__}: '
            # Behind the comma rcl says where in its own source it noticed.
            text = said(error).split(', at /')[0]
            self._state, self._error = otherwise, f'{kind}{text}'
            # Fatal, so that no log_level leaves out why nothing will come.
            self.get_logger().fatal(f'stays {otherwise}: {self._error}')
            return FAILURE
        self._state, self._error = after, ''
        return SUCCESS
