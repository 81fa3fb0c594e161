"""How a change of a ticket is carried out: a piece of script that others begin with, and the keys and arguments it takes.

A ticket is changed together with the session it belongs to, or not at all. What is written here is sealed before.
"""

from webhook.desk.records import TicketWrite
from webhook.store.keyspace import Records
from webhook.store.lifetimes import (
    CLOSED_TICKET_TTL_S,
    DANGER_TICKET_TTL_S,
    OPEN_TICKET_TTL_S,
    TICKET_LISTS_TTL_S,
)

MOST_MESSAGES = 400
MOST_BYTES = 200_000
"""What a ticket takes. A flood must not fill the store: what comes after is counted, and not kept."""

NO_LIMIT = 1_000_000_000

Args = list[str | bytes | int]

# Both are given the place of the first of five keys (ticket · the person's tickets · open · closed · changes) and of the
# first of these arguments:
#  0 ticket · 1 opens: yes or no · 2 list: open, closed or '' · 3 score, s · 4 ttl open, s · 5 ttl closed, s
#  6 ttl closed after danger, s · 7 ttl of lists, s · 8 most messages · 9 most bytes
#  10 sets (number) · 11 firsts (number) · 12 adds (number) · 13 drops (number) · 14… what was counted, in this order
# Nothing has been written while `ticket_refuses` is asked. A ticket "moving" is a copy that does not count yet.
WRITE_TICKET = """
local function ticket_refuses(k, a)
  local found = redis.call('HMGET', KEYS[k], 'stage', 'moving')
  if ARGV[a + 1] == 'yes' then return found[1] and 'conflict' end
  if found[2] then return 'moving' end
  if not found[1] or found[1] == 'closed' then return 'gone' end
end

local function write_ticket(k, a)
  local id, at = ARGV[a], a + 14
  for _ = 1, tonumber(ARGV[a + 10]) do
    redis.call('HSET', KEYS[k], ARGV[at], ARGV[at + 1])
    at = at + 2
  end
  for _ = 1, tonumber(ARGV[a + 11]) do
    redis.call('HSETNX', KEYS[k], ARGV[at], ARGV[at + 1])
    at = at + 2
  end
  local held = redis.call('HMGET', KEYS[k], 'n', 'bytes')
  local n, bytes = tonumber(held[1] or '0'), tonumber(held[2] or '0')
  for _ = 1, tonumber(ARGV[a + 12]) do
    if n < tonumber(ARGV[a + 8]) and bytes + #ARGV[at] <= tonumber(ARGV[a + 9]) then
      n, bytes = n + 1, bytes + #ARGV[at]
      redis.call('HSET', KEYS[k], 'm' .. n, ARGV[at])
    else
      redis.call('HINCRBY', KEYS[k], 'beyond', 1)
    end
    at = at + 1
  end
  redis.call('HSET', KEYS[k], 'n', n, 'bytes', bytes)
  for _ = 1, tonumber(ARGV[a + 13]) do
    redis.call('HDEL', KEYS[k], ARGV[at])
    at = at + 1
  end
  redis.call('HINCRBY', KEYS[k], 'rev', 1)
  redis.call('INCR', KEYS[k + 4])

  local ttl = ARGV[a + 4]
  if ARGV[a + 2] == 'open' then
    redis.call('SADD', KEYS[k + 1], id)
    redis.call('ZADD', KEYS[k + 2], ARGV[a + 3], id)
  elseif ARGV[a + 2] == 'closed' then
    local danger = redis.call('HMGET', KEYS[k], 'danger', 'raised', 'maybe')
    ttl = ((danger[1] or '') ~= '' or danger[2] or danger[3]) and ARGV[a + 6] or ARGV[a + 5]
    redis.call('ZREM', KEYS[k + 2], id)
    redis.call('ZREMRANGEBYSCORE', KEYS[k + 3], '-inf', ARGV[a + 3] - ARGV[a + 5])
    redis.call('ZADD', KEYS[k + 3], ARGV[a + 3], id)
  end
  redis.call('EXPIRE', KEYS[k], ttl)
  for list = 1, 4 do redis.call('EXPIRE', KEYS[k + list], ARGV[a + 7]) end
end
"""

# What is left of a ticket when its person is erased: that there was one.
# Takes the places of the keys ticket, open, closed and changes, the id, the second, and for how many seconds.
ERASE_TICKET = f"""
local function erase_ticket(ticket, open, closed, changes, id, now, ttl)
  local kept = redis.call('HMGET', KEYS[ticket], 'stage', 'channel', 'language', 'opened', 'rev')
  redis.call('ZREM', KEYS[open], id)
  redis.call('ZREM', KEYS[closed], id)
  if not kept[1] then return end
  redis.call('DEL', KEYS[ticket])
  redis.call('HSET', KEYS[ticket], 'stage', 'closed', 'outcome', 'erased', 'closed', now, 'channel', kept[2] or 'sms',
    'language', kept[3] or '', 'opened', kept[4] or now, 'rev', tonumber(kept[5] or '0') + 1)
  redis.call('EXPIRE', KEYS[ticket], ttl)
  redis.call('ZADD', KEYS[closed], now, id)
  redis.call('INCR', KEYS[changes])
  redis.call('EXPIRE', KEYS[closed], {TICKET_LISTS_TTL_S})
  redis.call('EXPIRE', KEYS[changes], {TICKET_LISTS_TTL_S})
end
"""


def write_keys(records: Records, write: TicketWrite) -> list[str]:
    """The keys of a change."""
    return records.ticket_keys(write.ticket)


def write_args(write: TicketWrite) -> Args:
    """The arguments of a change."""
    most = (MOST_MESSAGES, MOST_BYTES) if write.spills else (NO_LIMIT, NO_LIMIT)
    return [
        *(write.ticket, "yes" if write.opens else "no", write.index.value, write.score_s),
        *(OPEN_TICKET_TTL_S, CLOSED_TICKET_TTL_S, DANGER_TICKET_TTL_S, TICKET_LISTS_TTL_S, *most),
        *(len(write.sets), len(write.firsts), len(write.adds), len(write.drops)),
        *(part for pair in write.sets.items() for part in pair),
        *(part for pair in write.firsts.items() for part in pair),
        *write.adds,
        *write.drops,
    ]
