# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Run by torchrun: write the gradients that this process has after sharing them."""
from pathlib import Path
import sys

from impnet_ros.training.processes import joined_processes
from impnet_ros.training.training_forward import TrainingForward
from small_recipe import small_gradients, start_small
import torch
from torch.nn.parallel import DistributedDataParallel

if __name__ == '__main__':
    torch.set_num_threads(1)
    with joined_processes('cpu') as process:
        module = DistributedDataParallel(TrainingForward(start_small(), 'impression')).train()
        found = small_gradients(module, [process.rank])
        torch.save(found, Path(sys.argv[1]) / f'{process.rank}.pt')
