/** The window moves on in this many steps: what was taken in one of them comes back as a whole. */
export const stepsPerWindow = 24;

/**
 * Takes ARGV[1] units of KEYS[1], of which there are ARGV[3] in any ARGV[2] seconds. A window that starts with the first
 * request would let twice the quota pass around its edge; this one never lets more than the quota pass in any window,
 * and gives a unit back at most 1/24 of the window late. Refusals are not counted: who keeps asking is not shut out for
 * ever. Asking for 0 units tells how many are in use. The time is that of Redis, so processes whose clocks differ agree. Answers the units in use (with those asked
 * for) and the milliseconds until the oldest come back.
 */
export const slidingWindow = `
local units, window, quota = tonumber(ARGV[1]), tonumber(ARGV[2]) * 1000, tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local step = window / ${stepsPerWindow}
local current = math.floor(now / step)
local used, oldest = 0, current
local steps = redis.call('HGETALL', KEYS[1])
for i = 1, #steps, 2 do
  local at = tonumber(steps[i])
  if at < current - ${stepsPerWindow} then
    redis.call('HDEL', KEYS[1], steps[i])
  else
    used = used + steps[i + 1]
    oldest = math.min(oldest, at)
  end
end
local wait = math.ceil((oldest + ${stepsPerWindow + 1}) * step - now)
if used + units > quota then return { used + units, wait } end
if units > 0 then
  redis.call('HINCRBY', KEYS[1], current, units)
  redis.call('PEXPIRE', KEYS[1], math.ceil(window + step))
end
return { used + units, wait }`;
