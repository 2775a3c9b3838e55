"""On-policy learning: fewer rounds for the same right answers.

Seed Diffusion (Song et al. 2025, arXiv 2508.02193, section 3.3) rewards short trajectories whose
answer a verifier accepts, through a surrogate of their length: the mean of 1 / distance between
states. A round that reveals n tokens moves the state by n, so a trajectory's surrogate is here the
mean of 1 / n over its rounds, and its reward is V - weight * surrogate (V: 1 when the answer
compiles and runs right, else 0).

What a policy gradient can move is which positions are revealed together. Served by
`confident_prefix`, position i is revealed when all undecided ones before it are and its confidence
c exceeds the threshold t; a rollout reveals it with probability sigmoid((logit c - logit t) /
softness) instead, so that every prefix has a probability that is differentiable in the
confidences. Tokens are the most probable ones, as served at temperature 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .dataset import Sample
from .model import Transformer
from .passes import MASK, NO_TARGET, PAD, Pass, clean_rows, stack
from .sampler.contract import Contract, Parameters
from .sampler.diffusion_decoder import DiffusionDecoder
from .sampler.drawing import Drawn


@dataclass(frozen=True)
class OnPolicyConfig:
    steps: int = 60
    prompts: int = 8  # a step
    group: int = 8  # rollouts a prompt; their mean reward is the baseline
    threshold: float = 0.98
    softness: float = 0.5  # logits; 0 would be the served policy
    block_size: int = 32
    learning_rate: float = 1e-4
    updates: int = 2  # on the rollouts of a step
    clip: float = 0.2
    # Of the cross-entropy on right answers, of next tokens (keeps `exact` exact) and of the masks
    # of the rollouts' states. Wrong answers are no anchor.
    anchor_weight: float = 0.3
    # Added to the spread of a group's rewards, which the advantages are divided by: what rounds
    # alone differ by counts for little while the weight of speed is small.
    least_spread: float = 0.01
    reward: str = "surrogate"  # or "length": V - rounds, which the paper found unstable
    weight_rise: float = 0.05  # a step, while pass@1 holds
    most_weight: float = 1.0
    tolerance: float = 0.02  # of pass@1 below its start
    seed: int = 1


@dataclass(frozen=True)
class Decision:
    """One round of one block: how far its undecided positions were revealed."""

    start: int  # position of the block
    state: tuple[int, ...]  # ids before the round, mask id where undecided
    indices: tuple[int, ...]  # undecided positions of the block
    token_ids: tuple[int, ...]  # what each would have become
    # Of the positions from the second on, up to the first that was not revealed. The first always
    # is revealed, and what lies behind the answer's end is not decided.
    revealed: tuple[bool, ...]
    log_p: float  # of `revealed`, nats, mean over it; 0 when it is empty


class RolloutDecoder(DiffusionDecoder):
    """The mode `diffusion` with drawn reveals, that remembers its decisions."""

    def __init__(
        self,
        contract: Contract,
        prompt: list[int],
        parameters: Parameters,
        softness: float,
        random: np.random.Generator,
    ) -> None:
        super().__init__(contract, prompt, parameters)
        self.softness, self.random = softness, random
        self.decisions: list[Decision] = []
        self.revealed_counts: list[int] = []  # of each round, for the reward

    def _reveal(self, drawn: dict[int, Drawn]) -> None:
        indices = _up_to_end(sorted(drawn), drawn, self.contract.end_token_ids)
        confidence = torch.tensor([drawn[i].confidence for i in indices[1:]])
        score = reveal_score(confidence, self.parameters.threshold, self.softness)
        goes_on = self.random.random(len(score)) < torch.sigmoid(score).numpy()
        asked = len(goes_on) if goes_on.all() else int(goes_on.argmin()) + 1
        revealed = goes_on[:asked]
        log_p = log_probability(score[:asked], torch.from_numpy(revealed))
        self.decisions.append(
            Decision(
                self.block_start,
                tuple(MASK if token_id is None else token_id for token_id in self.block),
                tuple(indices),
                tuple(drawn[i].token_id for i in indices),
                tuple(map(bool, revealed)),
                float(log_p.mean()) if asked else 0.0,
            )
        )
        chosen = indices[: 1 + int(revealed.sum())]
        self.revealed_counts.append(len(chosen))
        for i in chosen:
            self.block[i], self.block_confidence[i] = drawn[i].token_id, drawn[i].confidence
            self.block_revealed_in[i] = self.denoise_rounds


def _up_to_end(
    indices: list[int], drawn: dict[int, Drawn], end_token_ids: tuple[int, ...]
) -> list[int]:
    """What lies behind a drawn end token is no part of the answer, and no decision."""
    ends = [n for n, i in enumerate(indices) if drawn[i].token_id in end_token_ids]
    return indices[: ends[0] + 1] if ends else indices


def reveal_score(confidence: Tensor, threshold: float, softness: float) -> Tensor:
    """Logit of the probability to reveal, of confidences in (0, 1)."""
    centre = float(torch.logit(torch.tensor(threshold)))
    return (torch.logit(confidence.float(), eps=1e-6) - centre) / softness


def log_probability(score: Tensor, revealed: Tensor) -> Tensor:
    return F.logsigmoid(torch.where(revealed, score, -score))


def advantages(rewards: np.ndarray, least_spread: float) -> np.ndarray:
    """Of rewards [prompts, rollouts], against the prompt's other rollouts."""
    spread = rewards.std(axis=1, keepdims=True) + least_spread
    return (rewards - rewards.mean(axis=1, keepdims=True)) / spread


