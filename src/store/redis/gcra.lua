-- GCRA, as `governor` computes it, in whole microseconds: the key holds the theoretical arrival time.
-- In: now, period, tolerance, wanted, unspent, age of the unspent. Out: granted, remaining, wait.
local now, period, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local wanted, unspent, age = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local full = tolerance + period
local arrival = tonumber(redis.call('GET', KEYS[1]) or now)
-- Only a clock that ran ahead writes more than a full count.
arrival = math.min(arrival, now + full)
-- What was taken and not spent comes back, less what has come back by itself since.
local back = unspent * period - age
if back > 0 then
  arrival = arrival - back
end
local granted, wait = 0, 0
if now >= arrival - tolerance then
  local from = math.max(arrival, now)
  granted = math.min(wanted, math.floor((now + tolerance - from) / period) + 1)
  arrival = from + granted * period
else
  wait = arrival - tolerance - now
end
-- Once its time has come, a key says nothing that its absence does not say.
local ttl = math.ceil((arrival - now) / 1000)
if ttl > 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', ttl)
else
  redis.call('DEL', KEYS[1])
end
local remaining = math.floor(math.min(now + full - arrival, full) / period)
return {granted, remaining, wait}
