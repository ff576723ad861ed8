"""What a run has to make: its splits, and the jobs of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from training.data.protocols import PROTOCOLS, Split, halves, make_splits, sibling_share
from training.data.shards import Shards
from training.errors import TrainingError
from training.plan.ablations import Variation, photo_split, variations
from training.plan.jobs import HeadsJob, NetworkJob, Setting
from training.plan.networks_and_heads import Network, baseline_network, control_networks, task_networks
from training.presets import Preset


@dataclass(frozen=True)
class Plan:
    """The splits, those with training images held out from the networks, and why something cannot be made."""

    splits: tuple[Split, ...]
    fold_splits: tuple[Split, ...]
    not_made: Mapping[str, str]
    variations: tuple[Variation, ...] = ()
    baseline: bool = False

    @property
    def all_splits(self) -> tuple[Split, ...]:
        """All that networks are trained for."""
        return (*self.splits, *self.fold_splits, *(one.split for one in self.variations))

    @property
    def protocols(self) -> tuple[str, ...]:
        """The names of the protocols, each once."""
        return tuple(dict.fromkeys(split.protocol for split in self.splits))

    def of(self, protocol: str) -> list[Split]:
        """The splits of a protocol, one a round."""
        return [split for split in self.splits if split.protocol == protocol]

    def halves_of(self, protocol: str) -> list[Split]:
        """The splits of a protocol in which training images are held out."""
        return [split for split in self.fold_splits if split.protocol == protocol]


def make_plan(
    shards: Shards,
    preset: Preset,
    seed: int,
    protocols: Sequence[str] | None,
    before: Sequence[str] = (),
    *,
    ablations: bool = False,
    baseline: bool = False,
) -> Plan:
    """Plan the protocols, None for all that the shards allow, and those that the run folder already has.

    Raises TrainingError where a protocol cannot be made, but for `identity` that nobody asked for by name.
    """
    splits: list[Split] = []
    fold_splits: list[Split] = []
    not_made = {}
    for name in dict.fromkeys([*before, *(protocols or PROTOCOLS)]):
        try:
            splits += make_splits(name, shards, preset, seed)
        except TrainingError as error:
            if protocols is not None or name != "identity":
                raise
            not_made[f"Protocol {name}"] = str(error)
    for split in splits:
        if preset.out_of_fold and split.protocol in preset.control_protocols:
            try:
                fold_splits += halves(split, shards, preset, seed)
            except TrainingError as error:
                not_made[f"The held-out control of {split.name}"] = str(error)
    varied = variations(photo_split(splits), shards, preset, seed) if ablations else []
    return Plan(tuple(splits), tuple(fold_splits), not_made, tuple(varied), baseline)


def jobs_of(setting: Setting, plan: Plan) -> tuple[list[NetworkJob], list[HeadsJob]]:
    """All networks of a plan, then all their heads."""
    networks = [job for split in (*plan.splits, *plan.fold_splits) for job in network_jobs(setting, split)]
    if plan.baseline:
        residual = baseline_network(setting.tasks, setting.preset)
        networks += [NetworkJob(setting, split.name, residual) for split in plan.splits]
    heads = [heads_job(setting, split) for split in (*plan.splits, *plan.fold_splits)]
    tasks = tuple(task_networks(setting.tasks, setting.preset))
    for one in plan.variations:
        varied = replace(setting, preset=one.preset(setting.preset))
        networks += [NetworkJob(varied, one.split.name, network) for network in tasks]
        heads.append(HeadsJob(setting, one.split.name, tasks, kind="paper"))
    if plan.variations:
        heads.append(HeadsJob(setting, photo_split(plan.splits).name, tasks, kind="ablations"))
    return networks, heads


def network_jobs(setting: Setting, split: Split) -> list[NetworkJob]:
    """The networks of a split; with images held out, each makes as many passes over its share as a whole one."""
    if split.held:
        share = len(split.train) / (len(split.train) + split.held)
        steps = max(1, round(setting.preset.iterations * share))
        setting = replace(setting, preset=replace(setting.preset, iterations=steps))
    return [NetworkJob(setting, split.name, network) for network in _networks(setting, split)]


def heads_job(setting: Setting, split: Split) -> HeadsJob:
    """All heads of a split."""
    siblings = sibling_share(split, setting.preset.variants) > 0
    kind = "paper" if split.held else "all"
    return HeadsJob(setting, split.name, tuple(_networks(setting, split)), bool(split.held), siblings, kind)


def _networks(setting: Setting, split: Split) -> list[Network]:
    own = task_networks(setting.tasks, setting.preset)
    if split.held or split.protocol not in setting.preset.control_protocols:
        return own
    # A control that can answer nothing here is not trained; the identity network is, for its features.
    controls = control_networks(tuple(setting.classes), setting.preset)
    return [*own, *(network for network in controls if not set(network.targets) <= set(split.untested))]
