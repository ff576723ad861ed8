"""`python -m training SHARDS RUN`: the experiments without the rest of the toolkit."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training import TrainingError, train_all


def main() -> int:
    """Read the arguments and train; 2 with one sentence for bad input, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m training", description="Train the paper's networks on shards.")
    parser.add_argument("shards", type=Path, help="folder of *.parquet")
    parser.add_argument("run", type=Path, help="folder for checkpoints, results and report; run again to go on")
    parser.add_argument("--preset", default="paper", help="paper, quick, or the path of a .toml (default: paper)")
    parser.add_argument("--protocols", help="photo, paper, identity, comma-separated (default: all that is possible)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, from --seed on (default: 1)")
    parser.add_argument("--workers", type=int, help="processes of one thread each (default: one a core)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    parser.add_argument("--full-schedule", action="store_true", help="all steps, also where the loss has flattened")
    parser.add_argument("--deterministic", action="store_true", help="the same bits each time on this machine")
    parser.add_argument("--baseline", action="store_true", help="a residual network under each protocol, too")
    parser.add_argument("--ablations", action="store_true", help="other fusions, widths, photographs, steps, too")
    parser.add_argument("--max-time", help="such as 2h or 90m: stop at a checkpoint in time")
    given = parser.parse_args()
    protocols = None
    if given.protocols is not None:
        protocols = [name.strip() for name in given.protocols.split(",") if name.strip()]
    try:
        train_all(
            given.shards,
            given.run,
            preset=given.preset,
            protocols=protocols,
            seed=given.seed,
            seeds=given.seeds,
            workers=given.workers,
            device=given.device,
            full_schedule=given.full_schedule,
            deterministic=given.deterministic,
            ablations=given.ablations,
            baseline=given.baseline,
            max_time=given.max_time,
        )
    except TrainingError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. Run the same command again to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
