-- FIND: look for the messages of one job among those that wait, on one page of the queue, from the end that is claimed first.
-- KEYS  1 queue
-- ARGV  1 how many to skip  2 size of the page  3 text that the message must hold
-- Returns {length of the page, position, message, position, message, …}: candidates, which the caller parses.
local skip, size = tonumber(ARGV[1]), tonumber(ARGV[2])
local page = redis.call('LRANGE', KEYS[1], -skip - size, -skip - 1)
local answer = {#page}
for index = #page, 1, -1 do
  if string.find(page[index], ARGV[3], 1, true) then
    answer[#answer + 1] = skip + #page - index
    answer[#answer + 1] = page[index]
    if #answer >= 101 then break end -- the caller asks again behind the last
  end
end
return answer
