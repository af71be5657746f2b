-- The view `events` shows the events in a bucket to DuckDB, with the columns and values of the API.
-- sql.md beside this file explains how to use it, also on OSS, and has recipes.
--
--     duckdb -init infra/operate/views.sql
--
-- The variable device_trace is the folder or URL that contains events/. The default is the bucket
-- of `make run`. To read another one, set the variable before or after this file is read; the view
-- uses its current value:
--
--     SET VARIABLE device_trace = 's3://my-bucket';
--
-- The macros after the view answer frequent questions.

SET VARIABLE device_trace = coalesce(getvariable('device_trace'), '.data/oss/objects');

-- Times are printed in this zone. The column day is the UTC date in any case.
SET TimeZone = 'UTC';

CREATE OR REPLACE VIEW events AS
WITH stored AS (
    -- The instance comes from the file's name, because DuckDB treats a partition named "null" as
    -- unknown. In the bucket of `make run`, the names are percent-encoded.
    SELECT * REPLACE (url_decode(regexp_extract(filename, '.*/instance=([^/]+)/', 1)) AS instance)
    FROM read_parquet(
        getvariable('device_trace') || '/events/instance=*/shard=*/day=*/l[0-9][0-9][0-9][0-9]-*.parquet',
        filename = true, hive_partitioning = true,
        hive_types = {'instance': VARCHAR, 'shard': VARCHAR, 'day': DATE})
    -- Like Device Trace, ignore objects whose names do not have one of these forms.
    WHERE regexp_matches(filename, '/l(0000-[0-9a-f]{32}-[0-9]{6}|[0-9]{4}-[0-9a-f]{64}(-[0-9]+){1,5})\.parquet$')
), distinct_events AS (
    -- An event can have several rows: each object of a run repeats the rows of the previous objects,
    -- inputs of a compaction exist until they are deleted, and brokers deliver events repeatedly. The
    -- view shows the row that was received first. If two rows were received in the same millisecond,
    -- the other fields of `first` decide. The other columns identify the event, except shard and day,
    -- which follow from client_id and time. Grouping by shard and day lets DuckDB read only the
    -- partitions that a query needs.
    SELECT
        instance, shard, day, client_id, time, source_event_id, native_event, native_reason, channel_id,
        connected_for_ms, peer_address, peer_port, node,
        min({
            'received_delay_ms': received_delay_ms, 'action': action, 'action_info': action_info,
            'reason_code': reason_code, 'username': username, 'protocol': protocol,
            'protocol_version': protocol_version, 'keep_alive': keep_alive, 'clean_start': clean_start,
            'source': source, 'time_origin': time_origin}) AS first
    FROM stored
    GROUP BY ALL
), flat AS (
    SELECT * EXCLUDE (first), unnest(first) FROM distinct_events
)
SELECT
    client_id,
    instance AS instance_id,
    CASE WHEN contains(client_id, '@@@') THEN split_part(client_id, '@@@', 1) ELSE '' END AS group_id,
    CASE WHEN contains(client_id, '@@@') THEN substr(client_id, instr(client_id, '@@@') + 3) ELSE client_id END
        AS device_id,
    time,
    action,
    action_info,
    -- If the source sent no channel, it is derived as FORMAT.md describes.
    CASE
        WHEN channel_id <> '' THEN channel_id
        WHEN connected_for_ms IS NOT NULL THEN md5(concat(
            strlen(instance), ':', instance, strlen(client_id), ':', client_id, strlen(node), ':', node,
            strlen((epoch_ms(time) - connected_for_ms)::VARCHAR), ':', epoch_ms(time) - connected_for_ms))
        WHEN peer_address <> '' AND peer_port <> 0 THEN md5(concat(
            strlen(instance), ':', instance, strlen(client_id), ':', client_id, strlen(node), ':', node,
            strlen(peer_address), ':', peer_address, strlen(peer_port::VARCHAR), ':', peer_port))
        ELSE ''
    END AS channel_id,
    native_event,
    native_reason,
    nullif(reason_code, -1) AS reason_code,
    time - to_milliseconds(connected_for_ms) AS connected_at,
    time + to_milliseconds(received_delay_ms) AS received_at,
    peer_address,
    peer_port,
    username,
    node,
    protocol,
    protocol_version,
    nullif(keep_alive, -1) AS keep_alive,
    nullif(clean_start, -1) <> 0 AS clean_start,
    source,
    source_event_id,
    time_origin,
    -- The kind of the event, as the API counts events in a fleet.
    CASE
        WHEN action = 'close' AND native_event IN ('client.connack', 'client.check_authn_complete', 'client_connack',
            'connack', 'connect_failed', 'refused', 'was disconnected during CONNECT') THEN 'refusal'
        WHEN action = 'connect' AND action_info IN ('accepted', '') THEN 'connect'
        WHEN action = 'connect' THEN 'refusal'
        WHEN action = 'disconnect' THEN 'disconnect'
        WHEN action_info = 'not authorized' AND connected_for_ms IS NULL THEN 'refusal'
        ELSE 'drop'
    END AS kind,
    instance,
    shard,
    day
