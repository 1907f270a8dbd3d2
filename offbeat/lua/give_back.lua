-- GIVE_BACK: put the message of a run that was never launched back into the queue, for another controller.
-- The message is pushed first: if what follows is refused, it is a duplicate of its run, which is still due.
-- KEYS  1 run  2 queue  3 inflight  4 due of the owner  5 dedup
-- ARGV  1 run_id  2 owner  3 after how long the claim was to be looked at (s)
-- Returns 1 if the message is back in the queue, 0 if the run has gone further or is another owner's.
local record = redis.call('HMGET', KEYS[1], 'owner', 'state', 'attempt', 'raw', 'sha', 'message_bytes', 'claimed_at')
if record[1] ~= ARGV[2] or record[2] ~= 'claimed' or record[3] ~= '0' or not record[4] or record[6] then return 0 end
-- Whoever was handed the run since, by DUE, has put it off, and may be creating its Job at this moment.
local due = redis.call('ZSCORE', KEYS[4], ARGV[1])
if not due or math.abs(due - record[7] - ARGV[3]) > 1e-6 then return 0 end
redis.call('LPUSH', KEYS[2], record[4])
for _, command in ipairs({
  {'ZREM', KEYS[3], ARGV[1]}, {'ZREM', KEYS[4], ARGV[1]}, {'HDEL', KEYS[5], record[5]}, {'DEL', KEYS[1]}}) do
  local reply = redis.pcall(unpack(command))
  if type(reply) == 'table' and reply.err then break end
end
return 1
