# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
#
# impnet_ros on ROS 2 Jazzy. Build and run:
#   docker build -t impnet_ros .
#   docker run --rm -it --network host --ipc host impnet_ros image:=/camera/image_raw
# Host network and IPC let Fast DDS find the camera and use shared memory.
FROM ros:jazzy-ros-base

RUN apt-get update && apt-get install -y --no-install-recommends \
        g++ make python3-venv python3-pip ros-jazzy-cv-bridge ros-jazzy-vision-msgs \
    && rm -rf /var/lib/apt/lists/*

COPY . /opt/impnet_ros
WORKDIR /opt/impnet_ros
SHELL ["/bin/bash", "-c"]
RUN source /opt/ros/jazzy/setup.bash && make setup && rm -rf ~/.cache

ENTRYPOINT ["/bin/bash", "-c", "source /opt/impnet_ros/tools/env.sh && exec ros2 launch impnet_ros impnet.launch.py \"$@\"", "impnet"]
