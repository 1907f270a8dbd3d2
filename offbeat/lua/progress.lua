-- PROGRESS: note how far a run is, unless it has ended or was forgotten.
-- KEYS  1 inflight  2 run
-- ARGV  1 run  2 fraction 0–1  3 stage  4 now (s)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('HSET', KEYS[2], 'state', 'running', 'progress', ARGV[2], 'stage', ARGV[3], 'progress_at', ARGV[4])
return 1
