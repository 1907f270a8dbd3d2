-- LAUNCHED: note that an attempt of a run has its Job. Attempts only grow, so a late note changes nothing.
-- KEYS  1 inflight  2 run  3 job
-- ARGV  1 run  2 attempt  3 name of the Job  4 job_id as JSON  5 now (s)  6 TTL of the job key (s)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
if tonumber(redis.call('HGET', KEYS[2], 'attempt') or 0) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[2], 'attempt', ARGV[2], 'job', ARGV[3], 'job_id', ARGV[4], 'state', 'launched', 'launched_at', ARGV[5])
redis.call('SET', KEYS[3], ARGV[1], 'EX', ARGV[6])
return 1
