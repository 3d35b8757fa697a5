-- SPDX-FileCopyrightText: 2026 The rsyncgate authors
-- SPDX-License-Identifier: MIT

-- The journals of many servers: rsyncgate.journal has a row for each line. What brings the lines writes
-- them, as they stand in the journals, into rsyncgate.arrived, in any order and as often as it likes.

CREATE DATABASE IF NOT EXISTS rsyncgate;

CREATE TABLE IF NOT EXISTS rsyncgate.arrived (line String) ENGINE = Null;

-- A column is the field of that name: `rsyncgate audit schema` says what it means. What a record lacks
-- is empty, or null where 0 would say something. granted, confinement and facts are JSON. A line that is
-- no record of this version has another v than 1, and is kept as well: see rsyncgate.damaged.
CREATE TABLE IF NOT EXISTS rsyncgate.journal
(
    prev        String CODEC(ZSTD(1)),
    seq         UInt64,
    v           UInt8,
    ts          DateTime64(6, 'UTC'),
    event       LowCardinality(String),
    id          String,
    host        LowCardinality(String),
    client      LowCardinality(String),
    user        LowCardinality(String),
    home        LowCardinality(String),
    peer        LowCardinality(String),
    key         LowCardinality(String),
    pid         UInt32,
    version     LowCardinality(String),
    command     Nullable(String) CODEC(ZSTD(1)),
    secluded    Array(String),
    request     Tuple(role String, program String, options Array(String), paths Array(String)),
    reason      LowCardinality(String),
    message     String CODEC(ZSTD(1)),
    detail      String,
    rule        LowCardinality(String),
    granted     String CODEC(ZSTD(1)),
    sources     Array(Tuple(name String, real String)),
    argv        Array(String) CODEC(ZSTD(1)),
    confinement String CODEC(ZSTD(1)),
    status      Nullable(UInt16),
    signal      Nullable(UInt16),
    connection  LowCardinality(String),
    seconds     Nullable(Float64),
    bytes       Nullable(UInt64),
    by          LowCardinality(String),
    file        String,
    facts       String,
    line        String CODEC(ZSTD(3)),  -- the record as it came, to the byte
    hash        String CODEC(ZSTD(1))   -- of the line: the next record of the server has it as prev
)
ENGINE = ReplacingMergeTree  -- a line that was delivered twice is one row: see rsyncgate.records
PARTITION BY toYYYYMM(ts)
ORDER BY (host, client, ts, hash);
-- To keep two years:
--   ALTER TABLE rsyncgate.journal MODIFY TTL toDateTime(ts) + INTERVAL 2 YEAR DELETE WHERE v = 1;

-- A byte of a command that is no UTF-8 is \udc80 to \udcff in a record, half of a pair, for which
-- ClickHouse would refuse the whole line. So its backslash is doubled, and the columns have these six
-- characters. In `line` nothing is changed.
CREATE MATERIALIZED VIEW IF NOT EXISTS rsyncgate.arriving TO rsyncgate.journal AS
SELECT
    r.prev AS prev, r.seq AS seq, if(isNull(moment), 0, r.v) AS v,
    ifNull(parseDateTime64BestEffortOrNull(r.ts, 6, 'UTC') AS moment, toDateTime64(0, 6, 'UTC')) AS ts,
    r.event AS event, r.id AS id, r.host AS host, r.client AS client, r.user AS user, r.home AS home,
    r.peer AS peer, r.key AS key, r.pid AS pid, r.version AS version, r.command AS command,
    r.secluded AS secluded, r.request AS request, r.reason AS reason, r.message AS message,
    r.detail AS detail, r.rule AS rule, r.granted AS granted, r.sources AS sources, r.argv AS argv,
    r.confinement AS confinement, r.status AS status, r.signal AS signal, r.connection AS connection,
    r.seconds AS seconds, r.bytes AS bytes, r.by AS by, r.file AS file, r.facts AS facts,
    line, lower(hex(SHA256(line))) AS hash
FROM
(
    SELECT
        line,
        replaceRegexpAll(
            line, '(\\\\\\\\|\\\\ud[89ab]..\\\\ud[c-f]..)|(\\\\)(ud[89a-f]..)', '\\1\\2\\2\\3'
        ) AS json,
        JSONExtract(json, 'Tuple(
            prev String, seq UInt64, v UInt8, ts String, event String, id String, host String,
            client String, user String, home String, peer String, key String, pid UInt32,
            version String, command Nullable(String), secluded Array(String),
            request Tuple(role String, program String, options Array(String), paths Array(String)),
            reason String, message String, detail String, rule String, granted String,
            sources Array(Tuple(name String, real String)), argv Array(String), confinement String,
            status Nullable(UInt16), signal Nullable(UInt16), connection String,
            seconds Nullable(Float64), bytes Nullable(UInt64), by String, file String, facts String
        )') AS r
    FROM rsyncgate.arrived
);
