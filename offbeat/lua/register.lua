-- REGISTER: enter a run again from its Job, after Redis has forgotten it.
-- KEYS  1 settled  2 inflight  3 finishing  4 dedup  5 run
-- ARGV  1 run  2 message  3 sha1 of the message  4 job_id as JSON  5 attempt  6 now (s)
-- Returns what the run is: 'settled', 'inflight' (it was known) or 'registered'.
if redis.call('EXISTS', KEYS[1]) == 1 then return 'settled' end
if redis.call('ZSCORE', KEYS[2], ARGV[1]) then return 'inflight' end
redis.call('ZADD', KEYS[2], ARGV[6], ARGV[1])
redis.call('HSETNX', KEYS[4], ARGV[3], ARGV[1])
redis.call('HSET', KEYS[5], 'raw', ARGV[2], 'sha', ARGV[3], 'job_id', ARGV[4], 'attempt', ARGV[5],
  'state', 'launched', 'claimed_at', ARGV[6])
return 'registered'
