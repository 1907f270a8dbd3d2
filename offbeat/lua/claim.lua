-- CLAIM: take messages out of the queue, each as a run with a place of its own, up to the cap.
-- Nothing is parsed here: cjson would turn large integers into doubles.
-- KEYS  1 queue  2 inflight  3 finishing  4 dedup  5 stats
-- ARGV  1 cap  2 most to take  3 now (s)  4 prefix of the run keys
-- Returns {run, message, run, message, …}; identical bytes already in flight join the run that is.
local free = tonumber(ARGV[1]) - redis.call('ZCARD', KEYS[2]) - redis.call('ZCARD', KEYS[3])
local left = math.min(free, tonumber(ARGV[2]))
local looks = 1000 -- so that a queue full of twins cannot hold Redis up
local claimed = {}
while left > 0 and looks > 0 do
  looks = looks - 1
  local raw = redis.call('RPOP', KEYS[1])
  if not raw then break end
  local sha = redis.sha1hex(raw)
  local twin = redis.call('HGET', KEYS[4], sha)
  if twin and redis.call('ZSCORE', KEYS[2], twin) then
    redis.call('HINCRBY', ARGV[4] .. twin, 'coalesced', 1)
    redis.call('HINCRBY', KEYS[5], 'coalesced', 1)
  else
    local count = redis.call('HINCRBY', KEYS[5], 'claimed', 1)
    local run = string.sub(redis.sha1hex(sha .. ARGV[3] .. ':' .. count), 1, 16)
    redis.call('ZADD', KEYS[2], ARGV[3], run)
    redis.call('HSET', KEYS[4], sha, run)
    redis.call('HSET', ARGV[4] .. run, 'raw', raw, 'sha', sha, 'state', 'claimed', 'attempt', 0, 'claimed_at', ARGV[3])
    claimed[#claimed + 1] = run
    claimed[#claimed + 1] = raw
    left = left - 1
  end
end
return claimed
