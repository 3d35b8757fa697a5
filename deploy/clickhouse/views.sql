-- SPDX-FileCopyrightText: 2026 The rsyncgate authors
-- SPDX-License-Identifier: MIT

-- What `rsyncgate audit` says of one server's journal, for the journals of all. Times and days are UTC.

-- Every record once, however often it was delivered. `audit list` and `audit show ID` are
--   SELECT line FROM rsyncgate.records WHERE host = 'web01' AND event = 'refused' ORDER BY ts
--   SELECT line FROM rsyncgate.records WHERE id = 'ID' ORDER BY ts
-- and --path P is  WHERE arrayExists(p -> p = 'P' OR startsWith(p, 'P/'), paths)
CREATE OR REPLACE VIEW rsyncgate.records AS
SELECT
    *,
    event = 'finished' AND ifNull(status, 1) = 0 AS success,
    arrayMap(
        p -> if(p = '/', p, trimRight(p, '/')),
        arrayConcat(request.paths, sources.name, sources.real, if(file = '', [], [file]))
    ) AS paths
FROM rsyncgate.journal FINAL
WHERE v = 1;

-- What is no record: torn by a crash, foreign, or of a later version.
CREATE OR REPLACE VIEW rsyncgate.damaged AS
SELECT line FROM rsyncgate.journal FINAL WHERE v != 1;

-- Who pulled what, when, and how it ended.
CREATE OR REPLACE VIEW rsyncgate.sessions AS
SELECT
    r.host AS host,
    r.id AS id,
    min(r.ts) AS began,
    maxOrNullIf(r.ts, r.event = 'finished') AS ended,
    any(r.client) AS client,
    any(r.peer) AS peer,
    any(r.key) AS key,
    any(r.command) AS command,
    argMax(r.paths, length(r.paths)) AS paths,
    multiIf(
        has(groupArray(r.event) AS events, 'refused'), 'refused',
        has(events, 'error'), 'error',
        max(r.success), 'succeeded',
        has(events, 'finished'), 'failed',
        has(events, 'captured'), 'captured',
        'unfinished'
    ) AS outcome,
    max(r.reason) AS reason,
    max(r.rule) AS rule,
    max(r.status) AS status,
    max(r.signal) AS signal,
    max(r.connection) AS connection,
    max(r.seconds) AS seconds,
    max(r.bytes) AS bytes
FROM rsyncgate.records AS r
WHERE r.event IN ('captured', 'allowed', 'refused', 'finished', 'error')
GROUP BY r.host, r.id;

-- The refusals by reason.
CREATE OR REPLACE VIEW rsyncgate.refusals AS
SELECT host, client, reason, count() AS count, min(ts) AS first, max(ts) AS last
FROM rsyncgate.records
WHERE event = 'refused' AND client != ''
GROUP BY host, client, reason;

-- Each client of each server by day.
CREATE OR REPLACE VIEW rsyncgate.days AS
SELECT
    r.host AS host,
    r.client AS client,
    toDate(r.ts) AS date,
    countIf(r.event = 'allowed') AS allowed,
    countIf(r.success) AS succeeded,
    countIf(r.event = 'finished' AND NOT r.success) AS failed,
    countIf(r.event = 'refused') AS refused,
    sumIf(ifNull(r.bytes, 0), r.event = 'finished') AS bytes,
    countIf(r.event = 'captured') AS captured,
    countIf(r.event = 'error') AS errors,
    maxOrNullIf(r.ts, r.success) AS last_success
FROM rsyncgate.records AS r
WHERE r.client != ''
GROUP BY r.host, r.client, date;

-- `audit summary`: each client's last success, requests, bytes and refusals.
CREATE OR REPLACE VIEW rsyncgate.clients AS
SELECT
    d.host AS host,
    d.client AS client,
    max(d.last_success) AS last_success,
    sum(d.allowed + d.refused + d.captured) AS requests,
    sum(d.captured) AS captured,
    sum(d.errors) AS errors,
    sum(d.allowed) AS allowed,
    sum(d.succeeded) AS succeeded,
    sum(d.failed) AS failed,
    sum(d.refused) AS refused,
    sum(d.bytes) AS bytes
FROM rsyncgate.days AS d
GROUP BY d.host, d.client;

-- What needs attention, 0 the most urgent, by the rules of `audit summary`. A client is late where its
-- last success is half as long again ago, and an hour, as the longest pause that is usual between the
-- last 64 hours in which it had one.
CREATE OR REPLACE VIEW rsyncgate.attention AS
SELECT
    concern.1 AS urgent,
    host,
    client,
    concern.2 AS what,
    '' AS reason,
    concern.3 AS since,
    concern.4 AS times
FROM
(
    SELECT
        host,
        client,
        maxOrNullIf(ts, success) AS succeeded,
        countIf(event IN ('allowed', 'refused')) AS asked,
        maxIf(ts, event IN ('allowed', 'refused')) AS served,
        countIf(event = 'captured') AS captured,
        minIf(ts, event = 'captured') AS learned,
        maxIf(ts, event = 'captured') AS learned_last,
        countIf(event = 'error') AS errors,
        maxIf(ts, JSONHas(confinement, 'landlock')) AS held,
        maxIf(ts, confinement != '' AND NOT JSONHas(confinement, 'landlock')) AS open,
        arraySort(groupUniqArrayIf(toUnixTimestamp(toStartOfHour(ts)), success)) AS hours,
        arraySort(arrayPopFront(arrayDifference(arraySlice(hours, -64)))) AS pauses,
        multiIf(length(pauses) < 3, NULL, length(pauses) = 3, pauses[3], pauses[-2]) AS usual
    FROM rsyncgate.records
    WHERE client != ''
    GROUP BY host, client
)
ARRAY JOIN arrayFilter(c -> c.5, [
    (0, 'late', succeeded, 0, ifNull(now64(6) > succeeded + toIntervalSecond(usual * 1.5 + 3600), 0)),
    (0, 'future', succeeded, 0, ifNull(succeeded > now64(6) + toIntervalSecond(3600), 0)),
    (0, 'never', NULL, asked, isNull(succeeded) AND asked > 0),
    (1, 'unconfined', open, 0, open > held),
    (1, 'fault', NULL, errors, errors > 0),
    (3, 'learning', greatest(learned, served), captured, learned_last > served)
]) AS concern
UNION ALL
SELECT 2, host, client, 'refusal', reason, first, count
FROM rsyncgate.refusals
WHERE first >= now64(6) - INTERVAL 7 DAY;

-- Where a server's chain misses a record, or has one that was changed, before the record of this row.
-- The oldest record of a server is one as well once older ones were deleted.
CREATE OR REPLACE VIEW rsyncgate.gaps AS
SELECT host, seq, ts, id, prev
FROM rsyncgate.records
WHERE prev != '' AND prev NOT IN (SELECT hash FROM rsyncgate.journal);
