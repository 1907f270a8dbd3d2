-- REGISTER: enter a run again after Redis has lost it, from its Job or from a launch under way. Safe to repeat.
-- KEYS  1 settled  2 run  3 inflight  4 due of the owner  5 dedup  6 job
-- ARGV  1 run_id  2 owner  3 message  4 job_id as JSON  5 attempt  6 state  7 name of the Job, or ''  8 TTL of the job key (s)
-- Returns what the run is: 'settled', 'known' or 'registered'.
local settled = redis.call('GET', KEYS[1])
if settled and settled ~= 'delivering' then return 'settled' end
if redis.call('ZSCORE', KEYS[3], ARGV[1]) and redis.call('HGET', KEYS[2], 'owner') then return 'known' end
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
local sha = redis.sha1hex(ARGV[3])
redis.call('HSET', KEYS[2], 'owner', ARGV[2], 'state', ARGV[6], 'attempt', ARGV[5], 'job', ARGV[7], 'sha', sha,
  'job_id', ARGV[4], 'claimed_at', now, 'raw', ARGV[3])
local other = redis.call('HGET', KEYS[5], sha)
if not other or not redis.call('ZSCORE', KEYS[3], other) then redis.call('HSET', KEYS[5], sha, ARGV[1]) end
redis.call('SET', KEYS[6], ARGV[1], 'EX', ARGV[8])
redis.call('ZADD', KEYS[4], now, ARGV[1])
redis.call('ZADD', KEYS[3], now, ARGV[1]) -- last: by it the next call knows that all is there
return 'registered'
