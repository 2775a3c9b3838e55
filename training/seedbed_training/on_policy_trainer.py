"""The loop of on-policy learning: draws rollouts, judges them, takes a step."""

from __future__ import annotations

import copy
from dataclasses import asdict, fields

import numpy as np
import torch

from .dataset import Dataset
from .distillation import draw_tasks
from .flops import forward_flops, training_flops
from .model import Transformer
from .objectives import BLOCK_DIFFUSION, NEXT_TOKEN, compute_losses
from .on_policy import (
    OnPolicyConfig,
    Rollout,
    RolloutDecoder,
    SpeedWeight,
    advantages,
    policy_loss,
    reward,
    rollout_pass,
)
from .prefetch import DrawnBatches
from .sampler.contract import Contract, Parameters
from .sampler.together import decode_together
from .schedule import Schedule
from .tokenizer import SeedbedTokenizer
from .trainer import TrainerConfig, make_optimizers
from .verifier import Task, Verifier

MAX_TOKENS = 160
_TOGETHER = 8  # rollouts of similar length a pass: the longest of a pass pads the others
_MEASURED_SEED = 77_000  # of prompts that no step draws


class OnPolicyTrainer:
    def __init__(
        self,
        model: Transformer,
        contract: Contract,
        tokenizer: SeedbedTokenizer,
        verifier: Verifier,
        config: OnPolicyConfig,
        flops: int = 0,
        anchors: Dataset | None = None,
    ) -> None:
        """`flops` is what the model has already cost. `anchors` are right answers to all kinds of
        prompts, of which each update learns some: those of its rollouts alone let go of others."""
        self.model, self.contract, self.config = model, contract, config
        self.tokenizer, self.verifier = tokenizer, verifier
        self.step, self.flops = 0, flops
        self.weight = SpeedWeight(config)
        schedule = Schedule(config.learning_rate, config.steps, warmup=0.05, descent=0.8)
        self.schedule = schedule
        self.optimizers = make_optimizers(
            model, TrainerConfig(schedule, NEXT_TOKEN, weight_decay=0.0, bfloat16=False)
        )
        self.average = {name: value.clone() for name, value in model.state_dict().items()}
        # By the number of the update, so that a resumed run sees what an uninterrupted one sees.
        self.anchors = anchors and DrawnBatches(
            anchors, BLOCK_DIFFUSION, model.config.vocab_size, config.seed, config.anchor_tokens
        )

    def update(self) -> dict[str, float]:
        """Rollouts and policy steps; returns what was measured on the rollouts."""
        config = self.config
        self.model.eval()
        rollouts, measured = self._draw()
        if config.reward == "surrogate":  # else its weight stays 0
            self.weight.update(measured["pass_at_1"])
        for group in self.optimizers:
            for parameters in group.param_groups:
                parameters["lr"] = self.schedule.learning_rate(self.step)
        # All of them, those without an advantage as an anchor: Adam makes a step of one size of a
        # gradient of any.
        for number in range(config.updates):
            measured |= self._learn(rollouts[number :: config.updates], number)
        self.step += 1
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                self.average[name].lerp_(value, 1 / min(10, 1 + self.step))
        return {"step": self.step, "weight": self.weight.value, **measured, "flops": self.flops}

    def _learn(self, rollouts: list[Rollout], number: int) -> dict[str, float]:
        self.model.train()
        measured: dict[str, float] = {}
        ordered = sorted(rollouts, key=lambda rollout: rollout.rows)
        for first in range(0, len(ordered), _TOGETHER):
            members = ordered[first : first + _TOGETHER]
            share = len(members) / len(rollouts)
            made = rollout_pass(members)
            # In F32: a ratio compares with what was drawn in F32, and confidences near 1 need its
            # bits.
            loss, figures = policy_loss(self.model, made, self.config, self.weight.value)
            (share * loss).backward()
            self.flops += training_flops(self.model.config, made.batch)
            for name, figure in figures.items():
                measured[name] = measured.get(name, 0.0) + share * figure
        if self.anchors:
            measured |= self._add_anchors(self.step * self.config.updates + number)
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        if not torch.isfinite(norm):
            raise FloatingPointError(f"gradient norm not finite at step {self.step}: {norm.item()}")
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return {**measured, "norm": norm.item()}

    def _add_anchors(self, update: int) -> dict[str, float]:
        """Adds the gradient of the mask stage's loss on the anchors of an update."""
        batch = self.anchors[update].batch
        losses = compute_losses(self.model, batch, BLOCK_DIFFUSION)
        losses.total.backward()
        self.flops += training_flops(self.model.config, batch)
        return {f"anchor_{name}": losses.measured()[name] for name in ("next_token", "masked")}

    def _draw(self) -> tuple[list[Rollout], dict[str, float]]:
        config = self.config
        tasks = draw_tasks(config.seed, self.step, config.prompts)
        parameters = self._served()
        requests = [
            (self.tokenizer.encode(text), parameters)
            for text, _ in tasks
            for _ in range(config.group)
        ]
        numbers = iter(range(len(requests)))

        def make(contract: Contract, prompt: list[int], asked: Parameters) -> RolloutDecoder:
            random = np.random.default_rng([config.seed, 5, self.step, next(numbers)])
            return RolloutDecoder(contract, prompt, asked, config.softness, random)

        ended = dict(decode_together(self.model, self.contract, requests, make=make))
        decoders = [ended[number] for number in range(len(requests))]
        right = self._judge(tasks, decoders)
        rewards = np.array(
            [
                reward(ok, len(decoder.revealed_counts), config.reward)
                for ok, decoder in zip(right, decoders, strict=True)
            ]
        ).reshape(config.prompts, config.group)
        gained = advantages(rewards, config.least_spread).ravel()
        self.flops += sum(
            forward_flops(self.model.config, d.work.positions_evaluated,
                          d.work.positions_evaluated * len(d.output), d.work.positions_evaluated)
            for d in decoders
        )  # fmt: skip
        rollouts = [
            Rollout(d.prompt, d.output, d.decisions, ok, float(advantage))
            for d, ok, advantage in zip(decoders, right, gained, strict=True)
        ]
        return rollouts, {**_speed(decoders), "pass_at_1": float(np.mean(right))}

    def _served(self) -> Parameters:
        return Parameters(
            max_tokens=MAX_TOKENS,
            policy="confident_prefix",
            threshold=self.config.threshold,
            block_size=self.config.block_size,
        )

    def _judge(self, tasks: list[tuple[str, Task]], decoders: list) -> list[bool]:
        group = len(decoders) // len(tasks)
        judged = self.verifier.judge(
            [
                Task(task.types, task.returns, task.cases,
                     [text + self.tokenizer.decode(d.output)
                      for d in decoders[group * i : group * (i + 1)]])
                for i, (text, task) in enumerate(tasks)
            ]
        )  # fmt: skip
        return [verdict.passed for verdicts in judged for verdict in verdicts]

    def measure(self, count: int) -> dict[str, float]:
        """Pass@1 and tokens per forward of the served policy with the averaged weights, every
        forward counted."""
        served = copy.deepcopy(self.model).eval()
        served.load_state_dict(self.average)
        tasks = draw_tasks(_MEASURED_SEED, 0, count)
        parameters = self._served()
        requests = [(self.tokenizer.encode(text), parameters) for text, _ in tasks]
        ended = dict(decode_together(served, self.contract, requests))
        decoders = [ended[number] for number in range(count)]
        right = self._judge(tasks, decoders)
        return {
            "measured": self.step,
            **_speed(decoders),
            "pass_at_1": float(np.mean(right)),
            "flops": self.flops,
        }

    def state(self) -> dict:
        return {
            "model_config": self.model.config.as_dict(),
            "on_policy_config": asdict(self.config),
            "step": self.step,
            "flops": self.flops,
            "speed_weight": {k: v for k, v in vars(self.weight).items() if k != "config"},
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
        }

    def restore(self, state: dict) -> None:
        """Goes on where `state` was taken; only the number of steps may differ."""
        for field in fields(self.config):
            # A field that is younger than the checkpoint had its default.
            name, mine = field.name, getattr(self.config, field.name)
            theirs = state["on_policy_config"].get(name, field.default)
            if name != "steps" and mine != theirs:
                raise ValueError(f"{name} differs from the checkpoint: {mine} (expected: {theirs})")
        self.model.load_state_dict(state["model"])
        self.average = {name: value.clone() for name, value in state["average"].items()}
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.step, self.flops = state["step"], state["flops"]
        for name, value in state["speed_weight"].items():
            setattr(self.weight, name, value)


def _speed(decoders: list) -> dict[str, float]:
    tokens = sum(len(decoder.output) for decoder in decoders)
    forwards = sum(decoder.work.forward_passes for decoder in decoders)
    return {"tokens_per_forward": tokens / forwards, "tokens": tokens / len(decoders)}
