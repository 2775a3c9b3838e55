"""On-policy learning: fewer rounds for the same right answers.

Seed Diffusion (Song et al. 2025, arXiv 2508.02193, section 3.3) learns from its own trajectories
whose answer a verifier accepts, by the log-derivative trick, and shortens them through a surrogate
of their length, the mean of 1 / distance between states; the paper gives no exact loss. A round
that reveals n tokens moves the state by n, so the surrogate is here the mean of 1 / n.

Served by `confident_prefix`, position i is revealed when all undecided ones before it are and its
confidence c exceeds the threshold t. A rollout reveals it with probability sigmoid((logit c -
logit t) / softness) instead, so that every prefix has a probability that is differentiable in the
confidences, and so has the expectation of 1 / n in a state. Tokens are the most probable ones, as
served at temperature 0. The loss is

    - clipped gain of V  +  weight * E[1 / n], in states of right answers  +  anchors

with V 1 when the answer compiles and runs right, else 0. The expectation is taken, not drawn: with
rollouts alone one does not tell in fifty steps which of some sixty reveals made one shorter.
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
    steps: int = 340
    prompts: int = 24  # a step
    group: int = 2  # rollouts a prompt; their mean reward is the baseline
    threshold: float = 0.98
    softness: float = 0.5  # logits; 0 would be the served policy
    block_size: int = 32
    learning_rate: float = 1.5e-4
    updates: int = 2  # on the rollouts of a step
    clip: float = 0.2
    # Of the cross-entropy on right answers, of next tokens (keeps `exact` exact) and of the masks
    # of the rollouts' states. Wrong answers are no anchor.
    anchor_weight: float = 1.0
    anchor_tokens: int = 512  # an update, of the data set of anchors if there is one
    least_spread: float = 0.1  # added to the spread of a group's rewards, which divides advantages
    # "surrogate", or "length": V - rounds by the log-derivative trick alone, which the paper found
    # unstable.
    reward: str = "surrogate"
    weight_rise: float = 0.2  # of the surrogate, a step, while pass@1 holds
    most_weight: float = 4.0
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
        self._make_visible(chosen, drawn)


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


def reward(right: bool, rounds: int, kind: str) -> float:
    return float(right) - (rounds if kind == "length" else 0)


@dataclass
class SpeedWeight:
    """The weight of the surrogate: raised while pass@1 holds, lowered while it does not."""

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
        self.recent += 0.1 * (pass_at_1 - self.recent)
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

    @property
    def rows(self) -> int:
        """Of its pass."""
        states = sum(len(decision.state) for decision in self.decisions)
        return len(self.prompt) + len(self.answer) + states


@dataclass(frozen=True)
class RolloutPass:
    """A pass, and for its asked noisy rows, in order, what was decided there.

    The pass asks a noisy row for the answer's token, an undecided position of a state for what it
    became in the end.
    """

    batch: Pass
    drawn: Tensor  # int64 [rows asked]: the token that the position would have become
    state: Tensor  # int64 [rows asked]: number of the state
    place: Tensor  # int64 [rows asked]: how many undecided positions come before it in its state
    decided: Tensor  # bool [rows asked]: whether it was decided if it is revealed
    revealed: Tensor  # bool [rows asked]
    old_log_p: Tensor  # F32 [states], mean over what was decided
    advantage: Tensor  # F32 [states]
    right: Tensor  # bool [states]


def rollout_pass(rollouts: list[Rollout]) -> RolloutPass:
    """Every state of every rollout as a noisy group beside the rollout's clean stream."""
    samples, columns, states = [], [], []
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
            for place in range(known):
                decided = 1 <= place <= len(each.revealed)
                revealed = decided and each.revealed[place - 1]
                columns.append((each.token_ids[place], len(states), place, decided, revealed))
            states.append((each.log_p, rollout.advantage, rollout.right))
        samples.append(rows)
    drawn, state, place, decided, revealed = torch.tensor(columns, dtype=torch.int64).T
    old_log_p, advantage, right = torch.tensor(states, dtype=torch.float32).T
    return RolloutPass(
        stack(samples),
        drawn,
        state,
        place,
        decided.bool(),
        revealed.bool(),
        old_log_p,
        advantage,
        right.bool(),
    )


