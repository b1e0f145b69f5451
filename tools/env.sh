# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Source this, from bash or zsh, after `make setup`:  source tools/env.sh
# Gives a shell in which rclpy, the messages, the built package and its commands work from any folder.
# Sourcing it twice changes nothing; it works under `set -eu` too.

# Where this file is: bash says so in BASH_SOURCE, zsh in %x. (eval keeps zsh's syntax away from bash.)
if [ -n "${BASH_VERSION:-}" ]; then
  _impnet_file="${BASH_SOURCE[0]}"
else
  eval '_impnet_file="${(%):-%x}"'
fi
_impnet_root="$(cd "$(dirname "$_impnet_file")/.." && pwd -P)"
_impnet_venv="$_impnet_root/.venv"

if [ ! -f "$_impnet_venv/impnet.env" ]; then
  echo "impnet_ros is not set up yet: run 'make setup' in $_impnet_root first." >&2
  unset _impnet_file _impnet_root _impnet_venv
  return 1
fi

# _impnet_prepend NAME FOLDER: puts FOLDER first in the path variable NAME, once.
_impnet_prepend() {
  eval "_impnet_new=\":\${$1:-}:\""
  while :; do
    case "$_impnet_new" in
      *":$2:"*) _impnet_new="${_impnet_new%%":$2:"*}:${_impnet_new#*":$2:"}" ;;
      *) break ;;
    esac
  done
  _impnet_new="${_impnet_new#:}"
  _impnet_new="${_impnet_new%:}"
  eval "export $1=\"\$2\${_impnet_new:+:\$_impnet_new}\""
}

# _impnet_prefix FOLDER: makes an ament prefix known to CMake, Python and the loader.
_impnet_prefix() {
  _impnet_prepend AMENT_PREFIX_PATH "$1"
  _impnet_prepend CMAKE_PREFIX_PATH "$1"
  _impnet_prepend LD_LIBRARY_PATH "$1/lib"
}

# Written by tools/setup.sh: IMPNET_ROS (wheels or system), IMPNET_ROS_PREFIX, IMPNET_ROS_SETUP, IMPNET_SITE.
. "$_impnet_venv/impnet.env"

if [ "$IMPNET_ROS" = system ]; then
  case ":${AMENT_PREFIX_PATH:-}:" in
    *":$IMPNET_ROS_PREFIX:"*) ;;
    *)
      # ROS's own files read variables that are unset.
      case $- in *u*) _impnet_u=1; set +u ;; *) _impnet_u='' ;; esac
      if [ -n "${ZSH_VERSION:-}" ]; then
        . "$IMPNET_ROS_SETUP/setup.zsh"
      else
        . "$IMPNET_ROS_SETUP/setup.bash"
      fi
      if [ -n "$_impnet_u" ]; then set -u; fi
      unset _impnet_u
      ;;
  esac
else
  # The virtual environment is itself the ament prefix of the ROS wheels. Some libraries that they need lie in
  # ros_*.libs; with the loader's path complete from the start, Python need not execute itself a second time.
  for _impnet_dir in "$_impnet_venv/$IMPNET_SITE"/ros_*.libs; do
    if [ -d "$_impnet_dir" ]; then _impnet_prepend LD_LIBRARY_PATH "$_impnet_dir"; fi
  done
  _impnet_prefix "$_impnet_venv"
  export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1
  export ROS_DISTRO=jazzy ROS_VERSION=2 ROS_PYTHON_VERSION=3
fi

for _impnet_dir in vision_msgs tf2_msgs impnet_ros; do
  if [ -d "$_impnet_root/install/$_impnet_dir" ]; then
    _impnet_prefix "$_impnet_root/install/$_impnet_dir"
    _impnet_prepend PYTHONPATH "$_impnet_root/install/$_impnet_dir/$IMPNET_SITE"
  fi
done

export VIRTUAL_ENV="$_impnet_venv"
_impnet_prepend PATH "$_impnet_venv/bin"
_impnet_prepend PATH "$_impnet_root/install/impnet_ros/lib/impnet_ros"

# Images are larger than Fast DDS's usual shared-memory segment: without this profile best effort loses most.
if [ -z "${FASTRTPS_DEFAULT_PROFILES_FILE:-}" ] && [ -f "$_impnet_root/config/fastdds.xml" ]; then
  export FASTRTPS_DEFAULT_PROFILES_FILE="$_impnet_root/config/fastdds.xml"
fi
# Threads of torch that spin for long while they wait make a busy machine many times slower (docs/notes).
if [ -z "${OMP_WAIT_POLICY:-}" ]; then export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-500}"; fi
export IMPNET_CLIPS="$_impnet_root/data/clips"
unset IMPNET_ROS IMPNET_ROS_PREFIX IMPNET_ROS_SETUP IMPNET_SITE

unset -f _impnet_prepend _impnet_prefix
unset _impnet_file _impnet_root _impnet_venv _impnet_dir _impnet_new
