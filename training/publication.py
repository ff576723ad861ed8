"""What the paper reports: Li and Zhu, *Learning and Fusing Multimodal Features*, arXiv 1610.04322, Tables 1 and 2."""

TASKS = ("identity", "age_group", "race", "gender")
ATTRIBUTES = ("age_group", "race", "gender")
FUSIONS = ("own", "other_three", "all")

TITLES = {"identity": "Identity", "age_group": "Age", "race": "Race", "gender": "Gender", "subgroup": "Subgroup"}

# Table 1: accuracy of a task (second key) on the frozen features of a network (first key).
TABLE_1 = {
    "identity": {"identity": 0.602, "age_group": 0.832, "race": 0.830, "gender": 0.923},
    "age_group": {"identity": 0.236, "age_group": 0.691, "race": 0.584, "gender": 0.769},
    "race": {"identity": 0.248, "age_group": 0.623, "race": 0.677, "gender": 0.767},
    "gender": {"identity": 0.228, "age_group": 0.631, "race": 0.583, "gender": 0.843},
}

# Table 2: accuracy of a task on its own features, on those of the other three networks, on all four.
TABLE_2 = {
    "own": {"identity": 0.602, "age_group": 0.691, "race": 0.677, "gender": 0.843},
    "other_three": {"identity": 0.453, "age_group": 0.873, "race": 0.869, "gender": 0.949},
    "all": {"identity": 0.674, "age_group": 0.892, "race": 0.899, "gender": 0.961},
}


def placebo_of(task: str) -> str:
    """The target that has a task's labels dealt anew among people, so that they mean nothing."""
    return f"placebo-{task}"


def is_placebo(target: str) -> bool:
    """Whether a target's labels mean nothing."""
    return target in map(placebo_of, ATTRIBUTES)


TITLES |= {placebo_of(task): f"{TITLES[task]}, placebo" for task in ATTRIBUTES}


def fusion_title(kind: str, tasks: int) -> str:
    """What a row of Table 2 is called where so many tasks have labels: "other three", "all four" in the paper."""
    others, everything = {
        1: ("no other", "its one"),
        2: ("other", "both"),
        3: ("other two", "all three"),
        4: ("other three", "all four"),
    }[tasks]
    return {"own": "own", "other_three": others, "all": everything}[kind]