def reward(right: bool, revealed_counts: list[int], weight: float, kind: str) -> float:
    """V minus what the rounds cost; `revealed_counts`: tokens of each round, at least 1."""
    counts = np.array(revealed_counts)
    if kind == "length":
        return float(right) - len(counts)
    return float(right) - weight * float((1 / counts).mean())


@dataclass
class SpeedWeight:
    """The weight of speed in the reward: raised while pass@1 holds, lowered while it does not."""

    config: OnPolicyConfig
    value: float = 0.0
    start: float | None = None  # pass@1 of the first steps
    recent: float = 0.0
    seen: list[float] = field(default_factory=list)

    def update(self, pass_at_1: float) -> None:
        self.seen.append(pass_at_1)
        if len(self.seen) <= 4:
            self.start = self.recent = float(np.mean(self.seen))
            return
        self.recent += 0.15 * (pass_at_1 - self.recent)
        holds = self.recent >= self.start - self.config.tolerance
        change = self.config.weight_rise if holds else -2 * self.config.weight_rise
        self.value = float(np.clip(self.value + change, 0.0, self.config.most_weight))


@dataclass(frozen=True)
class Rollout:
    prompt: list[int]
    answer: list[int]
    decisions: list[Decision]
    right: bool
    advantage: float


@dataclass(frozen=True)
class RolloutPass:
    """A pass, and for its asked noisy rows, in order, what was decided there.

    The pass asks a noisy row for the answer's token, an undecided position of a state for what it
    became in the end.
    """

    batch: Pass
    drawn: Tensor  # int64 [rows asked]: the token that the position would have become
    decision: Tensor  # int64 [rows asked]: number of the decision, -1 where nothing was decided
    revealed: Tensor  # bool [rows asked]
    old_log_p: Tensor  # F32 [decisions], mean over the positions
    advantage: Tensor  # F32 [decisions]


