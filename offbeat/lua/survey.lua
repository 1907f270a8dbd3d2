-- SURVEY: compare one page of the runs without a result with those that are due, and enter what is missing there.
-- KEYS  1 inflight  2 due of the owner
-- ARGV  1 owner  2 cursor  3 prefix of the run keys
-- Returns the next cursor, '0' at the end. A claim without an owner was written by hand, or its record is lost: it is
-- taken. A run without an owner that has gone further belongs to whoever has its Job.
local page = redis.call('ZSCAN', KEYS[1], ARGV[2], 'COUNT', 500)
local now = redis.call('TIME')[1]
for index = 1, #page[2], 2 do
  local run_id = page[2][index]
  local owner = redis.call('HGET', ARGV[3] .. run_id, 'owner')
  if not owner and (redis.call('HGET', ARGV[3] .. run_id, 'state') or 'claimed') == 'claimed' then
    redis.call('HSET', ARGV[3] .. run_id, 'owner', ARGV[1], 'state', 'claimed')
    owner = ARGV[1]
  end
  if owner == ARGV[1] then redis.call('ZADD', KEYS[2], 'NX', now, run_id) end
end
return page[1]
