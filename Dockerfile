# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
#
# impnet_ros on ROS 2 Jazzy, installed as README says for a robot. Build and run:
#   docker build -t impnet_ros .
#   docker run --rm -it --network host --ipc host impnet_ros image:=/camera/image_raw
#   docker run --rm -it --network host --ipc host --entrypoint /ws/run impnet_ros \
#       ros2 run impnet_ros impnet --help
# Host network and IPC let Fast DDS find the camera and use shared memory. Without a GPU, take
# PyTorch from the CPU index that its installation page names, which saves some gigabytes:
#   docker build --build-arg TORCH_INDEX=<that index> -t impnet_ros .
FROM ros:jazzy-ros-base

SHELL ["/bin/bash", "-c"]
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv python3-pip \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /ws
COPY package.xml src/impnet_ros/package.xml
RUN apt-get update && rosdep update && rosdep install --from-paths src --ignore-src -y --rosdistro jazzy \
        --dependency-types build --dependency-types buildtool --dependency-types exec \
    && rm -rf /var/lib/apt/lists/*

COPY requirements.txt src/impnet_ros/requirements.txt
COPY tools/install_requirements.py src/impnet_ros/tools/install_requirements.py
ARG TORCH_INDEX=
RUN python3 -m venv --system-site-packages venv && touch venv/COLCON_IGNORE && source venv/bin/activate \
    && if [ -n "$TORCH_INDEX" ]; then pip install --no-cache-dir torch torchvision --index-url "$TORCH_INDEX"; fi \
    && PIP_NO_CACHE_DIR=1 python3 src/impnet_ros/tools/install_requirements.py

COPY . src/impnet_ros
RUN source /opt/ros/jazzy/setup.bash && source venv/bin/activate && colcon build --packages-select impnet_ros \
    && printf '%s\n' '#!/bin/bash' \
        'source /opt/ros/jazzy/setup.bash && source /ws/venv/bin/activate && source /ws/install/setup.bash && exec "$@"' \
        > run && chmod +x run

ENTRYPOINT ["/ws/run", "ros2", "launch", "impnet_ros", "impnet.launch.py"]
