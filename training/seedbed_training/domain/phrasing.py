"""The Javadoc line of an instance: short, and with one meaning only."""

from __future__ import annotations

import random

from .composition import SOURCES, TERMINALS
from .conditions import CONDITIONS
from .instance import Instance
from .maps import MAPS

_NOUNS = {
    "int": ("elements", "values", "numbers"),
    "char": ("characters",),
    "str": ("strings", "words"),
}
_PAIRS = {
    "pair_sums": "pairwise sums",
    "pair_differences": "pairwise differences",
    "pair_products": "pairwise products",
}

_TERMINALS = {
    "sum": ("the sum of {np}", "the total of {np}"),
    "product": ("the product of {np}",),
    "count": ("the number of {bare}", "the count of {bare}"),
    "max": ("the largest of {np}{default}", "the maximum of {np}{default}"),
    "min": ("the smallest of {np}{default}", "the minimum of {np}{default}"),
    "average": ("the integer average of {np}, or 0 if there are none",),
    "any": ("true if any of {np} {verb}", "true if at least one of {np} {verb}"),
    "all": ("true if all of {np} {verbs}", "true if {np} all {verbs}"),
    "none": ("true if none of {np} {verb}",),
    "first": ("the first of {np}{default}",),
    "last": ("the last of {np}{default}",),
    "first_index": ("the index of the first {one} of {src} that {verb}, or -1 if there is none",),
    "last_index": ("the index of the last {one} of {src} that {verb}, or -1 if there is none",),
    "count_distinct": ("the number of different values among {np}",),
    "ascending": ("true if {np} are in ascending order", "true if {np} never decrease"),
    "descending": ("true if {np} are in descending order", "true if {np} never increase"),
    "list": ("a list of {np}", "{np} as a list"),
    "reversed_list": ("a list of {np} in reverse order", "{np} as a reversed list"),
    "array": ("an array of {np}", "{np} as an array"),
    "join": ("{np} joined by commas", "a comma-separated string of {np}"),
    "running_totals": ("a list of the running totals of {np}",),
    "second_largest": ("the second largest distinct value of {np}, or -1 if there is none",),
    "spread": ("the difference between the largest and smallest of {np}, or 0 if there are none",),
    "alternating_sum": ("the alternating sum of {np}, starting with plus",),
    "longest_run": ("the length of the longest run of {np} that {verbs}",),
    "rises": ("the number of times one of {np} is greater than the one before",),
    "string": ("a string of {np}", "{np} as a string"),
    "reversed_string": ("a string of {np} in reverse order", "{np} as a reversed string"),
    "palindrome": ("true if {np} form a palindrome",),
    "concatenation": ("the concatenation of {np}",),
    "longest": ("the first longest of {np}, or an empty string if there are none",),
    "shortest": ("the first shortest of {np}, or an empty string if there are none",),
}

_POSTS = {
    "is_even": ("true if {r} is even",),
    "is_odd": ("true if {r} is odd",),
    "exceeds": ("true if {r} is greater than {k}", "true if {r} is above {k}"),
    "is_divisible": ("true if {r} is divisible by {k}",),
    "absolute": ("the absolute value of {r}",),
    "twice": ("twice {r}",),
    "squared": ("the square of {r}",),
    "plus": ("{k} more than {r}",),
    "at_most": ("the smaller of {k} and {r}",),
    "last_digit": ("the last digit of {r}",),
}


