-- SPDX-FileCopyrightText: 2026 The rsyncgate authors
-- SPDX-License-Identifier: MIT

-- What the log host has, into ClickHouse, as often as you like: run on the log host. A shipper that writes
-- to ClickHouse itself does the same with each line: INSERT INTO rsyncgate.arrived (line).

INSERT INTO rsyncgate.arrived (line)
FROM INFILE '/var/log/rsyncgate-hosts/*/*.jsonl*' FORMAT LineAsString;
