# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The training loop: batches in, steps of the optimiser out."""
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
import json
from pathlib import Path
import time
from typing import Any

from impnet_ros.data.triplets import TripletSet
from impnet_ros.model.paper.checkpoint import load_checkpoint, save_checkpoint
from impnet_ros.model.paper.network import ImpressionNetwork
from impnet_ros.model.weights import sha256
from impnet_ros.training.batches import Batch, batch_loader, BatchKeys
from impnet_ros.training.log import TrainingLog
from impnet_ros.training.optimisers import learning_rate, make_optimiser
from impnet_ros.training.processes import joined_processes, Process
from impnet_ros.training.recipe import Recipe
from impnet_ros.training.training_forward import TrainingForward
from impnet_ros.training.training_state import load_state, save_state
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

WEIGHTS = 'weights.safetensors'
_PRECISION = {'bf16': torch.bfloat16, 'fp16': torch.float16}
_DECIDES_NOTHING = ('workers', 'save_every', 'log_every')
_MOST_LOST = 100  # steps in a row that are left out before a training counts as diverged


@dataclass(frozen=True)
class Changing:
    """
    What of a training changes with every step, beside its recipe.

    Attributes
    ----------
    network : Module
        The trained network.
    optimiser : Optimizer
        With its momenta.
    scaler : GradScaler
        Of mixed precision; one that is switched off has an empty state.

    """

    network: nn.Module
    optimiser: torch.optim.Optimizer
    scaler: torch.amp.GradScaler


def train(recipe: Recipe, folder: str | Path, device: str = 'auto', progress: bool = True,
          stop_after: int | None = None) -> Path | None:
    """
    Train to the end, from where an earlier call of the same recipe and folder stopped.

    Parameters
    ----------
    recipe : Recipe
        What to do.
    folder : str or Path
        For state, log and weights.
    device : str
        See `joined_processes`.
    progress : bool
        Whether to show a progress bar.
    stop_after : int, optional
        Leave after this many iterations in all, with the state saved.

    Returns
    -------
    Path or None
        The weights; None when stopped before the end, and in other processes than the first.

    Raises
    ------
    ValueError
        If the folder holds the state of another recipe or number of processes, weights to start
        with do not fit, or the training diverges.

    """
    folder = Path(folder)
    description = json.loads(json.dumps(asdict(recipe)))
    with joined_processes(device) as process:
        decides = {'processes': process.world, **{name: value for name, value
                   in description.items() if name not in _DECIDES_NOTHING}}
        torch.manual_seed(recipe.seed)
        network = start_network(recipe).to(process.device)
        forward = TrainingForward(network, recipe.variant)
        parts = Changing(network, make_optimiser(network, recipe),
                         torch.amp.GradScaler(process.device.type,
                                              enabled=recipe.precision == 'fp16'))
        done = load_state(folder, vars(parts), decides)
        stop = min(recipe.iterations, stop_after or recipe.iterations)
        started = time.monotonic()
        log = TrainingLog(folder, done) if process.rank == 0 else None
        bar = tqdm(total=recipe.iterations, initial=done, unit='it', desc=recipe.variant,
                   disable=not progress or process.rank != 0)
        for iteration, figures in train_steps(forward, parts, recipe, process, done, stop):
            last = iteration == stop
            bar.update()
            if iteration % recipe.log_every == 0 or last:
                values = process.mean(figures)
                bar.set_postfix(loss=f"{values['loss']:.3g}")
                if log is not None:
                    log.write(iteration, values)
            if log is not None and (iteration % recipe.save_every == 0 or last):
                save_state(folder, vars(parts), iteration, decides)
        bar.close()
        if log is None:
            return None
        log.close()
        if stop < recipe.iterations:
            return None
        if done < stop or not (folder / WEIGHTS).is_file():
            save_checkpoint(folder / WEIGHTS, network, _provenance(
                recipe, description, process, time.monotonic() - started, stop - done))
        return folder / WEIGHTS


def start_network(recipe: Recipe) -> ImpressionNetwork:
    """
    Build the recipe's network, with its starting weights if it names some.

    Raises
    ------
    ValueError
        If the weights have other names or shapes than the network.

    """
    network = ImpressionNetwork(recipe.network)
    if recipe.start:
        tensors = load_checkpoint(Path(recipe.start)).state_dict()
        own = network.state_dict()
        wrong = sorted(name for name in own if not name.startswith('embedding_net.')
                       and (name not in tensors or tensors[name].shape != own[name].shape))
        if wrong:
            raise ValueError(f'start: expected tensors of the network in {recipe.start}, missing '
                             f'or of another shape: {wrong[:5]} ({len(wrong)} in all)')
        own.update({name: tensor for name, tensor in tensors.items() if name in own})
        network.load_state_dict(own)
    return network