FROM flat;

-- device(i, c) returns the events of the client c of the instance i. It reads only the client's
-- shard.
CREATE OR REPLACE MACRO device(i, c) AS TABLE
    SELECT * FROM events WHERE instance = i AND client_id = c AND starts_with(md5(c), shard);

-- Recipes. Each is a table macro: FROM top_reasons('prod', '2026-11-22');

-- dropped_at(i, t) lists the drops of the instance i in the minute (UTC) that contains t.
CREATE OR REPLACE MACRO dropped_at(i, t) AS TABLE
    SELECT time, client_id, username, node, peer_address, action_info, native_reason
    FROM events
    WHERE instance = i AND day = CAST(left(t, 10) AS DATE) AND kind = 'drop'
        AND date_trunc('minute', time AT TIME ZONE 'UTC') = date_trunc('minute', CAST(t AS TIMESTAMP))
    ORDER BY time, client_id;

-- top_reasons(i, d) counts the ends and refusals of the instance i on the UTC day d by reason.
CREATE OR REPLACE MACRO top_reasons(i, d) AS TABLE
    SELECT kind, action, action_info, count(*) AS events, count(DISTINCT client_id) AS devices
    FROM events
    WHERE instance = i AND day = CAST(d AS DATE) AND kind <> 'connect'
    GROUP BY ALL
    ORDER BY events DESC, action, action_info, kind;

-- flapping(i, d) lists the devices of the instance i with at least ten drops on the UTC day d.
CREATE OR REPLACE MACRO flapping(i, d) AS TABLE
    SELECT client_id, count(*) FILTER (kind = 'drop') AS drops, count(*) FILTER (kind = 'connect') AS connects,
        coalesce(arg_max(username, time) FILTER (username <> ''), '') AS username,
        coalesce(arg_max(node, time) FILTER (node <> ''), '') AS node, max(time) AS last_event
    FROM events
    WHERE instance = i AND day = CAST(d AS DATE)
    GROUP BY client_id
    HAVING drops >= 10
    ORDER BY drops DESC, client_id;

-- used_by(i, u) lists the devices of the instance i that used the user name u, on all days that the
-- bucket still holds.
CREATE OR REPLACE MACRO used_by(i, u) AS TABLE
    SELECT client_id, min(time) AS first_event, max(time) AS last_event, count(*) AS events,
        list_sort(list(DISTINCT peer_address) FILTER (peer_address <> '')) AS addresses
    FROM events
    WHERE instance = i AND username = u
    GROUP BY client_id
    ORDER BY client_id;

-- device_days(i, c, m) counts the events of the client c of the instance i on each UTC day of the
-- month m, such as '2026-11'. It omits days without events.
CREATE OR REPLACE MACRO device_days(i, c, m) AS TABLE
    SELECT day, count(*) FILTER (kind = 'connect') AS connects, count(*) FILTER (kind = 'drop') AS drops,
        count(*) FILTER (kind = 'disconnect') AS disconnects, count(*) FILTER (kind = 'refusal') AS refusals,
        min(time) AS first_event, max(time) AS last_event
    FROM device(i, c)
    WHERE day BETWEEN CAST(m || '-01' AS DATE) AND last_day(CAST(m || '-01' AS DATE))
    GROUP BY day
    ORDER BY day;
