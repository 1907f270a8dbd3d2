-- TRANSITION: move a run to another state, if nobody was faster: compare owner, attempt and state, then set.
-- KEYS  1 run  2 inflight  3 due of the owner  4 job
-- ARGV  1 run_id  2 owner, or '' for an analyzer, which may not know it  3 new state  4 attempt
--       5 states from which the same attempt may move, as ',a,b,'  6 states from which an earlier attempt may
--       7 look again after (s), or ''  8 TTL of the job key (s), or ''  9… field, value, field, value, …
-- Returns 'ok'; 'unknown' (no such run without a result), 'foreign' (of another owner) or 'stale' (others were faster).
if not redis.call('ZSCORE', KEYS[2], ARGV[1]) then return 'unknown' end
local record = redis.call('HMGET', KEYS[1], 'owner', 'state', 'attempt')
if ARGV[2] ~= '' and record[1] ~= ARGV[2] then return 'foreign' end
local state, attempt, new = record[2] or 'claimed', tonumber(record[3]) or 0, ARGV[3]
if attempt > tonumber(ARGV[4]) then return 'stale' end
local allowed = attempt == tonumber(ARGV[4]) and ARGV[5] or ARGV[6]
if not string.find(allowed, ',' .. state .. ',', 1, true) then return 'stale' end
if new == 'launched' and state == 'running' and attempt == tonumber(ARGV[4]) then new = 'running' end
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
local changes = {'HSET', KEYS[1], 'state', new, 'attempt', ARGV[4]}
for index = 9, #ARGV do
  changes[#changes + 1] = ARGV[index] == '@now' and now or ARGV[index]
end
redis.call(unpack(changes))
if ARGV[7] ~= '' then redis.call('ZADD', KEYS[3], now + ARGV[7], ARGV[1]) end
if ARGV[8] ~= '' then redis.call('SET', KEYS[4], ARGV[1], 'EX', ARGV[8]) end
return 'ok'