def _noun_phrase(instance: Instance, rng: random.Random) -> str:
    """The elements that reach the terminal, e.g. "the squares of the even elements of xs"."""
    composition = instance.composition
    source = SOURCES[composition.source]
    kind = source.kind
    noun = rng.choice(_NOUNS[kind])
    names = instance.source_names
    link = rng.choice(("of", "in"))
    tail = f" {link} {names[0]}"
    if source.name == "range":
        noun, tail = rng.choice(("integers", "numbers")), f" from 1 to {names[0]}"
    elif source.name in ("digits", "divisors"):
        noun, tail = source.name, f" of {names[0]}"
    elif source.name in _PAIRS:
        noun, tail = _PAIRS[source.name], f" of {names[0]} and {names[1]}"
    adjectives: list[str] = []
    postfixes: list[str] = []
    phrase = None  # set once a map or "before" closed the noun phrase

    def close() -> str:
        words = ["the", *adjectives, noun]
        if postfixes:
            words.append(" and ".join(postfixes))
        closed = " ".join(words) + (tail if phrase is None else f" among {phrase}")
        adjectives.clear()
        postfixes.clear()
        return closed

    open_ = True  # whether `noun` still waits to be closed
    for index, step in enumerate(composition.steps):
        operand = instance.operand(f"step{index}")
        k = operand.text if operand else ""
        if step.role == "map":
            mapping = MAPS[step.name]
            inner = close() if open_ else phrase
            if mapping.prefixes:
                phrase = f"the {mapping.prefixes[0].format(k=k)} of {inner}"
            else:
                phrase = f"{inner} {mapping.postfixes[0].format(k=k)}"
            kind, open_ = mapping.result, False
            continue
        condition = CONDITIONS[step.name]
        if step.role == "before":
            verb = rng.choice(condition.verbs)[0].format(k=k)
            phrase = f"{close()} before the first one that {verb}"
            open_ = False
            continue
        if not open_:
            open_ = True
            noun = {"int": "values", "char": "characters", "str": "strings"}[kind]
        if condition.nouns:
            noun = condition.nouns[0]
        elif condition.adjectives:
            adjectives.append(condition.adjectives[0])
        else:
            postfixes.append(rng.choice(condition.postfixes).format(k=k))
    return close() if open_ else phrase


def javadoc(instance: Instance, rng: random.Random) -> str:
    """One Javadoc line such as `/** Returns the sum of the even elements of xs. */`."""
    composition = instance.composition
    terminal = TERMINALS[composition.terminal]
    np = _noun_phrase(instance, rng)
    fields = {"np": np, "bare": np.removeprefix("the "), "default": ""}
    if terminal.predicate:
        operand = instance.operand("predicate")
        singular, plural = rng.choice(CONDITIONS[composition.predicate.name].verbs)
        k = operand.text if operand else ""
        fields |= {"verb": singular.format(k=k), "verbs": plural.format(k=k)}
    if terminal.default:
        none = "there is none" if terminal.name in ("first", "last") else "there are none"
        text = instance.operand("default").text
        shown = "an empty string" if text == '""' else text
        fields["default"] = f", or {shown} if {none}"
    if terminal.source_index:
        kind = SOURCES[composition.source].kind
        fields |= {"one": rng.choice(_NOUNS[kind])[:-1], "src": instance.source_names[0]}
    text = rng.choice(_TERMINALS[terminal.name]).format(**fields)
    clause = ""
    if composition.post:
        # "…, or 0 if there are none" belongs to the inner value, so it becomes a remark at the end.
        text, _, remark = text.partition(", ")
        operand = instance.operand("post")
        text = rng.choice(_POSTS[composition.post.name]).format(
            r=text, k=operand.text if operand else ""
        )
        if remark:
            text += f" ({remark.replace('or ', 'taken as ')})"
    if composition.guard:
        empty = instance.operand("guard").text
        clause = f", or {empty} if {instance.source_names[0]} is empty"
        text = text.replace(", or 0 if there are none", " (0 if there are none)")
    boolean = text.startswith("true if ")
    if boolean:
        text = rng.choice(
            (
                f"Returns {text}",
                f"Returns {text}",
                f"Checks whether {text.removeprefix('true if ')}",
            )
        )
    else:
        text = rng.choice((f"Returns {text}", f"Returns {text}", f"Computes {text}"))
    return f"/** {text}{clause}. */"