def policy_loss(
    model: Transformer, rollouts: RolloutPass, config: OnPolicyConfig, speed_weight: float = 0.0
) -> tuple[Tensor, dict[str, float]]:
    """The loss, and what was measured. The gain is clipped as in PPO (Schulman et al. 2017), with a
    ratio a round as in TraceRL (Wang et al. 2025, arXiv 2509.06949)."""
    batch = rollouts.batch
    hidden = model(batch.token_ids, batch.positions, batch.visible(), batch.marked)
    asked = batch.asked
    logits, target = model.logits(hidden[asked]).float(), batch.target[asked]
    never_drawn = torch.zeros(logits.shape[-1])
    never_drawn[[PAD, MASK]] = -torch.inf
    log_p = F.log_softmax(logits + never_drawn, dim=-1)
    noisy = batch.noisy[asked]
    confidence = log_p[noisy].gather(-1, rollouts.drawn[:, None])[:, 0].exp()
    score = reveal_score(confidence, config.threshold, config.softness)
    gain, ratio = _clipped_gain(score, rollouts, config.clip)
    surrogate = _surrogate(torch.sigmoid(score), rollouts, target[noisy])
    surprise = -log_p.gather(-1, target[:, None])[:, 0] * batch.weight[asked]
    next_token, masked = (
        surprise[rows].sum() / batch.weight[asked][rows].sum().clamp_min(1.0)
        for rows in (~noisy, noisy)
    )
    loss = config.anchor_weight * (next_token + masked) - gain + speed_weight * surrogate
    figures = {
        "ratio": ratio,
        "surrogate": surrogate,
        "next_token": next_token,
        "masked": masked,
        "gain": gain,
    }
    return loss, {name: figure.item() for name, figure in figures.items()}


def _clipped_gain(score: Tensor, rollouts: RolloutPass, clip: float) -> tuple[Tensor, Tensor]:
    """Mean over the states in which something was decided, and the mean ratio there."""
    decided = rollouts.decided
    each = log_probability(score[decided], rollouts.revealed[decided])
    states = len(rollouts.old_log_p)
    counts = torch.bincount(rollouts.state[decided], minlength=states)
    new = each.new_zeros(states).index_add(0, rollouts.state[decided], each) / counts.clamp_min(1)
    ratio = (new - rollouts.old_log_p).exp()[counts > 0]
    advantage = rollouts.advantage[counts > 0]
    clipped = ratio.clamp(1 - clip, 1 + clip) * advantage
    return torch.minimum(ratio * advantage, clipped).mean(), ratio.mean()


def _surrogate(probability: Tensor, rollouts: RolloutPass, answer: Tensor) -> Tensor:
    """Mean of E[1 / n] over the states of right answers.

    Past the first position that would have become another token than it did in the end, more
    tokens a round are not wanted.
    """
    shape = len(rollouts.old_log_p), int(rollouts.place.max()) + 2
    wanted = probability * (rollouts.drawn == answer)
    first = rollouts.place == 0  # always revealed
    reveals = probability.new_zeros(shape).index_put(
        (rollouts.state, rollouts.place), torch.where(first, torch.ones_like(wanted), wanted)
    )
    at_least = reveals.cumprod(1)[:, :-1]  # P(n >= k), k from 1
    exactly = at_least * (1 - reveals[:, 1:])
    inverse = 1 / torch.arange(1, shape[1], dtype=torch.float32)
    expected = (exactly * inverse).sum(1)
    return (expected * rollouts.right).sum() / rollouts.right.sum().clamp_min(1)


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
