# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Attacks that learn what lies outside from how the server answers, without a byte of it."""

from __future__ import annotations

from attack.model import LEAK, Attack

PULL = "rsync --server --sender -r . <root>/"
RULES = {
    "rules-merged": ". <outside>/rules",
    "rules-merged-as-excludes": ".- <outside>/rules",
    "rules-merged-by-word": ".-w <outside>/rules",
    "rules-of-directories": ": to-rules",
    "rules-of-directories-as-excludes": ":- to-rules",
    "rules-above": ":- /above",
    "rules-by-symlink": ".- <root>/to-rules",
}
"""Filter rules that the client sends within the protocol, where no check of a command sees them."""
OPTIONS = {
    "rules-on-the-line": ("--filter", "'--filter=. <outside>/rules'", ()),
    "excludes-on-the-line": ("--exclude-from", "--exclude-from=<outside>/rules", ()),
    "rules-and-confine-root": ("--confine-root of the client's", "--confine-root=/",
                               (".- <outside>/rules",)),
    "rules-told-by-debug": ("--debug", "--debug=FILTER3", (".- <outside>/rules",)),
}  # fmt: skip
EXISTENCE = {
    "existence": ("what an error tells", "-r . <outside>/maybe"),
    "existence-by-wildcard": ("wildcards", "-r . <outside>/may*/"),
    "existence-by-symlink": ("a symlink as argument", "-r . <root>/to-maybe/"),
    "existence-by-link": ("symlinks followed", "-dL . <root>/"),
    "existence-by-list": ("what an error tells", "-r --files-from=<outside>/maybe . <root>/"),
}

ATTACKS = [
    *(Attack(name, LEAK, "CVE-2026-53802", PULL, rules=(rule,), varies="rules")
      for name, rule in RULES.items()),
    *(Attack(name, LEAK, stands_for, PULL.replace(".", f"{option} ."), rules=rules, varies="rules")
      for name, (stands_for, option, rules) in OPTIONS.items()),
    *(Attack(name, LEAK, stands_for, f"rsync --server --sender {options}", rules=(), varies="maybe")
      for name, (stands_for, options) in EXISTENCE.items()),
]  # fmt: skip
