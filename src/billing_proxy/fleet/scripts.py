"""What Redis does to a card, as a whole: each change is one script on the card's hash.

Fields: ``v`` the value, ``r`` when its reading began (Unix seconds), ``t`` the version, which is
the token of the lease that it was read under, ``f`` whether it is fresh, ``g`` the generation,
which every event changes, ``d`` that it was dropped; ``l``, ``s``, ``x`` the lease's token, start
(Unix seconds) and end (the server's milliseconds); ``e`` how the last load failed.
"""

CLAIM = """
local f = redis.call('HMGET', KEYS[1], 't', 'l', 's', 'x', 'g', 'e')
local token, started, since, lease, known, awaited, keep = unpack(ARGV)
-- The server's clock dates a lease: those of the machines differ, and one that ran ahead would void
-- the others' at once, or hold them up.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if awaited ~= '' and f[6] and string.sub(f[6], 1, #awaited + 1) == awaited .. ':' then
  return {'failed', string.sub(f[6], #awaited + 2)}
end
-- Somebody has loaded since the caller last looked; whether that will do, the caller says.
if f[1] and f[1] ~= known then return {'entry', f[1]} end
local ends = tonumber(f[4] or '') or 0
-- A lease of more than a minute is none of ours: nobody may hold a card for ever.
local held = f[2] and ends > now and ends <= now + 60000
if held and (since == '' or (tonumber(f[3]) or 0) >= tonumber(since)) then
  return {'busy', f[2]}
end
-- Whoever holds an earlier one goes on loading, and PUT keeps the later reading of the two.
redis.call('HSET', KEYS[1], 'l', token, 's', started, 'x', string.format('%d', now + lease))
if redis.call('PTTL', KEYS[1]) < tonumber(keep) then redis.call('PEXPIRE', KEYS[1], keep) end
return {'granted', f[5] or ''}
"""

PUT = """
local f = redis.call('HMGET', KEYS[1], 'r', 'g', 'l')
local token, generation, value, read_at, keep, ahead = unpack(ARGV)
if f[3] == token then redis.call('HDEL', KEYS[1], 'l', 's', 'x') end
-- An earlier reading never takes a later one's place, unless the later one is from the future: then
-- a clock ran ahead, and would keep this card as it is until time has caught up.
local known = tonumber(f[1] or '')
if known and known > tonumber(read_at) and known <= tonumber(ahead) then return 0 end
-- Another generation means that an event came while this was being read.
local fresh = (f[2] or '') == generation and '1' or '0'
redis.call('HSET', KEYS[1], 'v', value, 'r', read_at, 't', token, 'f', fresh)
redis.call('HDEL', KEYS[1], 'd', 'e')
redis.call('PEXPIRE', KEYS[1], keep)
return tonumber(fresh)
"""

FAIL = """
if redis.call('HGET', KEYS[1], 'l') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'l', 's', 'x')
return redis.call('HSET', KEYS[1], 'e', ARGV[1] .. ':' .. ARGV[2])
"""

EXPIRE = """
-- The lease ends too, so that nobody waits for what began too early. The generation outlives any
-- reading that is under way, also where no card is known yet.
redis.call('HSET', KEYS[1], 'g', ARGV[1])
redis.call('HDEL', KEYS[1], 'l', 's', 'x', 'e')
if redis.call('HEXISTS', KEYS[1], 't') == 1 then redis.call('HSET', KEYS[1], 'f', '0') end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
"""

DROP = """
-- 'd' tells those who still know the card that it went on purpose, and not for want of room.
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'g', ARGV[1], 'd', '1')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
