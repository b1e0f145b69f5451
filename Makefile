# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
#
# `make help` lists what there is. Every target prepares the machine first, which is quick when
# nothing has changed.

SHELL := /bin/bash
IN_ENV := source tools/env.sh &&

.DEFAULT_GOAL := help
.PHONY: help setup build config demo demo-depth test lint clean distclean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

setup:  ## Prepare this machine: virtual environment, ROS 2, messages, this package, demo clips
	@tools/setup.sh

build:  ## Build the package again, after adding or removing a module (setup notices that too)
	@tools/setup.sh --build

demo: setup  ## A real clip through the real node over DDS, to out/demo (ARGS='--l 5')
	@$(IN_ENV) python3 tools/demo.py $(ARGS)

demo-depth: setup  ## A rendered scene through detector and depth node, to out/demo_depth
	@$(IN_ENV) python3 tools/demo_depth.py $(ARGS)

config: setup  ## Write config/impnet.yaml and impnet_depth.yaml from the tables of settings
	@$(IN_ENV) python3 tools/parameters_yaml.py

test: setup  ## All tests, with linters and type checks (ARGS='-k warp')
	@$(IN_ENV) python3 -m pytest test $(ARGS)

lint: setup  ## Only the linters, the type check and the check of the import arrows
	@$(IN_ENV) python3 -m pytest test/test_style.py test/test_architecture.py $(ARGS)

clean:  ## Remove what the build made; the virtual environment stays
	rm -rf build install log
	rm -f .venv/impnet-stamps/package .venv/impnet-stamps/*_msgs

distclean: clean  ## Remove the virtual environment too
	rm -rf .venv