def rollout_pass(rollouts: list[Rollout]) -> RolloutPass:
    """Every state of every rollout as a noisy group beside the rollout's clean stream."""
    samples, drawn, decision, revealed, old, advantage = [], [], [], [], [], []
    for rollout in rollouts:
        text = rollout.prompt + rollout.answer
        anchor = float(rollout.right)
        sample = Sample(np.array(text), len(rollout.prompt))
        rows = clean_rows(sample, prompt_weight=0.0)
        rows.parts[-1][-1] *= anchor
        for number, each in enumerate(rollout.decisions):
            # Behind the answer's end nothing became of what a state left undecided.
            known = sum(each.start + i < len(text) for i in each.indices)
            target = np.full(len(each.state), NO_TARGET)
            target[list(each.indices[:known])] = [
                text[each.start + i] for i in each.indices[:known]
            ]
            positions = np.arange(each.start, each.start + len(each.state))
            rows.add(each.state, positions, each.start - 1, number, target, anchor)
            asked = each.revealed[: max(0, known - 1)]
            drawn += each.token_ids[:known]
            decision += ([-1] + [len(old)] * len(asked) + [-1] * known)[:known]
            revealed += ([False, *asked] + [False] * known)[:known]
            old.append(each.log_p)
            advantage.append(rollout.advantage)
        samples.append(rows)
    return RolloutPass(
        stack(samples),
        torch.tensor(drawn),
        torch.tensor(decision),
        torch.tensor(revealed),
        torch.tensor(old),
        torch.tensor(advantage, dtype=torch.float32),
    )


def policy_loss(
    model: Transformer, rollouts: RolloutPass, config: OnPolicyConfig
) -> tuple[Tensor, dict[str, float]]:
    """Clipped policy loss (PPO, Schulman et al. 2017; a ratio a round as TraceRL, Wang et al. 2025,
    arXiv 2509.06949), plus the anchors; and what was measured."""
    batch = rollouts.batch
    hidden = model(batch.token_ids, batch.positions, batch.visible(), batch.marked)
    asked = batch.asked
    logits, target = model.logits(hidden[asked]).float(), batch.target[asked]
    never_drawn = torch.zeros(logits.shape[-1])
    never_drawn[[PAD, MASK]] = -torch.inf
    log_p = F.log_softmax(logits + never_drawn, dim=-1)
    noisy = batch.noisy[asked]
    decided = rollouts.decision >= 0
    confidence = log_p[noisy][decided].gather(-1, rollouts.drawn[decided, None])[:, 0].exp()
    score = reveal_score(confidence, config.threshold, config.softness)
    each = log_probability(score, rollouts.revealed[decided])
    decisions = len(rollouts.old_log_p)
    number = rollouts.decision[decided]
    counts = torch.bincount(number, minlength=decisions)
    new = each.new_zeros(decisions).index_add(0, number, each) / counts.clamp_min(1)
    ratio = (new - rollouts.old_log_p).exp()[counts > 0]
    clipped = ratio.clamp(1 - config.clip, 1 + config.clip)
    advantage = rollouts.advantage[counts > 0]
    gain = torch.minimum(ratio * advantage, clipped * advantage).mean()
    surprise = -log_p.gather(-1, target[:, None])[:, 0] * batch.weight[asked]
    next_token, masked = (
        surprise[rows].sum() / batch.weight[asked][rows].sum().clamp_min(1.0)
        for rows in (~noisy, noisy)
    )
    measured = {
        "ratio": ratio.mean().item(),
        "next_token": next_token.item(),
        "masked": masked.item(),
        "gain": gain.item(),
    }
    return config.anchor_weight * (next_token + masked) - gain, measured


def measured_run(lines: list[dict]) -> dict:
    """What a run's log says of the served policy by step, with the weight of the step before."""
    config, *rest = lines
    weight, points = 0.0, []
    for line in rest:
        if "measured" in line:
            figures = {name: line[name] for name in ("tokens_per_forward", "pass_at_1", "flops")}
            points.append({"step": line["measured"], **figures, "weight": weight})
        else:
            weight = line["weight"]
    return {
        "checkpoint": config["init"],
        "block_size": config["block_size"],
        "setting": f"policy=confident_prefix,threshold={config['threshold']}",
        "reward": config["reward"],
        "lines": points,
    }
