# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
#
# Given to CMake as CMAKE_PROJECT_INCLUDE: message packages then build for C and Python only.
# Python needs the C side (introspection_c too: Fast DDS subscribes through it); the C++ side is three quarters of the
# build time, and nothing here uses it.

find_package(rosidl_default_generators REQUIRED)
list(FILTER AMENT_EXTENSIONS_rosidl_generate_idl_interfaces EXCLUDE REGEX "^rosidl_[a-z_]*_cpp:")