def train_steps(forward: TrainingForward, parts: Changing, recipe: Recipe, process: Process,
                start: int, stop: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """
    Do steps `start` to `stop` - 1.

    Every step's data, learning rate and random numbers depend on its number alone.

    Yields
    ------
    int
        Steps done in all.
    dict
        Mean losses of the step, learning rate, gradient norm, seconds.

    """
    network = recipe.network
    samples = TripletSet([source.load(network.class_names) for source in recipe.data],
                         recipe.segment_length, recipe.seed, network.short_side, network.long_side)
    keys = BatchKeys(len(samples), recipe.seed, recipe.batch_size, start * recipe.accumulate,
                     stop * recipe.accumulate, process.rank, process.world)
    batches = iter(batch_loader(samples, keys, recipe.workers))
    module: nn.Module = forward
    if process.world > 1:
        module = DistributedDataParallel(forward)
    module.train()
    lost = 0
    for iteration in range(start, stop):
        began = time.monotonic()
        rate = learning_rate(recipe, iteration)
        for group in parts.optimiser.param_groups:
            group['lr'] = rate
        parts.optimiser.zero_grad(set_to_none=True)
        losses = accumulate_gradients(
            module, (next(batches) for _ in range(recipe.accumulate)), recipe, parts, process,
            iteration)
        norm = _step(parts, recipe.largest_gradient)
        lost = 0 if norm.isfinite() else lost + 1
        if lost == _MOST_LOST:
            raise ValueError(f'gradient: expected a finite one, got none in {lost} steps up to '
                             f'{iteration + 1}: the training diverged; a smaller learning_rate, a '
                             'warm_up or largest_gradient may help')
        yield iteration + 1, {**losses, 'learning_rate': rate, 'gradient_norm': norm,
                              'seconds': time.monotonic() - began}


def accumulate_gradients(module: nn.Module, batches: Iterable[Batch], recipe: Recipe,
                         parts: Changing, process: Process,
                         iteration: int) -> dict[str, torch.Tensor]:
    """
    Add up the mean gradient of `recipe.accumulate` batches, over all processes.

    What is drawn at random depends on the number of the batch among all batches of all processes:
    two processes give the gradients of one that accumulates twice as many.

    Returns
    -------
    dict
        Mean losses of this process, 'loss' being their sum.

    """
    totals: dict[str, torch.Tensor] = {}
    mixed = (torch.autocast(process.device.type, _PRECISION[recipe.precision])
             if recipe.precision in _PRECISION else nullcontext())
    for number, batch in enumerate(batches):
        among_all = (iteration * recipe.accumulate + number) * process.world + process.rank
        torch.manual_seed(recipe.seed * 100_000_007 + among_all)
        # Gradients travel between processes once a step, with the last batch.
        alone = number + 1 < recipe.accumulate and isinstance(module, DistributedDataParallel)
        with module.no_sync() if alone else nullcontext():
            with mixed:
                losses = module(batch.to(process.device))
            loss = torch.stack(list(losses.values())).sum() / recipe.accumulate
            parts.scaler.scale(loss).backward()
        for name, value in {'loss': sum(losses.values()), **losses}.items():
            totals[name] = totals.get(name, 0.0) + value.detach() / recipe.accumulate
    return totals


def _step(parts: Changing, largest_gradient: float) -> torch.Tensor:
    """
    Step the optimiser; gives the gradient's norm before it is cut.

    A gradient that is not finite would spoil every weight for good: that step is left out, as the
    scaler of fp16 does it, and shows in the log by its norm.
    """
    parts.scaler.unscale_(parts.optimiser)
    parameters = [item for group in parts.optimiser.param_groups for item in group['params']]
    norm = nn.utils.clip_grad_norm_(parameters, largest_gradient or float('inf'))
    if norm.isfinite():
        parts.scaler.step(parts.optimiser)
    parts.scaler.update()
    return norm


def _provenance(recipe: Recipe, description: dict[str, Any], process: Process, seconds: float,
                iterations: int) -> dict[str, Any]:
    start = {'start_sha256': sha256(Path(recipe.start))} if recipe.start else {}
    return {'made_by': 'impnet train', 'recipe': description, 'processes': process.world,
            'device': str(process.device), 'torch': torch.__version__,
            'seconds_of_last_run': round(seconds, 1), 'iterations_of_last_run': iterations,
            **start}
