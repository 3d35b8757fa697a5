# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The frame of the report's page, for str.format."""

from __future__ import annotations

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>rsyncgate: who pulled what</title>
<style>
:root {{
  --back: #fbfbf9; --card: #ffffff; --text: #23262b; --soft: #676d76; --line: #dfe1e4;
  --good: #2f8f5b; --bad: #d99a1c; --worse: #c8413b; --plain: #3b76bd;
}}
@media (prefers-color-scheme: dark) {{
  :root {{
    --back: #15171a; --card: #1e2125; --text: #e4e6e9; --soft: #9aa1ab; --line: #373c43;
    --good: #4cb97f; --bad: #e5b045; --worse: #ea6b64; --plain: #6aa3e6;
  }}
}}
body {{
  margin: 0 auto; padding: 2rem 1rem; max-width: 60rem; background: var(--back);
  color: var(--text); font: 15px/1.5 system-ui, sans-serif;
}}
h1 {{ font-size: 1.5rem; margin: 0; }}
h2 {{ font-size: 1.1rem; margin: 0; }}
p {{ margin: .2rem 0; color: var(--soft); }}
section {{
  margin: 1.2rem 0; padding: 1rem 1.2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 8px;
}}
.attention {{ border-left: 4px solid var(--worse); }}
.attention ul {{ margin: .4rem 0 0; padding-left: 1.2rem; }}
.calm {{ color: var(--good); margin-top: 1rem; }}
figure {{ margin: .5rem 0; overflow-x: auto; }}
svg {{ display: block; width: 100%; height: auto; }}
summary {{ cursor: pointer; color: var(--soft); }}
table {{ border-collapse: collapse; margin-top: .5rem; font-variant-numeric: tabular-nums; }}
th, td {{
  text-align: left; padding: .15rem 1.2rem .15rem 0; border-bottom: 1px solid var(--line);
}}
</style>
</head>
<body>
<header><h1>Who pulled what</h1>
<p>{span}, {records} records, made {made}</p></header>
{body}
</body>
</html>
"""
